"""Check what a person entered for a provider, and part what may be shown from what is secret."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from core.errors import InvalidInput
from core.providers.base import FieldGroup, ProviderField, ProviderKind
from core.providers.catalogue import CATALOGUE

_MAX_LENGTH = 2_000
_MAX_PORT = 65_535


def kind_named(kind: str) -> ProviderKind:
    """Return the catalogue's entry.

    Raises:
        InvalidInput: If there is no such kind; names those there are.
    """
    if kind not in CATALOGUE:
        raise InvalidInput(f"There is no kind of provider called “{kind[:40]}”.", hint=f"Choose one of: {', '.join(CATALOGUE)}.")
    return CATALOGUE[kind]


def checked_values(kind: ProviderKind, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values that may be shown and the secret ones, defaults filled in.

    Raises:
        InvalidInput: If a value is unknown, missing or can't be used; names the field.
    """
    names = [field.name for field in kind.fields]
    unknown = sorted(set(values) - set(names))
    if unknown:
        known = f"It has: {', '.join(names)}." if names else "It needs no settings."
        raise InvalidInput(f"“{unknown[0][:40]}” is not a setting of {kind.label}.", hint=known)
    checked = {field.name: _checked(field, values.get(field.name)) for field in kind.fields}
    secret = {field.name for field in kind.fields if field.secret}
    shown = {name: value for name, value in checked.items() if name not in secret}
    return shown, {name: value for name, value in checked.items() if name in secret}


def changed_values(
    kind: ProviderKind, values: Mapping[str, Any], shown: Mapping[str, Any], secret: Mapping[str, Any] | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what `checked_values` does, where what is left out stays as it is; so does a secret that is left empty.

    Args:
        kind: The kind of provider; it stays.
        values: What was entered.
        shown: What is stored in the clear.
        secret: What is stored encrypted, or None where it can't be read.

    Raises:
        InvalidInput: If a value is unknown, missing or can't be used, or if a secret is left empty that can't be read or
            that would be sent somewhere it was not entered for.
    """
    secrets = {field.name: field.label for field in kind.fields if field.secret}
    given = {name: value for name, value in values.items() if name not in secrets or value not in (None, "")}
    used = _used_groups(kind, {**shown, **given})
    needed = [field.name for field in kind.fields if field.secret and (not field.group or field.group in used)]
    lost = [secrets[name] for name in needed if secret is None and name not in given]
    if lost:
        raise InvalidInput(
            f"{lost[0]} has to be entered again: the stored one can't be read.",
            hint="The installation's secret key has changed since it was entered.",
        )
    stored = {**shown, **(secret or {})}
    kept = {field.name: stored[field.name] for field in kind.fields if field.name in stored}
    after = checked_values(kind, kept | given)
    before = {field.name: shown.get(field.name, field.default) for field in kind.fields}
    _must_stay_where_it_went(kind, before, after[0], {name for name, value in (secret or {}).items() if value and name not in given})
    return after


def _must_stay_where_it_went(kind: ProviderKind, before: Mapping[str, Any], after: Mapping[str, Any], kept: Set[str]) -> None:
    """Do nothing if no secret that is kept would be sent to another place: one who changes an address can't read it there.

    Raises:
        InvalidInput: If one would; names it.
    """
    for field in kind.fields:
        if field.name in kept and field.goes_to is not None and not field.goes_to(after) <= field.goes_to(before):
            raise InvalidInput(
                f"{field.label} has to be entered again: what you changed decides where it is sent, or how.",
                hint=f"Enter it together with the change, as “{field.name}” on the command line.",
            )


def _used_groups(kind: ProviderKind, values: Mapping[str, Any]) -> set[FieldGroup]:
    """Return the groups of which something was entered; the others are left out altogether."""
    return {field.group for field in kind.fields if field.group and values.get(field.name, field.default) not in (field.default, None, "")}


def changed_names(values: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return which settings a change touched, for the audit log: of secrets it is only told that they were entered.

    Args:
        values: What was entered.
        before: What was stored in the clear.
        after: What is stored in the clear now.
    """
    shown = {name for name in after if before.get(name) != after[name]}
    return sorted(shown | {name for name, value in values.items() if name not in after and value not in (None, "")})


def _checked(field: ProviderField, value: Any) -> str | int:
    given = field.default if value is None or value == "" else value
    if given == "" and field.required:
        raise InvalidInput(f"{field.label} is missing.", hint=field.help)
    if field.kind == "number" and given != "":
        return _number(field, given)
    text = str(given) if field.secret else str(given).strip()
    text = " ".join(text.split()) if field.is_wrapped else text
    if len(text) > _MAX_LENGTH or not text.isprintable():
        raise InvalidInput(f"{field.label} can't be used: it is too long or holds a line break.", hint=field.help)
    if field.kind == "choice" and text not in field.choices:
        raise InvalidInput(f"{field.label} can't be “{text[:40]}”.", hint=f"Choose one of: {', '.join(field.choices)}.")
    if field.check is not None and text:
        field.check(text)
    return text


def _number(field: ProviderField, given: Any) -> int:
    try:
        number = int(str(given))
    except ValueError as error:
        raise InvalidInput(f"{field.label} must be a whole number.", hint=field.help) from error
    if not 0 < number <= _MAX_PORT:
        raise InvalidInput(f"{field.label} must be between 1 and {_MAX_PORT}.", hint=field.help)
    return number
