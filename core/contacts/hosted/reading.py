"""What somebody sent by a form: checked field by field, so that only what can be kept goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.contacts.addresses import normalise
from core.contacts.attributes import MAX_TEXT, AttributeType, Value, from_text
from core.contacts.hosted.design import OWN_FIELDS, FormField
from core.contacts.hosted.form_page import AGREE, EMAIL, FIELD_PREFIX, LISTS
from core.contacts.hosted.published import PublishedForm
from core.errors import InvalidInput

_LONGEST_NAME = 200
_BREAKS = "\x7f\x85\u2028\u2029"


@dataclass(frozen=True)
class Filled:
    """A form as somebody filled it in, ready to be kept.

    Args:
        email: The address in its one spelling.
        names: First and last name, where asked for and given.
        attributes: What else was asked for and given.
        list_ids: The lists it is about.
    """

    email: str
    names: dict[str, str]
    attributes: dict[str, Value]
    list_ids: tuple[int, ...]


@dataclass(frozen=True)
class Wrong:
    """Why it can't be kept: the words of `hosted.words` that say so, by field."""

    problems: dict[str, str]


def read_form(form: PublishedForm, sent: Mapping[str, Sequence[str]]) -> Filled | Wrong:
    """Return what was sent, or what is wrong with it; what the form does not ask for is passed over."""
    problems: dict[str, str] = {}
    given: dict[str, Value] = {}
    email = _email(_first(sent, EMAIL), problems)
    for one in form.design.fields:
        name = f"{FIELD_PREFIX}{one.name}"
        value = _value(one, _first(sent, name).strip(), name, problems)
        if value is not None:
            given[one.name] = value
    chosen = tuple(choice.id for choice in form.choices if str(choice.id) in sent.get(LISTS, ()))
    list_ids = (*form.design.list_ids, *chosen)
    if not list_ids:
        problems[LISTS] = "choose"
    if form.design.asks_consent and _first(sent, AGREE) != "yes":
        problems[AGREE] = "agree"
    if problems:
        return Wrong(problems)
    names = {name: str(given.pop(name)) for name in OWN_FIELDS if name in given}
    return Filled(email, names, given, list_ids)


def _email(typed: str, problems: dict[str, str]) -> str:
    try:
        return normalise(typed)
    except InvalidInput:
        problems[EMAIL] = "bad_email" if typed.strip() else "missing"
        return ""


def _value(one: FormField, typed: str, name: str, problems: dict[str, str]) -> Value | None:
    if not typed:
        if one.is_required:
            problems[name] = "missing"
        return None
    if not _can_be_kept(one, typed):
        problems[name] = "too_long"
        return None
    try:
        return from_text(_with_point(typed) if one.kind is AttributeType.NUMBER else typed, one.kind)
    except ValueError:
        problems[name] = {AttributeType.NUMBER: "bad_number", AttributeType.DATE: "bad_date"}.get(one.kind, "too_long")
        return None


def _can_be_kept(one: FormField, typed: str) -> bool:
    is_name = one.name in OWN_FIELDS
    if len(typed) > (_LONGEST_NAME if is_name else MAX_TEXT) or "\0" in typed or any(0xD800 <= ord(letter) <= 0xDFFF for letter in typed):
        return False
    return not (is_name and any(ord(letter) < 32 or letter in _BREAKS for letter in typed))


def _with_point(typed: str) -> str:
    """Return a number as it is kept: most of Europe writes a comma."""
    return typed.replace(",", ".") if typed.count(",") == 1 and "." not in typed else typed


def _first(sent: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(sent.get(name, ())), "")
