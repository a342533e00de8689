"""Who got a campaign, who did not, and why: counted, page by page, and as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.addresses import comparable
from core.contacts.tables import contacts
from core.contacts.visibility import seen_one_by_one
from core.errors import NotFound
from core.formulas import csv_lines
from core.messages.fates import FATE_OF, STATES_OF, Fate, by_fate
from core.messages.reading import SeenCampaigns, count_by_state, nothing_for_the_limited
from core.messages.reasons import gist, meaning, together
from core.messages.states import MessageState
from core.messages.tables import messages
from core.permissions import Permission, Principal
from core.providers.tables import connections
from core.storage.database import Database, among

_CHUNK = 5_000
_LISTED = 1_000
COLUMNS = (
    *("email", "outcome", "state", "reason", "connection", "attempts", "accepted_at", "next_try_at", "provider_message_id"),
    *("message_id", "contact_id"),
)

_m = messages.c


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody a campaign is for, and what became of it.

    Args:
        message_id: The ledger row.
        contact_id: Whom it is for.
        email: The address; None where the contact is deleted or out of sight.
        state: Where the message is.
        reason: Why it did not go through, as the provider or we said it; only the gist where the address is not given.
        connection: By which way it left; "" where it has not.
        attempts: How often it was tried.
        due_at: When it is tried next.
        accepted_at: When the provider took it.
        provider_message_id: The provider's name for it.
    """

    message_id: int
    contact_id: int
    email: str | None
    state: MessageState
    reason: str
    connection: str
    attempts: int
    due_at: datetime | None
    accepted_at: datetime | None
    provider_message_id: str | None

    @property
    def fate(self) -> Fate:
        """What became of it, in short."""
        return FATE_OF[self.state]


@dataclass(frozen=True)
class RecipientPage:
    """Some of them.

    Args:
        rows: These.
        total: How many there are in all.
    """

    rows: Sequence[Recipient]
    total: int


class Recipients:
    """Answers who got a campaign; a campaign somebody may not see looks like one that is not there.

    Args:
        db: The database.
        clock: The time.
        seen: Which campaigns somebody may see.
    """

    def __init__(self, db: Database, clock: Clock, seen: SeenCampaigns = nothing_for_the_limited) -> None:
        self._db, self._clock, self._seen = db, clock, seen

    def fates(self, by: Principal, campaign_id: int) -> dict[Fate, int]:
        """Return how many have each fate; those that none has are left out.

        Raises:
            Denied: If `by` may not see campaigns.
        """
        by.require(Permission.CAMPAIGNS_VIEW)
        with self._db.read() as connection:
            return by_fate(count_by_state(connection, by, campaign_id)) if self._sees(connection, by, campaign_id) else {}

    def reasons(self, by: Principal, campaign_id: int, fate: Fate) -> dict[str, int]:
        """Return why messages have a fate and how many for each reason, the most frequent first; none where there is no reason.

        Raises:
            Denied: If `by` may not see campaigns.
        """
        by.require(Permission.CAMPAIGNS_VIEW)
        with self._db.read() as connection:
            found = _reasons(connection, by, campaign_id, fate) if self._sees(connection, by, campaign_id) else {}
        return {gist: count for gist, count in together(found).items() if gist}

    def page(
        self, by: Principal, campaign_id: int, fate: Fate | None = None, reason: str = "", *, limit: int = 50, offset: int = 0
    ) -> RecipientPage:
        """Return some of a campaign's people.

        Args:
            by: Who asks.
            campaign_id: The campaign.
            fate: Only those with this fate.
            reason: Only those for this reason, as `reasons` says it; needs a fate.
            limit: How many at most.
            offset: How many are left out before.

        Raises:
            Denied: If `by` may not see campaigns.
        """
        by.require(Permission.CAMPAIGNS_VIEW)
        with self._db.read() as connection:
            if not self._sees(connection, by, campaign_id):
                return RecipientPage((), 0)
            if fate is not None and reason:
                return _page_of_reason(connection, by, campaign_id, fate, reason, limit, offset)
            return _page_of_states(connection, by, campaign_id, [fate] if fate else list(Fate), limit, offset)

    def find(self, by: Principal, campaign_id: int, email: str) -> Recipient | None:
        """Return what became of a campaign for the contact with this address; None for an address it is not for.

        Raises:
            Denied: If `by` may not see campaigns.
        """
        by.require(Permission.CAMPAIGNS_VIEW)
        with self._db.read() as connection:
            if not self._sees(connection, by, campaign_id):
                return None
            known = (contacts.c.workspace_id == by.workspace_id, contacts.c.email == comparable(email))
            contact_id = connection.execute(sa.select(contacts.c.id).where(*known, *seen_one_by_one(by))).scalar()
            row = connection.execute(_rows(by, campaign_id).where(_m.contact_id == contact_id)).one_or_none() if contact_id else None
            return _as_recipient(row) if row else None

    def stream_csv(self, by: Principal, campaign_id: int, fate: Fate | None = None) -> Iterator[str]:
        """Yield a CSV in pieces: a header, then a line a person; addresses are given as far as `by` may see the people.

        Raises:
            Denied: If `by` may not see campaigns, or not export people; before the first piece.
            NotFound: If there is no such campaign.
        """
        by.require(Permission.CAMPAIGNS_VIEW)
        by.require(Permission.CONTACTS_EXPORT)
        with self._db.transaction() as connection:
            counts = count_by_state(connection, by, campaign_id) if self._sees(connection, by, campaign_id) else {}
            if not counts:
                raise NotFound("There is no such campaign, or it is for nobody yet.", hint="Launch it first.")
            told = by_fate(counts)
            after: dict[str, object] = {"people": sum(told.values()) if fate is None else told.get(fate, 0)}
            after |= {} if fate is None else {"outcome": fate.value}
            record(connection, self._clock.now(), by, AuditAction.CAMPAIGN_EXPORTED, f"campaign:{campaign_id}", after=after)
        return self._pieces(by, campaign_id, fate)

    def _pieces(self, by: Principal, campaign_id: int, fate: Fate | None) -> Iterator[str]:
        yield csv_lines([COLUMNS])
        wanted = _rows(by, campaign_id).order_by(_m.contact_id).limit(_CHUNK)
        if fate is not None:
            wanted = wanted.where(_m.state.in_([state.value for state in STATES_OF[fate]]))
        after = 0
        while True:  # a transaction a piece: a slow reader of a long file must not hold one open for its whole length
            with self._db.read() as connection:
                rows = [_as_recipient(row) for row in connection.execute(wanted.where(_m.contact_id > after))]
            if rows:
                yield csv_lines([_line(row) for row in rows])
            if len(rows) < _CHUNK:
                return
            after = rows[-1].contact_id

    def _sees(self, connection: sa.Connection, by: Principal, campaign_id: int) -> bool:
        seen = self._seen(connection, by)
        return seen is None or campaign_id in seen


def _mine(by: Principal, campaign_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return _m.workspace_id == by.workspace_id, _m.campaign_id == campaign_id


def _rows(by: Principal, campaign_id: int) -> sa.Select[Any]:
    columns = (_m.id, _m.contact_id, contacts.c.email, _m.state, _m.reason, connections.c.name, _m.attempts, _m.due_at, _m.accepted_at)
    reader = sa.and_(contacts.c.id == _m.contact_id, *seen_one_by_one(by))
    way = sa.and_(connections.c.id == _m.connection_id, connections.c.workspace_id == _m.workspace_id)
    joined = messages.outerjoin(contacts, reader).outerjoin(connections, way)
    return sa.select(*columns, _m.provider_message_id).select_from(joined).where(*_mine(by, campaign_id))


def _page_of_states(
    connection: sa.Connection, by: Principal, campaign_id: int, fates: Sequence[Fate], limit: int, offset: int
) -> RecipientPage:
    """Return a page over several states, one after the other: within each the index has the order already, however many there are."""
    counts = count_by_state(connection, by, campaign_id)
    states = [state for fate in fates for state in STATES_OF[fate]]
    rows: list[Recipient] = []
    before = offset
    for state in states:
        if len(rows) < limit and before < counts.get(state, 0):
            mine = sa.select(_m.id).where(*_mine(by, campaign_id), _m.state == state.value).order_by(_m.due_at, _m.id)
            # Chosen before anything is joined to it: PostgreSQL would join all of them and sort what comes of it.
            chosen = mine.limit(limit - len(rows)).offset(before).subquery()
            wanted = _rows(by, campaign_id).where(_m.id.in_(sa.select(chosen.c.id))).order_by(_m.due_at, _m.id)
            rows += map(_as_recipient, connection.execute(wanted))
        before = max(0, before - counts.get(state, 0))
    return RecipientPage(rows, sum(counts.get(state, 0) for state in states))


def _page_of_reason(
    connection: sa.Connection, by: Principal, campaign_id: int, fate: Fate, reason: str, limit: int, offset: int
) -> RecipientPage:
    counts = _reasons(connection, by, campaign_id, fate)
    alike = meaning([reason], counts)
    if not alike:
        return RecipientPage((), 0)
    states = [state.value for state in STATES_OF[fate]]
    mine = sa.and_(*_mine(by, campaign_id), _m.state.in_(states))
    if len(alike) <= _LISTED:
        chosen: sa.Select[Any] = sa.select(_m.id).where(mine, _m.reason.in_(among(connection, alike))).order_by(_m.id)
        chosen = sa.select(chosen.limit(limit).offset(offset).subquery().c.id)
    else:
        chosen = among(connection, _walk(connection, mine, reason, limit, offset))
    found = connection.execute(_rows(by, campaign_id).where(_m.id.in_(chosen)).order_by(_m.id))
    return RecipientPage([_as_recipient(row) for row in found], sum(counts[each] for each in alike))


def _walk(connection: sa.Connection, mine: sa.ColumnElement[bool], reason: str, limit: int, offset: int) -> list[int]:
    """Return the messages of a page, reading until it is full: where each has a text of its own, a list of them all is megabytes."""
    wanted = sa.select(_m.id, _m.reason).where(mine).order_by(_m.id)
    with connection.execute(wanted, execution_options={"yield_per": _CHUNK}) as found:
        alike = (message_id for message_id, said in found if gist(said) == reason)
        return list(islice(alike, offset, offset + limit))


def _reasons(connection: sa.Connection, by: Principal, campaign_id: int, fate: Fate) -> dict[str, int]:
    states = [state.value for state in STATES_OF[fate] if state not in (MessageState.QUEUED, MessageState.ACCEPTED)]  # none, and many
    counted = sa.select(_m.reason, sa.func.count()).where(*_mine(by, campaign_id), _m.state.in_(states)).group_by(_m.reason)
    return {reason: count for reason, count in connection.execute(counted)}


def _as_recipient(row: sa.Row[Any]) -> Recipient:
    message_id, contact_id, email, state, reason, connection, attempts, due_at, accepted_at, provider_message_id = tuple(row)
    told = reason if email else gist(reason)  # servers like to repeat the address of somebody who is deleted or out of sight
    way = connection or ""
    return Recipient(message_id, contact_id, email, MessageState(state), told, way, attempts, due_at, accepted_at, provider_message_id)


def _line(row: Recipient) -> list[str]:
    told = (row.email or "", row.fate.value, row.state.value, row.reason, row.connection, str(row.attempts))
    times = (moment.isoformat() if moment else "" for moment in (row.accepted_at, row.due_at))
    return [*told, *times, row.provider_message_id or "", str(row.message_id), str(row.contact_id)]
