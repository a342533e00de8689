"""Handing finished messages over, in the order that keeps every promise: intent, committed → it leaves → journal → outcome."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from traceback import extract_tb

from core.clock import Clock
from core.errors import StorageFull
from core.messages.flight_files import Errand
from core.messages.flights import Flight, Flights
from core.messages.ledger import Ledger
from core.messages.plan import WorkspaceCap
from core.messages.rows import Claimed, Unrecorded
from core.providers.base import Outcome, OutgoingMessage, Provider, SendResult, Trouble
from core.providers.plain_words import plain
from core.storage.event_record import EventRecord, event_record
from core.storage.event_words import EventKind
from core.storage.journal import JournalWriter

logger = logging.getLogger(__name__)

# The ingester is about a second behind; after this long a missing fact was lost on its way to the journal.
REPORT_AGAIN_AFTER = timedelta(minutes=1)
_REPORT_AGAIN_LIMIT = 10_000
# All that are missing are reported once in a round. The next round begins after a rest, and where nothing comes back after a longer
# one each time: while the ingester rests, its journal must not fill up with what it says already.
_FIRST_REST, _LONGEST_REST = timedelta(minutes=5), timedelta(hours=6)
_BEGINNING = (datetime.min.replace(tzinfo=UTC), 0)
_SOURCE = "delivery"
_LONGEST_NAME = 1_000  # an index holds it; providers' names have some dozen letters


@dataclass(frozen=True, slots=True)
class Written:
    """A claimed message, finished.

    Args:
        claimed: The ledger's row.
        message: The email.
    """

    claimed: Claimed
    message: OutgoingMessage


class Posting:
    """Puts on record what is about to leave and what came of it.

    Args:
        clock: The time.
        ledger: The messages.
        journal_factory: Opens this process's journal; called when first needed.
        flights: Where it is noted how far messages under way are; None notes nothing.
    """

    def __init__(self, clock: Clock, ledger: Ledger, journal_factory: Callable[[], JournalWriter], flights: Flights | None = None) -> None:
        self._clock, self._ledger, self._journal_factory = clock, ledger, journal_factory
        self._flights = flights or Flights()
        self._lock = threading.Lock()
        self._opened: JournalWriter | None = None
        self._reported_until, self._round_is_over = _BEGINNING, False
        self._rest, self._rests_until = timedelta(), _BEGINNING[0]

    def begin(self, owner: str, errand: Errand) -> Flight:
        """Return the record of a drain that begins; used as a context, it lasts as long as the drain."""
        return self._flights.begin(owner, errand)

    def salvage(self) -> None:
        """Settle what senders that are gone have left under way, as far as their records tell; before leases are looked at."""
        self._flights.visit(self._ledger.salvage)

    def make_room(self) -> None:
        """Write what waits in memory because the journal's disk was full: nothing new leaves before it is on the disk.

        Raises:
            StorageFull: If it still is.
        """
        journal = self._journal()
        if journal.backlog:
            journal.append([], durable=True)

    def intend(
        self, owner: str, written: Sequence[Written], connection_id: int, flight: Flight, cap: WorkspaceCap | None = None
    ) -> list[Written]:
        """Commit that messages are about to leave; return those that may. The record says first that all of them wait."""
        ids = [each.claimed.message_id for each in written]
        flight.carry(each.claimed for each in written)
        ours = self._ledger.record_intent(owner, ids, connection_id, cap) if ids else set()
        return [each for each in written if each.claimed.message_id in ours]

    def refuse(
        self, owner: str, refused: Sequence[tuple[Claimed, str]], provider: Provider, connection_id: int | None = None
    ) -> list[SendResult]:
        """Put on record that messages can't be written for their readers; return the results of those that were ours."""
        ours = self._ledger.record_intent(owner, [each.message_id for each, _ in refused], connection_id) if refused else set()
        outcomes = [(each, SendResult(each.message_id, Outcome.REFUSED, why)) for each, why in refused if each.message_id in ours]
        self.record(owner, outcomes, provider)
        return [result for _, result in outcomes]

    def record(self, owner: str, outcomes: Sequence[tuple[Claimed, SendResult]], provider: Provider) -> None:
        """Put outcomes on record: the journal first, durably, then the ledger.

        A crash between the two loses nothing: the ingester settles the ledger from the journal. If the disk of the journal
        is full, the ledger is tried all the same (it may have room on its disk or in its log): what the provider took must
        not be forgotten. The journal's records stay in memory and are written by the next append. If neither can be written
        the messages stay `sending` and become `uncertain` once their lease ends; they are never sent again blindly.
        """
        records = _records(outcomes, provider.kind, self._clock.now())
        try:
            if records:
                self._journal().append(records, durable=True)
        finally:
            self._ledger.record_outcomes(owner, outcomes)

    def report_again(self) -> int:
        """Put `sent` facts that never came back from the journal into it once more; return how many.

        They are missing where a sender was killed after the provider took a message and before it could say so: the reader's
        own click then told the ledger, or the journal's disk was full. The ingester counts each message once, so reporting
        one too many is harmless. What waits in memory for a full disk is written first, though nothing more may be sent: it may be
        all that is known of messages that are uncertain by now.
        """
        if self._opened is not None:
            with suppress(StorageFull):
                self.make_room()
        now = self._clock.now()
        if self._round_is_over and now >= self._rests_until:
            self._reported_until, self._round_is_over = _BEGINNING, False
        lost = self._ledger.unrecorded(after=self._reported_until, before=now - REPORT_AGAIN_AFTER, limit=_REPORT_AGAIN_LIMIT)
        if lost:
            known = [{"message_id": each.message_id, "provider_message_id": each.provider_message_id} for each in lost]
            records = [event_record(EventKind.SENT, each.accepted_at, _SOURCE, **fields) for each, fields in zip(lost, known, strict=True)]
            self._journal().append(records, durable=True, keep=False)
        self._go_on_after(lost)
        return len(lost)

    def _go_on_after(self, lost: Sequence[Unrecorded]) -> None:
        """Note how far a round is. One that is over begins anew: a message may be settled late, and its time then lies behind us.

        What is lost while the next one rests comes after all that was told, and need not wait for it.
        """
        found = bool(lost) or self._reported_until != _BEGINNING
        if lost:
            self._reported_until = (lost[-1].accepted_at, lost[-1].message_id)
        if not self._round_is_over and len(lost) < _REPORT_AGAIN_LIMIT:
            self._round_is_over = True
            self._rest = min(max(2 * self._rest, _FIRST_REST), _LONGEST_REST) if found else timedelta()
            self._rests_until = self._clock.now() + self._rest

    def close(self) -> None:
        """Close the journal, if it was opened."""
        with self._lock:
            journal, self._opened = self._opened, None
        if journal is not None:
            journal.close()

    def _journal(self) -> JournalWriter:
        with self._lock:
            if self._opened is None:
                self._opened = self._journal_factory()
            return self._opened


def hand_over(provider: Provider, left: Sequence[Written], flight: Flight) -> list[SendResult]:
    """Hand messages over. A provider never raises; if it has that fault all the same, nobody knows what has left, and it is held."""
    progress = flight.progress
    if not provider.tells_progress:
        progress.begin_all(each.claimed.message_id for each in left)
    try:
        return provider.send([each.message for each in left], progress)
    except Exception as error:  # whatever it is, it must not pass for "not sent", nor end the worker's thread again and again
        flight.retire()
        # Its words may hold whom the message was for, and so may those of what caused it: only its kind and place are told.
        where = next((f"{frame.filename}:{frame.lineno}" for frame in reversed(extract_tb(error.__traceback__))), "")
        logger.error("a provider (%s) failed by a fault of ours: %s at %s", provider.kind, type(error).__name__, where)
        reason = f"sending failed by a fault of ours ({type(error).__name__})"
        return [SendResult(each.claimed.message_id, Outcome.UNCERTAIN, reason, trouble=Trouble.CONNECTION) for each in left]


def completed(left: Sequence[Written], results: Sequence[SendResult]) -> list[tuple[Claimed, SendResult]]:
    """Return a result for every message that left, in words that can be kept; where the provider gave none, nobody knows."""
    by_id = {result.message_id: result for result in results}
    unknown = "the provider gave no answer for this message"
    ids = [each.claimed.message_id for each in left]
    return [
        (each.claimed, _plain(by_id.get(number) or SendResult(number, Outcome.UNCERTAIN, unknown)))
        for each, number in zip(left, ids, strict=True)
    ]


def _plain(result: SendResult) -> SendResult:
    """Return a result whose words are only that: one that a database can't keep would take the others of its batch with it."""
    reason, named = plain(result.reason), plain(result.provider_message_id or "")[:_LONGEST_NAME]
    if reason == result.reason and named == (result.provider_message_id or ""):
        return result
    return replace(result, reason=reason, provider_message_id=named.strip() or None)


def _records(outcomes: Sequence[tuple[Claimed, SendResult]], provider: str, now: datetime) -> list[EventRecord]:
    """Return the facts for the lake; each counts once, however often it is reported."""
    # No key: the ledger's `recorded_at` already makes it count once, and a key would be one more row per message.
    sent = event_record(EventKind.SENT, now, _SOURCE, provider=provider)
    records: list[EventRecord] = []
    for _, result in outcomes:
        if result.outcome is Outcome.ACCEPTED:
            named: EventRecord = {"provider_message_id": result.provider_message_id} if result.provider_message_id else {}
            records.append({**sent, "message_id": result.message_id, **named})
        elif result.outcome is Outcome.REFUSED and result.bounce_class is not None:
            refused = {"bounce_class": result.bounce_class, "reason": result.reason, "key": f"refused:{result.message_id}"}
            known = {"message_id": result.message_id, "provider": provider, **refused}
            records.append(event_record(EventKind.BOUNCED, now, _SOURCE, **known))
    return records
