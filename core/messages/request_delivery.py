"""Sending single messages: at once, connection by connection, a few at a time; the order of steps is the campaigns'."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import sqlalchemy as sa

from core.clock import Clock
from core.contacts.lookup import SkipReason
from core.contacts.tables import contacts, suppressions
from core.errors import InvalidInput, StorageFull, Unavailable
from core.ids import random_name
from core.messages.delivery import DeliveryReport
from core.messages.leasing import claim_of, release_expired_of
from core.messages.ledger import Ledger
from core.messages.posting import Posting, Written, completed, hand_over
from core.messages.request_composing import RequestComposer
from core.messages.request_content import unseal
from core.messages.rows import Claimed
from core.messages.settling import MAX_ATTEMPTS
from core.messages.states import OPEN_STATES, MessageState
from core.messages.tables import messages, requests
from core.providers.base import Idempotence, Outcome, Provider, SendResult, Trouble
from core.providers.connections import Connections
from core.providers.tables import connections
from core.storage.database import Database, among, chunked
from core.storage.vault import Vault

BATCH = 20
# As long as somebody may ask what they were sent; it is personal data, and not needed longer.
KEPT = timedelta(days=30)
# Somebody waits for these: tried again sooner than a campaign's. The last one is that of every further attempt.
BACK_OFF = (timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=4), timedelta(minutes=10))
# What can't be opened with the keys of now is not lost: somebody may bring back the right one.
_LOCKED_FOR = timedelta(minutes=5)
# Providers forget keys after a day; what was on its way before that may not be sent again.
KEY_HOLDS = timedelta(hours=12)
_AT_A_TIME = 1_000

_m, _r = messages.c, requests.c


@dataclass
class _Drain:
    connection_id: int
    provider: Provider
    owner: str
    should_go_on: Callable[[], bool]
    tally: Counter[str] = field(default_factory=Counter)
    stopped: str = ""

    @property
    def sent_twice_is_once(self) -> bool:
        return self.provider.idempotence is not Idempotence.NEVER

    def goes_on(self) -> bool:
        return not self.stopped and self.should_go_on()


@dataclass
class _Chunk:
    """Claimed messages, sorted by what happens to them."""

    written: list[Written] = field(default_factory=list)
    refused: list[tuple[Claimed, str]] = field(default_factory=list)
    skipped: dict[int, str] = field(default_factory=dict)
    later: dict[int, datetime] = field(default_factory=dict)


class RequestDelivery:
    """Sends the single messages that wait for a connection.

    Args:
        db: The database.
        clock: The time.
        vault: Opens what they say.
        ledger: The messages.
        posting: Records intents and outcomes.
        composer: Writes the emails.
        providers: Opens connections.
    """

    def __init__(
        self, db: Database, clock: Clock, vault: Vault, ledger: Ledger, posting: Posting, composer: RequestComposer, providers: Connections
    ) -> None:
        self._db, self._clock, self._vault = db, clock, vault
        self._ledger, self._posting, self._composer, self._providers = ledger, posting, composer, providers

    def due(self) -> list[int]:
        """Return the connections, of every workspace, that have something to do: messages that wait, are due, or were abandoned."""
        now = self._clock.now()
        mine = sa.and_(_m.campaign_id.is_(None), _m.connection_id == connections.c.id)
        waits = sa.and_(_m.state == MessageState.QUEUED.value, _m.due_at.is_(None))
        is_due = sa.and_(_m.state.in_([MessageState.QUEUED.value, MessageState.RETRY.value]), _m.due_at <= now)
        held = sa.and_(_m.state.in_([MessageState.CLAIMED.value, MessageState.SENDING.value]), _m.lease_until <= now)
        found = sa.or_(*(sa.exists().where(mine, which).correlate(connections) for which in (waits, is_due, held)))
        with self._db.read() as connection:
            return list(connection.execute(sa.select(connections.c.id).where(found).order_by(connections.c.id)).scalars())

    def drain(self, connection_id: int, *, owner: str, should_go_on: Callable[[], bool]) -> DeliveryReport:
        """Send what waits for a connection until nothing does, somebody says stop, or the provider or the disk can take no more.

        Args:
            connection_id: Which connection.
            owner: Who sends; a suffix makes it unique to this drain.
            should_go_on: Asked before every chunk.

        Raises:
            NotFound: If the connection is gone.
            Unavailable: If its secrets can't be read, or the database does not answer.
        """
        with self._db.read() as connection:
            whose = connection.execute(sa.select(connections.c.workspace_id).where(connections.c.id == connection_id)).scalar() or 0
        with closing(self._providers.open(whose, connection_id)) as provider:
            run = _Drain(connection_id, provider, f"{owner}:{random_name()}", should_go_on)
            self._release_expired(run)
            try:
                while run.goes_on() and self._send_some(run):
                    pass
            except StorageFull as error:
                run.stopped = str(error)
        counts = {each.value: run.tally[each.value] for each in Outcome}
        return DeliveryReport(**counts, skipped=run.tally["skipped"], stopped=run.stopped, needs_person=False)

    def forget_old(self) -> int:
        """Empty what settled messages said, once they are old or their recipient was deleted; return how many that were.

        What became of them stays, and so does the message's number; who asks with their key again asks for a new message.
        """
        kept = sa.select(_r.message_id).join(messages, _m.id == _r.message_id).where(_r.content != "")
        settled = kept.where(_m.state.not_in([state.value for state in OPEN_STATES]))
        old = settled.where(_r.created_at < self._clock.now() - KEPT)
        deleted = settled.where(_m.contact_id.isnot(None), ~sa.exists().where(contacts.c.id == _m.contact_id))
        with self._db.read() as connection:
            ids = sorted({*connection.execute(old).scalars(), *connection.execute(deleted).scalars()})
        empty = {"content": "", "recipient": "", "connection_id": None, "request_key": None}
        for chunk in chunked(ids, _AT_A_TIME):
            with self._db.transaction() as connection:
                connection.execute(sa.update(requests).where(_r.message_id.in_(among(connection, chunk))).values(**empty))
        return len(ids)

    def _release_expired(self, run: _Drain) -> None:
        """Let what a dead sender had under way be sent again only where the provider delivers the same key once."""
        now, mine = self._clock.now(), _of(run.connection_id)
        with self._db.transaction() as connection:
            release_expired_of(connection, sa.and_(mine, _m.lease_until <= now - KEY_HOLDS), now, ())
            release_expired_of(connection, mine, now, {run.connection_id} if run.sent_twice_is_once else ())

    def _send_some(self, run: _Drain) -> bool:
        """Send a few messages; return whether there may be more."""
        self._posting.make_room()
        with self._db.transaction() as connection:
            claimed = claim_of(connection, _of(run.connection_id), run.owner, self._clock.now(), min(BATCH, run.provider.batch_size))
        if not claimed:
            return False
        chunk = self._sorted(claimed)
        if chunk.skipped:
            run.tally["skipped"] += self._ledger.skip(run.owner, chunk.skipped)
        if chunk.later:
            self._ledger.postpone(run.owner, chunk.later)
        if chunk.refused:
            refused = self._posting.refuse(run.owner, chunk.refused, run.provider, run.connection_id)
            run.tally.update(result.outcome.value for result in refused)
        # A provider that knows a key again only where a message is sent alone gets each alone.
        size = 1 if run.provider.idempotence is Idempotence.ALONE else len(chunk.written)
        groups = [chunk.written[start : start + size] for start in range(0, len(chunk.written), size or 1)]
        while groups and run.goes_on():
            self._send(run, groups.pop(0))
        self._ledger.release(run.owner, [each.claimed.message_id for each in chain(*groups)])  # nobody has to wait for their lease
        return True

    def _send(self, run: _Drain, written: Sequence[Written]) -> None:
        left = self._posting.intend(run.owner, written, run.connection_id)
        if not left:
            return
        results = completed(left, hand_over(run.provider, left))
        outcomes = [(claimed, _again(claimed, result, run.sent_twice_is_once)) for claimed, result in results]
        run.tally.update(result.outcome.value for _, result in outcomes)
        self._posting.record(run.owner, outcomes, run.provider)
        run.stopped = next((result.reason for _, result in outcomes if not result.attempted), "")

    def _sorted(self, claimed: Sequence[Claimed]) -> _Chunk:
        rows = self._rows([each.message_id for each in claimed])
        chunk = _Chunk()
        for each in claimed:
            row = rows.get(each.message_id)
            if row is None or not row.recipient:
                chunk.skipped[each.message_id] = SkipReason.DELETED.value
            elif row.suppressed:
                chunk.skipped[each.message_id] = f"{SkipReason.SUPPRESSED.value}: {row.suppressed}"
            else:
                self._write(chunk, each, row)
        return chunk

    def _write(self, chunk: _Chunk, claimed: Claimed, row: Any) -> None:
        try:
            content = unseal(row.content, self._vault)
            message = self._composer.compose(row.workspace_id, claimed.message_id, row.recipient, content, row.created_at)
        except Unavailable:
            chunk.later[claimed.message_id] = self._clock.now() + _LOCKED_FOR
        except InvalidInput as error:
            chunk.refused.append((claimed, str(error)))
        else:
            chunk.written.append(Written(claimed, message))

    def _rows(self, ids: Sequence[int]) -> dict[int, Any]:
        """Return what each message says and to whom, and why its recipient must not be written to, if so."""
        recipient = sa.func.coalesce(contacts.c.email, _r.recipient)
        listed = sa.and_(suppressions.c.workspace_id == _r.workspace_id, suppressions.c.email == recipient)
        joined = messages.join(requests, _r.message_id == _m.id)
        joined = joined.outerjoin(contacts, sa.and_(contacts.c.id == _m.contact_id, contacts.c.workspace_id == _m.workspace_id))
        joined = joined.outerjoin(suppressions, listed)
        wanted = sa.select(
            _r.message_id,
            _r.workspace_id,
            _r.content,
            _r.created_at,
            recipient.label("recipient"),
            suppressions.c.reason.label("suppressed"),
        )
        with self._db.read() as connection:
            found: list[Any] = list(connection.execute(wanted.select_from(joined).where(_m.id.in_(among(connection, ids)))))
        return {row.message_id: row for row in found}


def _of(connection_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(_m.campaign_id.is_(None), _m.connection_id == connection_id)


def _again(claimed: Claimed, result: SendResult, sent_twice_is_once: bool) -> SendResult:
    """Return a result whose retry comes as soon as somebody who waits for it deserves, unless the provider names a time.

    What nobody knows the outcome of is asked again, too, where the provider delivers the same key once.
    """
    if result.trouble is Trouble.SENDER:  # who asked for this one chose its sender: it is theirs to mend
        return replace(result, outcome=Outcome.REFUSED, attempted=True, trouble=None, retry_after=None)
    if result.outcome is Outcome.UNCERTAIN and sent_twice_is_once and claimed.attempts + 1 < MAX_ATTEMPTS:
        result = replace(result, outcome=Outcome.RETRY)
    if result.outcome is not Outcome.RETRY or result.retry_after is not None:
        return result
    return replace(result, retry_after=BACK_OFF[min(claimed.attempts, len(BACK_OFF) - 1)])
