"""Asking DuckDB who a tree of rules chooses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from core.clock import Clock
from core.contacts.snapshot import ContactSnapshots
from core.segments.compiling import CompiledRules, compile_rules
from core.segments.fields import LIST_FIELD, Vocabulary, load_vocabulary
from core.segments.rules import Group, Node, parse, to_json
from core.segments.values import list_id
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine, Session

Rules = Mapping[str, Any]


class Asking:
    """Checks rules against a workspace and opens the session that answers them.

    Args:
        db: The database.
        clock: The time; “the last 30 days” count from it.
        engine: Where questions are answered.
        snapshots: The contacts as a relation.
    """

    def __init__(self, db: Database, clock: Clock, engine: AnalyticsEngine, snapshots: ContactSnapshots) -> None:
        self._db, self._clock, self._engine, self._snapshots = db, clock, engine, snapshots

    @contextmanager
    def ask(self, workspace_id: int, rules: object) -> Iterator[tuple[Session, CompiledRules]]:
        """Yield a session that has the relations the rules need, and the rules compiled.

        Raises:
            InvalidInput: If the rules can't be used; names the rule.
        """
        compiled = compile_rules(parse(rules), self.vocabulary(workspace_id), self._clock.now())
        # Where no event is looked at, none before now is needed either: no file is opened.
        since = compiled.events_since if compiled.reads_events else self._clock.now()
        with self._engine.session(workspace_id, since=since) as session:
            self._snapshots.add_to(session, workspace_id)
            yield session, compiled

    def to_keep(self, workspace_id: int, rules: object) -> Rules:
        """Return rules as they are kept: checked, and with lists named by id.

        Raises:
            InvalidInput: If the rules can't be used; names the rule.
        """
        node, vocabulary = parse(rules), self.vocabulary(workspace_id)
        compile_rules(node, vocabulary, self._clock.now())
        return to_json(_with_list_ids(node, vocabulary))

    def vocabulary(self, workspace_id: int) -> Vocabulary:
        """Return the attributes and lists of a workspace."""
        with self._db.read() as connection:
            return load_vocabulary(connection, workspace_id)


def _with_list_ids(node: Node, vocabulary: Vocabulary) -> Node:
    """Name lists by id, since a name may change hands."""
    if isinstance(node, Group):
        return replace(node, nodes=tuple(_with_list_ids(part, vocabulary) for part in node.nodes))
    return replace(node, value=list_id(node, vocabulary)) if node.field == LIST_FIELD else node
