"""From a tree of rules to one DuckDB statement over `contacts` and `events`, with `$name` parameters only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.segments.fields import Field, Vocabulary, resolve
from core.segments.operators import FieldType
from core.segments.rules import Group, Match, Node, Rule
from core.segments.values import parameters
from core.storage.event_words import Actor

_PEOPLE = f"actor in ('{Actor.HUMAN}', '{Actor.PROXY}')"  # a proxy fetches images because a person's mailbox asked
_JOINS = {Match.ALL: " and ", Match.ANY: " or "}


@dataclass(frozen=True)
class CompiledRules:
    """A question ready to be asked.

    Args:
        sql: A select of the one column `id`: the contacts for whom the rules hold.
        values: The values of its parameters.
        reads_events: Whether it looks at events at all.
        events_since: The oldest event it looks at; None means all of them (where `reads_events`).
    """

    sql: str
    values: dict[str, Any]
    reads_events: bool
    events_since: datetime | None


def compile_rules(node: Node, vocabulary: Vocabulary, now: datetime, *, only_on: Collection[int] | None = None) -> CompiledRules:
    """Return a tree as one statement; nothing a person wrote becomes part of its text.

    Args:
        node: The rules.
        vocabulary: The attributes and lists of the workspace.
        now: What “in the last days” counts from.
        only_on: Choose only among the people on these lists; None for everybody.

    Raises:
        InvalidInput: If a field, operator or value does not fit; names the place.
    """
    compiler = _Compiler(vocabulary, now)
    condition = compiler.condition(node)
    if only_on is not None:
        condition = f"({condition}) and {compiler.is_on(only_on)}"
    return CompiledRules(compiler.statement(condition), compiler.values, bool(compiler.counts), compiler.events_since)


class _Compiler:
    """Collects parameters and event counts while the tree is walked."""

    def __init__(self, vocabulary: Vocabulary, now: datetime) -> None:
        self._vocabulary, self._now = vocabulary, now
        self.values: dict[str, Any] = {}
        # What is counted per contact, each once: (field, days) -> column of `activity`.
        self.counts: dict[tuple[str, int | None], str] = {}
        self._counted: list[str] = []
        self._since: list[datetime | None] = []

    @property
    def events_since(self) -> datetime | None:
        """The oldest event that any rule looks at; None where one looks at all."""
        known = [since for since in self._since if since is not None]
        return min(known) if known and len(known) == len(self._since) else None

    def condition(self, node: Node) -> str:
        """Return a node as a condition."""
        if isinstance(node, Group):
            return "(" + _JOINS[node.match].join(self.condition(part) for part in node.nodes) + ")"
        field, operator = resolve(node, self._vocabulary)
        given = parameters(node, operator, self._vocabulary, self._now)
        column = self._count(field, node) if field.type is FieldType.ACTIVITY else field.column
        return operator.sql.format(column=column, **{name: self._parameter(value) for name, value in given.items()})

    def is_on(self, lists: Collection[int]) -> str:
        """Return the condition that somebody is on at least one of these lists."""
        return f"coalesce(list_has_any(c.list_ids, {self._parameter(sorted(lists))}::bigint[]), false)"

    def statement(self, condition: str) -> str:
        """Return the whole statement; events are read once, however many rules ask for them."""
        if not self.counts:
            return f"select c.id from contacts c where {condition}"
        columns = ", ".join(
            f"count(case when {counted} then 1 end) as {name}" for counted, name in zip(self._counted, self.counts.values(), strict=True)
        )
        where = "contact_id is not null and (" + " or ".join(self._counted) + ")"
        activity = f"select contact_id, {columns} from events where {where} group by contact_id"
        return f"with activity as ({activity}) select c.id from contacts c left join activity a on a.contact_id = c.id where {condition}"

    def _count(self, field: Field, rule: Rule) -> str:
        key = (field.key, rule.days)
        if key not in self.counts:
            self.counts[key] = f"n{len(self.counts)}"
            self._counted.append(self._events(field, rule.days))
        return f"coalesce(a.{self.counts[key]}, 0)"

    def _events(self, field: Field, days: int | None) -> str:
        """Return the condition of the events that are counted for one column of `activity`."""
        since = None if days is None else self._now - timedelta(days=days)
        self._since.append(since)
        wanted = [f"kind = {self._parameter(field.kind)}"]
        if field.people_only:
            wanted.append(_PEOPLE)
        if since is not None:
            wanted.append(f"occurred_at >= {self._parameter(since)}")
        return "(" + " and ".join(wanted) + ")"

    def _parameter(self, value: Any) -> str:
        name = f"p{len(self.values)}"
        self.values[name] = str(value) if isinstance(value, str) else value
        return f"${name}"
