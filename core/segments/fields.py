"""What a segment can ask about: the fields of every contact, the declared attributes, lists, tags and activity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from core.contacts.attributes import AttributeType, declared
from core.contacts.consent.consent import ConsentStatus
from core.contacts.person_tables import tags
from core.contacts.tables import lists
from core.contacts.visibility import seen_lists
from core.permissions import Principal
from core.segments.operators import OPERATORS, FieldType, Operator
from core.segments.rules import Rule, refused
from core.storage.event_words import EventKind

ATTRIBUTE_PREFIX = "attribute."
LIST_FIELD = "list"
TAG_FIELD = "tag"


@dataclass(frozen=True)
class Field:
    """One thing a rule can ask about.

    Args:
        key: Its name in JSON.
        label: Its name in sentences and on the builder page.
        type: Decides which operators it has.
        column: Its expression over the relation `contacts` (as `c`); empty for activity.
        kind: For activity, the kind of event that is counted.
        people_only: For activity, whether machines' events are left out.
    """

    key: str
    label: str
    type: FieldType
    column: str = ""
    kind: EventKind | None = None
    people_only: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """What a workspace's rules may name.

    Args:
        attributes: Declared attributes and their types.
        lists: Names of lists by id.
        tags: Names of tags by id.
    """

    attributes: Mapping[str, AttributeType] = field(default_factory=dict)
    lists: Mapping[int, str] = field(default_factory=dict)
    tags: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FieldInfo:
    """A field as the builder page offers it.

    Args:
        key: Its name in JSON.
        label: What people read.
        type: What kind of thing it is.
        operators: What can be asked, in the order to show.
        choices: The values to choose from with their labels; empty where the value is free.
    """

    key: str
    label: str
    type: FieldType
    operators: tuple[Operator, ...]
    choices: tuple[tuple[str | int, str], ...] = ()


BUILT_IN: tuple[Field, ...] = (
    Field("email", "email", FieldType.TEXT, "c.email"),
    Field("first_name", "first name", FieldType.TEXT, "c.first_name"),
    Field("last_name", "last name", FieldType.TEXT, "c.last_name"),
    Field("consent", "consent", FieldType.CONSENT, "c.consent"),
    Field("created_at", "date added", FieldType.DATE, "cast(c.created_at as date)"),
    Field(LIST_FIELD, "list", FieldType.LIST, "c.list_ids"),
    Field(TAG_FIELD, "tag", FieldType.TAG, "c.tag_ids"),
    Field("frequency", "how often they want email", FieldType.TEXT, "coalesce(c.frequency, 'all')"),
    Field("paused_until", "email paused until", FieldType.DATE, "cast(c.paused_until as date)"),
    Field("do_not_sell", "asked not to be sold", FieldType.BOOLEAN, "coalesce(c.do_not_sell, false)"),
    Field("opened", "opened", FieldType.ACTIVITY, kind=EventKind.OPENED, people_only=True),
    Field("clicked", "clicked", FieldType.ACTIVITY, kind=EventKind.CLICKED, people_only=True),
    Field("sent", "received an email", FieldType.ACTIVITY, kind=EventKind.SENT),
    Field("converted", "converted", FieldType.ACTIVITY, kind=EventKind.CONVERTED),
)
_BUILT_IN = {known.key: known for known in BUILT_IN}


def load_vocabulary(connection: sa.Connection, by: Principal) -> Vocabulary:
    """Return what `by` may name in rules; a list they may not see is to them none that exists."""
    named = connection.execute(sa.select(lists.c.id, lists.c.name).where(lists.c.workspace_id == by.workspace_id, *seen_lists(by)))
    tagged = connection.execute(sa.select(tags.c.id, tags.c.name).where(tags.c.workspace_id == by.workspace_id))
    return Vocabulary(declared(connection, by.workspace_id), {row.id: row.name for row in named}, {row.id: row.name for row in tagged})


def resolve(rule: Rule, vocabulary: Vocabulary) -> tuple[Field, Operator]:
    """Return the field and the operator a rule names.

    Raises:
        InvalidInput: If there is no such field, attribute or operator.
    """
    known = _field(rule, vocabulary)
    for operator in OPERATORS[known.type]:
        if operator.key == rule.operator:
            return known, operator
    possible = ", ".join(operator.key for operator in OPERATORS[known.type])
    raise refused(rule.path, f"“{rule.operator[:60]}” can't be asked of “{known.key}”", f"Possible here: {possible}.")


def available_fields(vocabulary: Vocabulary) -> list[FieldInfo]:
    """Return what the builder page offers: the fields of every contact, then the attributes by name."""
    attributes = [_attribute(name, kind) for name, kind in sorted(vocabulary.attributes.items())]
    return [
        FieldInfo(known.key, known.label, known.type, OPERATORS[known.type], _choices(known, vocabulary))
        for known in (*BUILT_IN, *attributes)
    ]


def _field(rule: Rule, vocabulary: Vocabulary) -> Field:
    if rule.field in _BUILT_IN:
        return _BUILT_IN[rule.field]
    name = rule.field.removeprefix(ATTRIBUTE_PREFIX)
    if rule.field.startswith(ATTRIBUTE_PREFIX) and name in vocabulary.attributes:
        return _attribute(name, vocabulary.attributes[name])
    if rule.field.startswith(ATTRIBUTE_PREFIX):
        possible = ", ".join(sorted(vocabulary.attributes)) or "none yet; importing contacts makes them"
        raise refused(rule.path, f"there is no attribute “{name[:60]}”", f"Attributes: {possible}.")
    raise refused(rule.path, f"there is no field “{rule.field[:60]}”", f"Fields: {', '.join(_BUILT_IN)} and attribute.<name>.")


def _attribute(name: str, kind: AttributeType) -> Field:
    # The name is one of the declared ones, and those hold only [a-z0-9_] (core.contacts.attributes.check_name).
    return Field(f"{ATTRIBUTE_PREFIX}{name}", name.replace("_", " "), FieldType(kind.value), f'c."attr_{name}"')


def _choices(known: Field, vocabulary: Vocabulary) -> tuple[tuple[str | int, str], ...]:
    if known.type is FieldType.CONSENT:
        return tuple((status.value, status.value) for status in ConsentStatus)
    named = {FieldType.LIST: vocabulary.lists, FieldType.TAG: vocabulary.tags}.get(known.type, {})
    return tuple(sorted(named.items(), key=lambda item: item[1].lower()))
