"""Merge fields that come out empty: which have nothing to stand in for them, and for how many of the audience."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from core.contacts.attributes import AttributeType
from core.errors import NotFound
from core.permissions import Permission, Principal
from core.preflight.branches import parsed, uncovered
from core.preflight.catalogue import found
from core.preflight.emails import Email, Whom
from core.preflight.findings import Finding, Rule
from core.segments.asking import Asking
from core.segments.fields import LIST_FIELD
from core.segments.segments import Segments

_OF_EVERYBODY = ("first_name", "last_name")
_NEVER_EMPTY = frozenset({"email", "id"})


@dataclass(frozen=True)
class Emptiness:
    """How many of some people have nothing in a field.

    Args:
        people: How many there are.
        empty: By field, how many have nothing in it.
        unknown: The fields that the workspace does not have.
    """

    people: int
    empty: Mapping[str, int]
    unknown: tuple[str, ...] = ()


class Audiences:
    """Counts whose fields are empty, all fields in one question.

    Args:
        asking: Asks for the people rules choose.
        segments: Knows the rules.
    """

    def __init__(self, asking: Asking, segments: Segments) -> None:
        self._asking, self._segments = asking, segments

    def emptiness(self, by: Principal, audience: Whom, fields: tuple[str, ...]) -> Emptiness:
        """Return how many of an audience, of those `by` may see, have nothing in each of some fields.

        Raises:
            Denied: If `by` may not see such people.
            NotFound: If there is no such list or segment.
            InvalidInput: If the segment's rules can't be used any more.
        """
        vocabulary = self._asking.vocabulary(by)
        declared = vocabulary.attributes
        known = [name for name in fields if name in declared or name in _OF_EVERYBODY]
        counted = "".join(f", count(*) filter (where {_is_empty(name, declared.get(name))}) as n{at}" for at, name in enumerate(known))
        with self._asking.ask(by, self._rules(by, audience, vocabulary.lists)) as (session, compiled):
            sql = f"select count(*) as people{counted} from contacts where id in ({compiled.sql})"
            (row,) = session.rows(sql, compiled.values)
        empty = {name: row[f"n{at}"] for at, name in enumerate(known)}
        return Emptiness(row["people"], empty, tuple(name for name in fields if name not in known))

    def _rules(self, by: Principal, audience: Whom, lists: Collection[int]) -> object:
        if audience.kind == "segment":
            return self._segments.get(by, audience.id).rules
        by.require(Permission.CONTACTS_VIEW)
        if audience.id not in lists:  # those that `by` may see
            raise NotFound("There is no such list.", hint="It may have been deleted; choose another one.")
        return {"all": [{"field": LIST_FIELD, "operator": "is_member", "value": audience.id}]}


def needed(email: Email) -> tuple[str, ...]:
    """Return the fields of contacts the email or its subject prints without anything to stand in for them."""
    sources = [*(subject for _, subject in email.envelope.lines), *email.envelope.preview_texts]
    # The plain text is made from the HTML: it has no field of its own.
    names = uncovered(tree for tree in (*map(parsed, sources), email.tree) if tree is not None)
    return tuple(name for name in names if name not in _NEVER_EMPTY)


def empty_fields(email: Email, fields: Emptiness) -> Iterator[Finding]:
    """Find fields that come out empty for some of the audience."""
    for name in fields.unknown:
        where = email.line_of(f"contact.{name}")
        yield found(Rule.FIELD_UNKNOWN, f"The workspace has no field “{name}”: it comes out empty for everybody.", where=where)
    for name, count in fields.empty.items():
        if count:
            where = _in_subject(email, name) or email.line_of(f"contact.{name}")
            message = f"“{name}” is empty for {count:,} of {fields.people:,} people ({_percent(count, fields.people)})."
            hint = f"Say what stands there instead: {{{{ contact.{name} | default('…') }}}}."
            yield found(Rule.FIELD_EMPTY, message, hint=hint, where=where)


def _is_empty(name: str, kind: AttributeType | None) -> str:
    """Return the condition under which a field is empty; names of attributes hold only `[a-z0-9_]`, so they can stand in SQL."""
    if kind is None:
        return f"trim({name}) = ''"
    return f"coalesce(trim(attr_{name}), '') = ''" if kind is AttributeType.TEXT else f"attr_{name} is null"


def _in_subject(email: Email, name: str) -> str:
    return next((where for where, subject in email.envelope.lines if f"contact.{name}" in subject), "")


def _percent(count: int, people: int) -> str:
    share = 100 * count / people
    return "less than 1 %" if share < 1 else ("more than 99 %" if 99 < share < 100 else f"{share:.0f} %")
