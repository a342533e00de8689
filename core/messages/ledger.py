"""The ledger of all messages: who claims, who intends, what came of it, each step one short transaction.

The order that keeps every promise: claim (lease) → intent, committed → the message leaves → outcome, committed. A crash before
the intent gives the claim back; a crash after it leaves `sending`, which becomes `uncertain` and is never sent again unasked,
unless the provider delivers the same key only once, or the sender's flight record (`flights`) tells that it never left. Every step
checks that the row is still ours.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.clock import Clock
from core.contacts.tables import contacts
from core.messages.flight_files import LeftBehind
from core.messages.last_look import look
from core.messages.leasing import LEASE, claim_of, claimed_by, may_leave_by, move, release_expired_of
from core.messages.plan import WorkspaceCap
from core.messages.reading import SeenCampaigns, count_by_state, nothing_for_the_limited, read_page
from core.messages.rows import Claimed, MessageRow, Released, Unrecorded
from core.messages.salvaging import salvage
from core.messages.settling import NO_LEASE, settle
from core.messages.states import OPEN_STATES, STOPPABLE_STATES, MessageState
from core.messages.tables import messages
from core.permissions import Permission, Principal
from core.providers.base import SendResult
from core.storage.database import Database, among, chunked, insert_or_ignore_from

_IN_LIST = 10_000

Column = sa.ColumnElement[int]

_m = messages.c


class Ledger:
    """One row per email to one contact.

    Args:
        db: The database.
        clock: The time.
        seen: Which campaigns somebody may see; one they may not looks like one without messages.
    """

    def __init__(self, db: Database, clock: Clock, seen: SeenCampaigns = nothing_for_the_limited) -> None:
        self._db, self._clock, self._seen = db, clock, seen

    def enqueue(
        self,
        connection: sa.Connection,
        workspace_id: int,
        campaign_id: int,
        recipients: Sequence[tuple[int, int | None]],
        *,
        due_at: datetime | None = None,
        skipped: str = "",
    ) -> int:
        """Queue a message per recipient inside the caller's transaction; who has one already keeps it.

        Args:
            connection: A transaction.
            workspace_id: Whose campaign it is.
            campaign_id: The campaign.
            recipients: Pairs of contact and arm (or None); contacts deleted meanwhile are left out.
            due_at: When they are to be sent; None for now.
            skipped: Why they are not to be sent at all; empty for those who are.

        Returns:
            How many messages are new.
        """
        by_arm: dict[int | None, list[int]] = {}
        for contact_id, variant_id in recipients:
            by_arm.setdefault(variant_id, []).append(contact_id)
        inserted = 0
        for variant_id, contact_ids in by_arm.items():
            state = MessageState.SKIPPED if skipped else MessageState.QUEUED
            fixed: dict[str, Any] = {"campaign_id": campaign_id, "variant_id": variant_id, "state": state.value}
            fixed |= {"reason": skipped, "attempts": 0, "queued_at": self._clock.now(), "due_at": due_at}
            for chunk in chunked(contact_ids, _IN_LIST):
                inserted += _insert_for(connection, workspace_id, chunk, fixed)
        return inserted

    def claim(self, workspace_id: int, campaign_id: int, owner: str, limit: int, connection_id: int | None = None) -> list[Claimed]:
        """Take up to `limit` messages that wait or whose retry is due; two claimers never get the same one.

        Args:
            workspace_id: Whose campaign it is.
            campaign_id: The campaign.
            owner: Who claims; unique to one run of one process.
            limit: How many at most.
            connection_id: By which connection they are to leave; those bound to another one stay.
        """
        now = self._clock.now()
        mine = sa.and_(_m.workspace_id == workspace_id, _m.campaign_id == campaign_id)
        mine = mine if connection_id is None else sa.and_(mine, may_leave_by(connection_id))
        with self._db.transaction() as connection:
            return claim_of(connection, mine, owner, now, limit)

    def skip(self, owner: str, reasons: Mapping[int, str]) -> int:
        """Note that claimed messages must not be sent, and why; return how many were still ours."""
        by_reason: dict[str, list[int]] = {}
        for message_id, reason in reasons.items():
            by_reason.setdefault(reason, []).append(message_id)
        skipped = 0
        with self._db.transaction() as connection:
            for reason, ids in sorted(by_reason.items()):
                moved = {"state": MessageState.SKIPPED.value, "reason": reason, "due_at": None, **NO_LEASE}
                skipped += len(move(connection, claimed_by(connection, owner, ids), moved))
        return skipped

    def park(self, owner: str, message_ids: Collection[int], reason: str) -> int:
        """Note that nobody knows whether claimed messages have left; return how many were still ours."""
        unknown = {"state": MessageState.UNCERTAIN.value, "reason": reason, "due_at": None, **NO_LEASE}
        with self._db.transaction() as connection:
            return len(move(connection, claimed_by(connection, owner, message_ids), unknown))

    def postpone(self, owner: str, until: Mapping[int, datetime]) -> int:
        """Let claimed messages wait until their time; return how many were still ours."""
        by_time: dict[datetime, list[int]] = {}
        for message_id, due in until.items():
            by_time.setdefault(due, []).append(message_id)
        waiting: dict[str, Any] = {"state": MessageState.QUEUED.value, **NO_LEASE}
        with self._db.transaction() as connection:
            return sum(
                len(move(connection, claimed_by(connection, owner, ids), waiting | {"due_at": due})) for due, ids in sorted(by_time.items())
            )

    def record_intent(
        self, owner: str, message_ids: Sequence[int], connection_id: int | None = None, cap: WorkspaceCap | None = None
    ) -> set[int]:
        """Commit that these messages are about to leave; return those that are still ours: only they may be sent.

        Whose reader has said no since the chunk was sorted is skipped.

        Args:
            owner: Who claimed them.
            message_ids: Which.
            connection_id: By which connection they leave.
            cap: How many campaigns their readers get at most; who has had them is skipped.
        """
        moved = {"state": MessageState.SENDING.value, "lease_until": self._clock.now() + LEASE, "connection_id": connection_id}
        with self._db.transaction() as connection:
            look(connection, owner, message_ids, cap, self._clock.now())
            ours = claimed_by(connection, owner, message_ids)
            return move(connection, ours if connection_id is None else sa.and_(ours, may_leave_by(connection_id)), moved)

    def record_outcomes(self, owner: str, outcomes: Sequence[tuple[Claimed, SendResult]]) -> None:
        """Commit what became of messages.

        A message that was meanwhile declared uncertain, because its lease had run out, is settled by its late answer.
        One that the ingester has settled already (the journal is written first) stays as it is.
        """
        if outcomes:
            with self._db.transaction() as connection:
                settle(connection, owner, outcomes, self._clock.now())

    def release(self, owner: str, message_ids: Sequence[int]) -> int:
        """Give back claimed messages that are not going to be sent now; return how many were still ours."""
        with self._db.transaction() as connection:
            return len(move(connection, claimed_by(connection, owner, message_ids), {"state": MessageState.QUEUED.value, **NO_LEASE}))

    def release_expired(self, workspace_id: int, campaign_id: int, *, sent_twice_is_once: Collection[int] = ()) -> Released:
        """Settle messages whose sender died or hangs.

        Args:
            workspace_id: Whose campaign it is.
            campaign_id: The campaign.
            sent_twice_is_once: Connections that deliver the same key only once; what was on its way by one of them waits again.
        """
        mine = sa.and_(_m.workspace_id == workspace_id, _m.campaign_id == campaign_id)
        with self._db.transaction() as connection:
            return release_expired_of(connection, mine, self._clock.now(), sent_twice_is_once)

    def salvage(self, left: LeftBehind) -> int:
        """Settle what a drain that is over has left under way, as far as its record tells; return how many messages that were."""
        with self._db.transaction() as connection:
            return salvage(connection, left, self._clock.now())

    def cancel_queued(self, connection: sa.Connection, workspace_id: int, campaign_id: int) -> int:
        """Cancel, inside the caller's transaction, everything that has not left yet; return how many."""
        mine = sa.and_(_m.workspace_id == workspace_id, _m.campaign_id == campaign_id)
        stoppable = sa.and_(mine, _m.state.in_([state.value for state in STOPPABLE_STATES]))
        return len(move(connection, stoppable, {"state": MessageState.CANCELLED.value, "due_at": None, **NO_LEASE}))

    def unrecorded(self, *, after: tuple[datetime, int], before: datetime, limit: int) -> list[Unrecorded]:
        """Return messages of all workspaces whose `sent` fact has not come back from the journal, the oldest first.

        Args:
            after: When the last one of the page before was accepted, and its id.
            before: Only those accepted earlier than this; the ingester needs a moment.
            limit: How many at most.
        """
        at, number = after
        later = sa.and_(_m.accepted_at >= at, sa.or_(_m.accepted_at > at, _m.id > number))  # the first half is what the index can use
        lost = sa.and_(_m.accepted_at.isnot(None), _m.recorded_at.is_(None), later, _m.accepted_at < before)
        chosen = sa.select(_m.id, _m.accepted_at, _m.provider_message_id).where(lost).order_by(_m.accepted_at, _m.id).limit(limit)
        with self._db.read() as connection:
            return [Unrecorded(*row) for row in connection.execute(chosen)]

    def counts(self, by: Principal, campaign_id: int) -> dict[MessageState, int]:
        """Return how many messages of a campaign are in each state; states without any are left out."""
        by.require(Permission.CAMPAIGNS_VIEW)
        with self._db.read() as connection:
            return count_by_state(connection, by, campaign_id) if self._sees(connection, by, campaign_id) else {}

    def page(
        self, by: Principal, campaign_id: int, state: MessageState | None = None, limit: int = 100, after_id: int = 0
    ) -> list[MessageRow]:
        """Return messages of a campaign in the order of their ids.

        Args:
            by: Who asks.
            campaign_id: The campaign.
            state: Only messages in this state.
            limit: How many at most.
            after_id: The last id of the page before.
        """
        by.require(Permission.CAMPAIGNS_VIEW)
        with self._db.read() as connection:
            if not self._sees(connection, by, campaign_id):
                return []
            return read_page(connection, by, campaign_id, state, limit, after_id)

    def _sees(self, connection: sa.Connection, by: Principal, campaign_id: int) -> bool:
        seen = self._seen(connection, by)
        return seen is None or campaign_id in seen


def has_open(workspace_id: Column, campaign_id: Column) -> sa.ColumnElement[bool]:
    """Return the condition that a campaign has a message that is not settled yet."""
    return _has(workspace_id, campaign_id, _m.state.in_([state.value for state in OPEN_STATES]))


def has_stoppable(workspace_id: Column, campaign_id: Column) -> sa.ColumnElement[bool]:
    """Return the condition that a campaign has a message that has not left yet."""
    return _has(workspace_id, campaign_id, _m.state.in_([state.value for state in STOPPABLE_STATES]))


def has_abandoned(workspace_id: Column, campaign_id: Column, now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that a campaign has a message that was on its way when its sender died."""
    return _has(workspace_id, campaign_id, sa.and_(_m.state == MessageState.SENDING.value, _m.lease_until <= now))


def has_work(workspace_id: Column, campaign_id: Column, now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that a campaign has something to do now: a message that waits, is due, or was abandoned."""
    waiting = sa.and_(_m.state == MessageState.QUEUED.value, _m.due_at.is_(None))
    due = sa.and_(_m.state.in_([MessageState.QUEUED.value, MessageState.RETRY.value]), _m.due_at <= now)
    held = _m.state.in_([MessageState.CLAIMED.value, MessageState.SENDING.value])
    parts = (waiting, due, sa.and_(held, _m.lease_until <= now))
    return sa.or_(*(_has(workspace_id, campaign_id, part) for part in parts))


def _has(workspace_id: Column, campaign_id: Column, which: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(_m.workspace_id == workspace_id, _m.campaign_id == campaign_id, which)


def _insert_for(connection: sa.Connection, workspace_id: int, contact_ids: Sequence[int], fixed: Mapping[str, Any]) -> int:
    """Insert a row per contact in one statement: the values travel once, only the ids are many."""
    literals = [sa.literal(value, _m[name].type).label(name) for name, value in fixed.items()]
    source = sa.select(contacts.c.id, contacts.c.workspace_id, *literals)
    source = source.where(contacts.c.workspace_id == workspace_id, contacts.c.id.in_(among(connection, contact_ids))).order_by(
        contacts.c.id
    )
    return insert_or_ignore_from(connection, messages, ["contact_id", "workspace_id", *fixed], source)
