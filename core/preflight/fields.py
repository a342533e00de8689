"""Merge fields that come out empty: which have nothing to stand in for them, and for how many of the audience."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from jinja2 import nodes

from core.contacts.attributes import AttributeType
from core.errors import NotFound
from core.permissions import Permission, Principal
from core.preflight.branches import parsed, uncovered
from core.preflight.catalogue import found
from core.preflight.emails import Email
from core.preflight.envelopes import Whom
from core.preflight.findings import MAIN, SUBJECT, Finding, Place, Rule
from core.segments.asking import Asking
from core.segments.fields import LIST_FIELD
from core.segments.segments import Segments

_OF_EVERYBODY = ("first_name", "last_name")
_NEVER_EMPTY = frozenset({"email", "id"})
# The attribute that says what somebody reads, and what is trimmed from it.
_LANGUAGE, _BLANKS = "language", "' ' || chr(9) || chr(10) || chr(13)"


@dataclass(frozen=True)
class Wanted:
    """A field that is printed with nothing to stand in for it.

    Args:
        languages: In which languages of the email.
        place: Where, in the first of them.
    """

    languages: tuple[str, ...]
    place: Place


@dataclass(frozen=True)
class Emptiness:
    """How many of some people have nothing in a field.

    Args:
        counts: By field, how many of those who get it have nothing in it, and how many get it at all.
        unknown: The fields that the workspace does not have.
    """

    counts: Mapping[str, tuple[int, int]]
    unknown: tuple[str, ...] = ()


class Audiences:
    """Counts whose fields are empty, all fields in one question.

    Args:
        asking: Asks for the people rules choose.
        segments: Knows the rules.
    """

    def __init__(self, asking: Asking, segments: Segments) -> None:
        self._asking, self._segments = asking, segments

    def emptiness(self, by: Principal, audience: Whom, fields: Mapping[str, Wanted], languages: Collection[str]) -> Emptiness:
        """Return how many of an audience, of those `by` may see, have nothing in each of some fields.

        A field that is not in every language of the email is counted among the people who get it in one that has it.

        Args:
            by: Who asks.
            audience: Whom the email goes to.
            fields: The fields.
            languages: The email's languages besides its main one.

        Raises:
            Denied: If `by` may not see such people.
            NotFound: If there is no such list or segment.
            InvalidInput: If the segment's rules can't be used any more.
        """
        vocabulary = self._asking.vocabulary(by)
        declared = vocabulary.attributes
        known = [name for name in fields if name in declared or name in _OF_EVERYBODY]
        counted = []
        for at, name in enumerate(known):
            gets_it = _gets(fields[name].languages, languages, declared)
            counted.append(f"count(*) filter (where {gets_it}) as p{at}")
            counted.append(f"count(*) filter (where {gets_it} and {_is_empty(name, declared.get(name))}) as n{at}")
        with self._asking.ask(by, self._rules(by, audience, vocabulary.lists)) as (session, compiled):
            sql = f"select {', '.join(['count(*) as people', *counted])} from contacts where id in ({compiled.sql})"
            (row,) = session.rows(sql, compiled.values)
        counts = {name: (row[f"n{at}"], row[f"p{at}"]) for at, name in enumerate(known)}
        return Emptiness(counts, tuple(name for name in fields if name not in known))

    def _rules(self, by: Principal, audience: Whom, lists: Collection[int]) -> object:
        if audience.kind == "segment":
            return self._segments.get(by, audience.id).rules
        by.require(Permission.CONTACTS_VIEW)
        if audience.id not in lists:  # those that `by` may see
            raise NotFound("There is no such list.", hint="It may have been deleted; choose another one.")
        return {"all": [{"field": LIST_FIELD, "operator": "is_member", "value": audience.id}]}


def wanted(emails: Mapping[str, Email]) -> dict[str, Wanted]:
    """Return the fields of contacts that an email or its subject prints without anything to stand in for them.

    Args:
        emails: The email in each language.
    """
    found_in: dict[str, list[str]] = {}
    for language, email in emails.items():
        around = map(parsed, (*(email.envelope.subjects or ()), email.envelope.preview_text or "", *email.envelope.other_previews))
        for name in _bare([*around, email.tree]):  # the plain text is made from the HTML: it has no field of its own
            found_in.setdefault(name, []).append(language)
    return {name: Wanted(tuple(where), _place(name, emails[where[0]])) for name, where in found_in.items()}


def empty_fields(emails: Mapping[str, Email], fields: Mapping[str, Wanted], empty: Emptiness) -> Iterator[Finding]:
    """Find fields that come out empty for some of the audience.

    Args:
        emails: The email in each language.
        fields: The fields it prints with nothing to stand in for them.
        empty: For how many each of them is empty.
    """
    for name in empty.unknown:
        message = f"The workspace has no field “{name}”: it comes out empty for everybody."
        yield _in(found(Rule.FIELD_UNKNOWN, message, place=fields[name].place), fields[name], emails)
    for name, (count, people) in empty.counts.items():
        if count:
            who = "people" if len(fields[name].languages) == len(emails) else f"people who get it in {_named(fields[name].languages)}"
            message = f"“{name}” is empty for {count:,} of {people:,} {who} ({_percent(count, people)})."
            hint = f"Say what stands there instead: {{{{ contact.{name} | default('…') }}}}."
            yield _in(found(Rule.FIELD_EMPTY, message, hint=hint, place=fields[name].place), fields[name], emails)


def _bare(trees: Iterable[nodes.Template | None]) -> tuple[str, ...]:
    return tuple(name for name in uncovered(tree for tree in trees if tree is not None) if name not in _NEVER_EMPTY)


def _place(name: str, email: Email) -> Place:
    field = f"contact.{name}"
    return SUBJECT if any(field in each for each in email.envelope.subjects or ()) else email.place_of_field(field)


def _in(one: Finding, field: Wanted, emails: Mapping[str, Email]) -> Finding:
    return one if len(field.languages) == len(emails) else replace(one, languages=field.languages)


def _named(languages: Collection[str]) -> str:
    return " or ".join("the main language" if language == MAIN else language for language in languages)


def _gets(wanted_in: Collection[str], others: Collection[str], declared: Mapping[str, AttributeType]) -> str:
    """Return the condition under which somebody gets one of some languages, as `languages.choice.chosen` decides it."""
    if len(wanted_in) > len(others) or not others:
        return "true"
    if declared.get(_LANGUAGE) is not AttributeType.TEXT:
        return str(MAIN in wanted_in).lower()
    tag = f"replace(lower(trim(attr_{_LANGUAGE}, {_BLANKS})), '_', '-')"
    # Languages are written in `[a-z0-9-]`, so they can stand in SQL; the one that says most comes first.
    there = sorted(others, key=len, reverse=True)
    each = " ".join(f"when {tag} = '{one}' or starts_with({tag}, '{one}-') then '{one}'" for one in there)
    wanted = ", ".join(f"'{language}'" for language in wanted_in)
    return f"coalesce(case {each} end, '{MAIN}') in ({wanted})"


def _is_empty(name: str, kind: AttributeType | None) -> str:
    """Return the condition under which a field is empty; names of attributes hold only `[a-z0-9_]`, so they can stand in SQL."""
    if kind is None:
        return f"trim({name}) = ''"
    return f"coalesce(trim(attr_{name}), '') = ''" if kind is AttributeType.TEXT else f"attr_{name} is null"


def _percent(count: int, people: int) -> str:
    share = 100 * count / people
    return "less than 1 %" if share < 1 else ("more than 99 %" if 99 < share < 100 else f"{share:.0f} %")
