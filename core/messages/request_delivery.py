"""Sending single messages: at once, connection by connection, a few at a time; the order of steps is the campaigns'."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain

import sqlalchemy as sa

from core.clock import Clock
from core.contacts.suppression.address_hashes import AddressHashes
from core.contacts.tables import contacts
from core.errors import InvalidInput, StorageFull, Unavailable
from core.ids import random_name
from core.messages.delivery import DeliveryReport
from core.messages.flight_files import Errand
from core.messages.flights import Flight
from core.messages.leasing import claim_of
from core.messages.ledger import Ledger
from core.messages.posting import Posting, Written, completed, hand_over
from core.messages.request_composing import RequestComposer
from core.messages.request_content import unseal
from core.messages.request_routes import KEY_HOLDS, LOOKS_AGAIN, TOO_LATE, hand_back, keep_with, release_abandoned, waiting_for
from core.messages.request_rows import Waiting, waiting
from core.messages.rows import Claimed
from core.messages.settling import MAX_ATTEMPTS
from core.messages.states import OPEN_STATES, MessageState
from core.messages.tables import messages, requests
from core.messages.way import Hold, OneRecipient, Way
from core.messages.ways import OpenWays, Ways
from core.providers.base import Idempotence, Outcome, SendResult, Trouble
from core.providers.tables import connections
from core.storage.database import Database, among, chunked
from core.storage.vault import Vault

BATCH = 20
# As long as somebody may ask what they were sent; it is personal data, and not needed longer.
KEPT = timedelta(days=30)
# Somebody waits for these: tried again sooner than a campaign's. The last one is that of every further attempt, for about three days.
BACK_OFF = tuple(timedelta(seconds=each) for each in (15, 60, 240, 600, 1800, 3600))
# What can't be opened with the keys of now is not lost: somebody may bring back the right one.
_LOCKED_FOR = timedelta(minutes=5)
# What was never tried may leave as soon as something is open: when that is, its ways know.
_UNTRIED = timedelta(seconds=1)
_AT_A_TIME = 1_000

_m, _r = messages.c, requests.c


@dataclass
class _Drain:
    connection_id: int
    ways: OpenWays
    owner: str
    flight: Flight
    should_go_on: Callable[[], bool]
    tally: Counter[str] = field(default_factory=Counter)
    hold: Hold | None = None
    stopped: str = ""

    def goes_on(self) -> bool:
        return not self.stopped and self.should_go_on()

    def stop(self, hold: Hold) -> None:
        self.hold, self.stopped = hold, hold.reason

    def report(self) -> DeliveryReport:
        counts = {each.value: self.tally[each.value] for each in Outcome}
        until, needs_person = (self.hold.until, self.hold.needs_person) if self.hold else (None, False)
        return DeliveryReport(**counts, skipped=self.tally["skipped"], stopped=self.stopped, needs_person=needs_person, until=until)


@dataclass
class _Chunk:
    """Claimed messages, sorted by what happens to them."""

    written: list[Written] = field(default_factory=list)
    refused: list[tuple[Claimed, str]] = field(default_factory=list)
    skipped: dict[int, str] = field(default_factory=dict)
    later: dict[int, datetime] = field(default_factory=dict)
    too_late: list[int] = field(default_factory=list)


class RequestDelivery:
    """Sends the single messages that wait for a connection.

    Args:
        db: The database.
        clock: The time.
        vault: Opens what they say.
        ledger: The messages.
        posting: Records intents and outcomes.
        composer: Writes the emails.
        ways: Opens the connections they leave by.
        hashes: Recognises who was erased.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        vault: Vault,
        ledger: Ledger,
        posting: Posting,
        composer: RequestComposer,
        ways: Ways,
        hashes: AddressHashes | None = None,
    ) -> None:
        self._db, self._clock, self._vault, self._hashes = db, clock, vault, hashes or AddressHashes()
        self._ledger, self._posting, self._composer, self._ways = ledger, posting, composer, ways

    def due(self) -> dict[int, int]:
        """Return the connections that have something to do (messages that wait, are due, or were abandoned), and whose each is."""
        now = self._clock.now()
        mine = sa.and_(_m.campaign_id.is_(None), _m.connection_id == connections.c.id)
        waits = sa.and_(_m.state == MessageState.QUEUED.value, _m.due_at.is_(None))
        is_due = sa.and_(_m.state.in_([MessageState.QUEUED.value, MessageState.RETRY.value]), _m.due_at <= now)
        held = sa.and_(_m.state.in_([MessageState.CLAIMED.value, MessageState.SENDING.value]), _m.lease_until <= now)
        found = sa.or_(*(sa.exists().where(mine, which).correlate(connections) for which in (waits, is_due, held)))
        with self._db.read() as connection:
            return {one: whose for one, whose in connection.execute(sa.select(connections.c.id, connections.c.workspace_id).where(found))}

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
        self._posting.salvage()
        owner, errand = f"{owner}:{random_name()}", Errand(whose, connection_id=connection_id)
        with self._posting.begin(owner, errand) as flight, closing(self._ways.open_for_requests(whose, connection_id)) as ways:
            run = _Drain(connection_id, ways, owner, flight, should_go_on)
            with self._db.transaction() as connection:
                release_abandoned(connection, connection_id, self._clock.now(), knows_keys=ways.knows_keys(connection_id))
            try:
                while run.goes_on() and self._send_some(run):
                    pass
            except StorageFull as error:
                run.stopped = str(error)
        return run.report()

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

    def _send_some(self, run: _Drain) -> bool:
        """Send a few messages by the way that is open; return whether there may be more."""
        way = run.ways.next()
        if isinstance(way, Hold):
            run.stop(way)
            return False
        self._posting.make_room()
        limit = min(BATCH, way.provider.batch_size, way.limit)
        with self._db.transaction() as connection:
            claimed = claim_of(connection, waiting_for(run.connection_id), run.owner, self._clock.now(), limit)
        if not claimed:
            return False
        written = self._paced(run, way, self._sorted(run, way, claimed))
        # A provider that knows a key again only where a message is sent alone gets each alone.
        size = 1 if way.provider.idempotence is Idempotence.ALONE else len(written)
        groups = [written[start : start + size] for start in range(0, len(written), size or 1)]
        while groups and run.goes_on() and run.ways.may_take(way):
            self._send(run, way, groups.pop(0))
        left_over = list(chain(*groups))
        if left_over:  # nobody has to wait for their lease
            self._ledger.release(run.owner, [each.claimed.message_id for each in left_over])
            run.ways.give_back(way, _people(left_over))
        return True

    def _paced(self, run: _Drain, way: Way, chunk: _Chunk) -> list[Written]:
        """Return what of a chunk may leave now; put on record what becomes of the others."""
        paced = run.ways.pace(way, _people(chunk.written))
        if chunk.skipped:
            run.tally["skipped"] += self._ledger.skip(run.owner, chunk.skipped)
        if chunk.too_late:
            run.tally[Outcome.UNCERTAIN.value] += self._ledger.park(run.owner, chunk.too_late, TOO_LATE)
        if later := chunk.later | paced.later:
            self._ledger.postpone(run.owner, later)
        if chunk.refused:
            refused = self._posting.refuse(run.owner, chunk.refused, way.provider, run.connection_id)
            run.tally.update(result.outcome.value for result in refused)
        leaving = {claimed.message_id for claimed, _ in paced.now}
        return [each for each in chunk.written if each.claimed.message_id in leaving]

    def _send(self, run: _Drain, way: Way, written: Sequence[Written]) -> None:
        left = self._posting.intend(run.owner, written, way.connection_id, run.flight)
        if not left:
            run.ways.give_back(way, _people(written))
            return
        results, knows_keys = completed(left, hand_over(way.provider, left, run.flight)), run.ways.knows_keys(way.connection_id)
        outcomes = [(claimed, _again(claimed, result, knows_keys=knows_keys)) for claimed, result in results]
        run.tally.update(result.outcome.value for _, result in outcomes)
        self._record(run, way, [result for _, result in results], outcomes)
        run.flight.landed()
        if (hold := run.ways.learn(way, _people(written), [result for _, result in results])) is not None:
            run.stop(hold)

    def _record(self, run: _Drain, way: Way, results: Sequence[SendResult], outcomes: Sequence[tuple[Claimed, SendResult]]) -> None:
        """Put outcomes on record: first what may have left after all, so that it never leaves by another connection."""
        unknown = {each.message_id for each in results if each.outcome is Outcome.UNCERTAIN}
        again = {result.message_id for _, result in outcomes if result.outcome is Outcome.RETRY}
        keep_with(self._db, way.connection_id, unknown & again, self._clock.now())
        self._posting.record(run.owner, outcomes, way.provider)
        if way.connection_id != run.connection_id:
            hand_back(self._db, run.connection_id, again - unknown)

    def _sorted(self, run: _Drain, way: Way, claimed: Sequence[Claimed]) -> _Chunk:
        now = self._clock.now()
        with self._db.read() as connection:
            rows = waiting(connection, [each.message_id for each in claimed], self._hashes)
        chunk = _Chunk()
        for each in claimed:
            row = rows[each.message_id]
            if row.left_at is not None and (row.why_not or not self._is_known_still(row.left_at, row.content, now)):
                chunk.too_late.append(each.message_id)
            elif row.why_not:
                chunk.skipped[each.message_id] = row.why_not
            elif (row.left_at is not None or not row.recipient.isascii()) and way.connection_id != run.connection_id:
                chunk.later[each.message_id] = now + LOOKS_AGAIN
            else:
                self._write(chunk, each, row)
        return chunk

    def _is_known_still(self, left_at: datetime, content: str, now: datetime) -> bool:
        """Return whether its provider knows what may have left by the name it has now: not for long, and by the same secret key only."""
        return left_at + KEY_HOLDS > now and self._vault.is_current(content)

    def _write(self, chunk: _Chunk, claimed: Claimed, row: Waiting) -> None:
        try:
            content = unseal(row.content, self._vault)
            message = self._composer.compose(row.workspace_id, claimed.message_id, row.recipient, content, row.created_at)
        except Unavailable:
            chunk.later[claimed.message_id] = self._clock.now() + _LOCKED_FOR
        except InvalidInput as error:
            chunk.refused.append((claimed, str(error)))
        else:
            chunk.written.append(Written(claimed, message))


def _people(written: Sequence[Written]) -> list[tuple[Claimed, OneRecipient]]:
    return [(each.claimed, OneRecipient(each.message.to)) for each in written]


def _again(claimed: Claimed, result: SendResult, *, knows_keys: bool) -> SendResult:
    """Return a result whose retry comes as soon as somebody who waits for it deserves, unless the provider names a time.

    What nobody knows the outcome of is asked again, too, where the provider delivers the same key once.
    """
    if result.trouble is Trouble.SENDER:  # who asked for this one chose its sender: it is theirs to mend
        return replace(result, outcome=Outcome.REFUSED, attempted=True, trouble=None, retry_after=None)
    if result.outcome is Outcome.UNCERTAIN and knows_keys and claimed.attempts + 1 < MAX_ATTEMPTS:
        result = replace(result, outcome=Outcome.RETRY)
    if result.outcome is Outcome.RETRY and not result.attempted:
        return replace(result, retry_after=_UNTRIED)
    if result.outcome is not Outcome.RETRY or result.retry_after is not None:
        return result
    return replace(result, retry_after=BACK_OFF[min(claimed.attempts, len(BACK_OFF) - 1)])
