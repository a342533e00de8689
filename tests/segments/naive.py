"""Who a tree of rules chooses, worked out person by person in plain Python: what the SQL is compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from core.segments.rules import Group, Match, Node, Rule
from tests.segments.people import Happening, Person

TEXT: dict[str, Callable[[str | None, Any], bool]] = {
    "equals": lambda text, value: text is not None and text.lower() == value.lower(),
    "not_equals": lambda text, value: text is None or text.lower() != value.lower(),
    "contains": lambda text, value: text is not None and value.lower() in text.lower(),
    "starts_with": lambda text, value: text is not None and text.lower().startswith(value.lower()),
    "ends_with": lambda text, value: text is not None and text.lower().endswith(value.lower()),
    "is_one_of": lambda text, value: text is not None and text.lower() in [one.lower() for one in value],
    "is_empty": lambda text, _: not text,
    "is_not_empty": lambda text, _: bool(text),
}
NUMBER: dict[str, Callable[[float | None, Any], bool]] = {
    "equals": lambda number, value: number == value,
    "not_equals": lambda number, value: number != value,
    "greater_than": lambda number, value: number is not None and number > value,
    "at_least": lambda number, value: number is not None and number >= value,
    "less_than": lambda number, value: number is not None and number < value,
    "at_most": lambda number, value: number is not None and number <= value,
    "between": lambda number, value: number is not None and value[0] <= number <= value[1],
    "is_empty": lambda number, _: number is None,
    "is_not_empty": lambda number, _: number is not None,
}
BOOLEAN: dict[str, Callable[[bool | None], bool]] = {
    "is_true": lambda flag: flag is True,
    "is_false": lambda flag: flag is False,
    "is_empty": lambda flag: flag is None,
    "is_not_empty": lambda flag: flag is not None,
}
MACHINES_LEFT_OUT = {"opened", "clicked"}


def holds(node: Node, person: Person, happenings: Sequence[Happening], now: datetime) -> bool:
    if isinstance(node, Group):
        parts = [holds(part, person, happenings, now) for part in node.nodes]
        return all(parts) if node.match is Match.ALL else any(parts)
    if node.field in {"opened", "clicked", "sent", "converted"}:
        return _did(node, person, happenings, now)
    return _is(node, person, now)


def _is(rule: Rule, person: Person, now: datetime) -> bool:
    value = getattr(person, rule.field.removeprefix("attribute."), None)
    if rule.field in {"email", "first_name", "last_name", "attribute.country"}:
        return TEXT[rule.operator](value, rule.value)
    if rule.field == "attribute.visits":
        return NUMBER[rule.operator](value, rule.value)
    if rule.field == "attribute.vip":
        return BOOLEAN[rule.operator](value)
    if rule.field == "list":
        return (rule.value in person.list_ids) == (rule.operator == "is_member")
    if rule.field == "tag":
        return (rule.value in person.tag_ids) == (rule.operator == "has")
    if rule.field == "consent":
        return (person.consent == rule.value) == (rule.operator == "equals")
    return _date_is(rule, value.date() if isinstance(value, datetime) else value, now.date())


def _date_is(rule: Rule, day: date | None, today: date) -> bool:
    if rule.operator in {"is_empty", "is_not_empty"}:
        return (day is None) == (rule.operator == "is_empty")
    if day is None:
        return False
    if rule.operator == "in_last_days":
        return 0 <= (today - day).days < rule.value
    other = date.fromisoformat(rule.value)
    return {"before": day < other, "after": day > other, "on": day == other}[rule.operator]


def _did(rule: Rule, person: Person, happenings: Sequence[Happening], now: datetime) -> bool:
    times = 0
    for happening in happenings:
        is_asked = happening.contact_id == person.id and happening.kind == rule.field
        is_counted = happening.actor != "machine" or rule.field not in MACHINES_LEFT_OUT
        is_recent = rule.days is None or happening.occurred_at >= now - timedelta(days=rule.days)
        times += is_asked and is_counted and is_recent
    return times == 0 if rule.operator == "never" else times >= rule.value
