"""Doing something to many people at once: in chunks, each a transaction of its own with its audit row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.changes import next_change
from core.contacts.consent.consent import Consent
from core.contacts.consent.evidence import Evidence
from core.contacts.deleting import remove_in
from core.contacts.lists import Lists
from core.contacts.suppression.suppression import SuppressionReason, Suppressions
from core.contacts.tables import contacts, list_members
from core.contacts.tags import Tags
from core.contacts.visibility import seen_one_by_one
from core.errors import InvalidInput
from core.permissions import Permission, Principal
from core.storage.database import Database, among, chunked

CHUNK = 5_000
SOURCE = "by hand"


class BulkAction(StrEnum):
    """What can be done to many."""

    ADD_TO_LIST = "add_to_list"
    REMOVE_FROM_LIST = "remove_from_list"
    TAG = "tag"
    UNTAG = "untag"
    UNSUBSCRIBE = "unsubscribe"
    SUPPRESS = "suppress"
    DELETE = "delete"


@dataclass(frozen=True)
class BulkChange:
    """What is to be done.

    Args:
        action: What.
        list_id: For lists, which.
        tag_id: For taking a tag off, which.
        tag: For putting a tag on, its name.
    """

    action: BulkAction
    list_id: int = 0
    tag_id: int = 0
    tag: str = ""


@dataclass(frozen=True)
class BulkResult:
    """What came of it.

    Args:
        asked: How many people it was asked for.
        changed: How many it changed; the others were as wanted already, are gone, or are not theirs to change.
    """

    asked: int
    changed: int


class BulkChanges:
    """Changes many people at once; somebody limited to some lists changes the people on them only.

    Args:
        db: The database.
        clock: The time.
        suppressions: Takes the addresses nobody may write to any more.
    """

    def __init__(self, db: Database, clock: Clock, suppressions: Suppressions) -> None:
        self._db, self._clock, self._suppressions = db, clock, suppressions

    def run(
        self, by: Principal, contact_ids: Sequence[int], change: BulkChange, progress: Callable[[int, int], None] | None = None
    ) -> BulkResult:
        """Do something to many people; what was done stays done if it ends in the middle, and doing it again does the rest.

        Args:
            by: Who asks.
            contact_ids: Who; those that are not there are passed over.
            change: What is to be done.
            progress: Told after each chunk how many of how many are done.

        Raises:
            Denied: If `by` may not edit contacts.
            InvalidInput: If the tag can't be one.
            NotFound: If there is no such list or tag.
        """
        by.require(Permission.CONTACTS_EDIT)
        ids, changed = sorted(set(contact_ids)), 0
        for number, chunk in enumerate(chunked(ids, CHUNK), start=1):
            changed += self._one_chunk(by, chunk, change)
            if progress:
                progress(min(number * CHUNK, len(ids)), len(ids))
        return BulkResult(len(ids), changed)

    def _one_chunk(self, by: Principal, ids: Sequence[int], change: BulkChange) -> int:
        lists, tags = Lists(self._db, self._clock), Tags(self._db, self._clock)
        if change.action is BulkAction.ADD_TO_LIST:
            return lists.add(by, change.list_id, ids)
        if change.action is BulkAction.REMOVE_FROM_LIST:
            return lists.remove(by, change.list_id, ids)
        if change.action is BulkAction.TAG:
            return tags.add(by, ids, change.tag)
        if change.action is BulkAction.UNTAG:
            return tags.remove(by, ids, change.tag_id)
        acts = {
            BulkAction.UNSUBSCRIBE: (self._unsubscribe, AuditAction.CONTACTS_UNSUBSCRIBED),
            BulkAction.SUPPRESS: (self._suppress, AuditAction.CONTACTS_SUPPRESSED),
            BulkAction.DELETE: (self._delete, AuditAction.CONTACTS_DELETED),
        }
        if change.action not in acts:
            raise InvalidInput("There is no such action.", hint=f"Choose one of: {', '.join(BulkAction)}.")
        act, told = acts[change.action]
        with self._db.transaction() as connection:
            number = next_change(connection, by.workspace_id)
            done = act(connection, by, number, ids)
            if done:
                record(connection, self._clock.now(), by, told, f"workspace:{by.workspace_id}", after={"people": done})
        return done

    def _unsubscribe(self, connection: sa.Connection, by: Principal, _change: int, ids: Sequence[int]) -> int:
        here = [row.id for row in _seen(connection, by, ids)]
        consents = Consent(self._db, self._clock)
        return len(consents.withdraw(connection, by.workspace_id, here, Evidence.of(by, SOURCE)))

    def _suppress(self, connection: sa.Connection, by: Principal, _change: int, ids: Sequence[int]) -> int:
        emails = [row.email for row in _seen(connection, by, ids)]
        return self._suppressions.add_in(connection, by.workspace_id, emails, SuppressionReason.MANUAL, SOURCE)

    def _delete(self, connection: sa.Connection, by: Principal, change: int, ids: Sequence[int]) -> int:
        here = [row.id for row in _seen(connection, by, ids, *_theirs_alone(by))]
        return remove_in(connection, self._suppressions, by.workspace_id, change, here)


def _seen(connection: sa.Connection, by: Principal, ids: Sequence[int], *more: sa.ColumnElement[bool]) -> Sequence[Any]:
    mine = (contacts.c.workspace_id == by.workspace_id, contacts.c.id.in_(among(connection, ids)), *seen_one_by_one(by), *more)
    return connection.execute(sa.select(contacts.c.id, contacts.c.email).where(*mine)).all()


def _theirs_alone(by: Principal) -> list[sa.ColumnElement[bool]]:
    """Return the condition that nobody else uses the contact too, as it has to be before somebody limited to some lists deletes them."""
    if by.lists is None:
        return []
    member = list_members.c
    return [~sa.exists().where(member.contact_id == contacts.c.id, member.list_id.not_in(sorted(by.lists))).correlate(contacts)]
