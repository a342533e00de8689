"""Asking DuckDB who a tree of rules chooses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from core.clock import Clock
from core.contacts.snapshot import ContactSnapshots
from core.permissions import Principal
from core.segments.compiling import CompiledRules, compile_rules
from core.segments.fields import LIST_FIELD, TAG_FIELD, Vocabulary, load_vocabulary
from core.segments.rules import Group, Node, parse, to_json
from core.segments.values import list_id, tag_id
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine, Session

Rules = Mapping[str, Any]


class Asking:
    """Checks rules against what somebody may see of a workspace and opens the session that answers them.

    Args:
        db: The database.
        clock: The time; “the last 30 days” count from it.
        engine: Where questions are answered.
        snapshots: The contacts as a relation.
    """

    def __init__(self, db: Database, clock: Clock, engine: AnalyticsEngine, snapshots: ContactSnapshots) -> None:
        self._db, self._clock, self._engine, self._snapshots = db, clock, engine, snapshots

    @contextmanager
    def ask(self, by: Principal, rules: object) -> Iterator[tuple[Session, CompiledRules]]:
        """Yield a session that has the relations the rules need, and the rules compiled for the people `by` may see.

        Raises:
            InvalidInput: If the rules can't be used; names the rule.
        """
        compiled = compile_rules(parse(rules), self.vocabulary(by), self._clock.now(), only_on=by.lists)
        # Where no event is looked at, none before now is needed either: no file is opened.
        since = compiled.events_since if compiled.reads_events else self._clock.now()
        with self._engine.session(by.workspace_id, since=since) as session:
            self._snapshots.add_to(session, by.workspace_id)
            yield session, compiled

    def to_keep(self, by: Principal, rules: object) -> Rules:
        """Return rules as they are kept: checked, and with lists and tags named by id.

        Raises:
            InvalidInput: If the rules can't be used; names the rule.
        """
        node, vocabulary = parse(rules), self.vocabulary(by)
        compile_rules(node, vocabulary, self._clock.now())
        return to_json(_with_ids(node, vocabulary))

    def vocabulary(self, by: Principal) -> Vocabulary:
        """Return the attributes and tags of a workspace and the lists `by` may see."""
        with self._db.read() as connection:
            return load_vocabulary(connection, by)


def _with_ids(node: Node, vocabulary: Vocabulary) -> Node:
    """Name lists and tags by id, since a name may change hands."""
    if isinstance(node, Group):
        return replace(node, nodes=tuple(_with_ids(part, vocabulary) for part in node.nodes))
    named = {LIST_FIELD: list_id, TAG_FIELD: tag_id}.get(node.field)
    return replace(node, value=named(node, vocabulary)) if named else node
