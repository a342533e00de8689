"""The delivery loop: claim, check who may still be mailed, write, record the intent, send, journal, record the outcome."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.clock import Clock
from core.contacts.lookup import Contact, SkipReason, contacts_by_id, skip_reasons
from core.errors import InvalidInput, StorageFull
from core.ids import random_name
from core.messages.composing import Composer
from core.messages.ledger import Ledger
from core.messages.plan import SendPlan
from core.messages.rows import Claimed
from core.providers.base import Idempotence, Outcome, OutgoingMessage, Provider, SendResult
from core.providers.connections import Connections
from core.storage.database import Database
from core.storage.event_record import EventRecord, event_record
from core.storage.event_words import EventKind
from core.storage.journal import JournalWriter

LARGEST_BATCH = 500
# The ingester is about a second behind; after this long a missing fact was lost on its way to the journal.
REPORT_AGAIN_AFTER = timedelta(minutes=1)
_REPORT_AGAIN_LIMIT = 10_000
_SOURCE = "delivery"


@dataclass(frozen=True)
class DeliveryReport:
    """What one drain came to.

    Args:
        accepted: Messages the provider took.
        refused: Messages it will never take.
        retry: Messages that are tried again later.
        uncertain: Messages whose outcome nobody knows.
        skipped: Messages to people who may not be mailed.
        stopped: Why the drain ended early, in words; empty if it did not.
    """

    accepted: int = 0
    refused: int = 0
    retry: int = 0
    uncertain: int = 0
    skipped: int = 0
    stopped: str = ""


@dataclass(frozen=True)
class _Batch:
    """What stays the same from batch to batch of one drain."""

    plan: SendPlan
    provider: Provider
    owner: str
    tally: Counter[str]


class Delivery:
    """Sends what is due of a campaign.

    Args:
        db: The database.
        clock: The time.
        ledger: The messages.
        journal_factory: Opens this process's journal; called when first needed.
        composer: Writes the emails.
        connections: Opens providers.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        ledger: Ledger,
        journal_factory: Callable[[], JournalWriter],
        composer: Composer,
        connections: Connections,
    ) -> None:
        self._db, self._clock, self._ledger = db, clock, ledger
        self._journal_factory, self._composer, self._connections = journal_factory, composer, connections
        self._lock = threading.Lock()
        self._opened: JournalWriter | None = None
        self._reported_until = datetime.min.replace(tzinfo=UTC)

    def drain(self, plan: SendPlan, *, owner: str, should_go_on: Callable[[], bool]) -> DeliveryReport:
        """Send until nothing is due, somebody says stop, or the provider or the disk can take no more.

        Args:
            plan: The campaign.
            owner: Who sends; a suffix makes it unique to this drain.
            should_go_on: Asked before every batch.

        Raises:
            NotFound: If the connection is gone.
            Unavailable: If the database does not answer; what was claimed comes back with its lease.
        """
        tally: Counter[str] = Counter()
        with closing(self._connections.open(plan.workspace_id, plan.connection_id)) as provider:
            self._ledger.release_expired(plan.workspace_id, plan.campaign_id, is_idempotent=provider.idempotence is Idempotence.ALWAYS)
            try:
                stopped = self._send_all(_Batch(plan, provider, f"{owner}:{random_name()}", tally), should_go_on)
            except StorageFull as error:
                stopped = str(error)
        return DeliveryReport(**{outcome.value: tally[outcome.value] for outcome in Outcome}, skipped=tally["skipped"], stopped=stopped)

    def report_again(self) -> int:
        """Put `sent` facts that never came back from the journal into it once more; return how many.

        They are missing where a sender was killed after the provider took a message and before it could say so: the reader's
        own click then told the ledger, or the journal's disk was full. The ingester counts each message once, so reporting
        one too many is harmless.
        """
        before = self._clock.now() - REPORT_AGAIN_AFTER
        lost = self._ledger.unrecorded(after=self._reported_until, before=before, limit=_REPORT_AGAIN_LIMIT)
        if lost:
            known = [{"message_id": each.message_id, "provider_message_id": each.provider_message_id} for each in lost]
            records = [event_record(EventKind.SENT, each.accepted_at, _SOURCE, **fields) for each, fields in zip(lost, known, strict=True)]
            self._journal().append(records, durable=True, keep=False)
            self._reported_until = lost[-1].accepted_at  # while the ingester rests, the same ones are not written again
        return len(lost)

    def close(self) -> None:
        """Close the journal, if it was opened."""
        with self._lock:
            journal, self._opened = self._opened, None
        if journal is not None:
            journal.close()

    def _send_all(self, batch: _Batch, should_go_on: Callable[[], bool]) -> str:
        """Send batch after batch; return why to stop, or nothing where all is done or somebody said stop."""
        stopped = ""
        while not stopped and should_go_on():
            claimed = self._claim(batch)
            if not claimed:
                break
            stopped = self._send(batch, claimed)
        return stopped

    def _claim(self, batch: _Batch) -> list[Claimed]:
        journal = self._journal()
        if journal.backlog:
            journal.append([], durable=True)  # the disk was full: nothing new leaves before the last facts are on it
        limit = min(LARGEST_BATCH, batch.provider.batch_size)
        return self._ledger.claim(batch.plan.workspace_id, batch.plan.campaign_id, batch.owner, limit)

    def _send(self, batch: _Batch, claimed: Sequence[Claimed]) -> str:
        """Send one batch; return why to stop, or nothing."""
        composed = self._compose(batch, self._mailable(batch, claimed))
        ours = self._ledger.record_intent(batch.owner, [pair[0].message_id for pair in composed])
        leaving = [pair for pair in composed if pair[0].message_id in ours]
        results = _complete(leaving, batch.provider.send([message for _, message in leaving]) if leaving else [])
        outcomes = [(each, results[each.message_id]) for each, _ in leaving]
        self._record(batch, outcomes)
        # The provider could not be reached: the next batch would fare no better. The sweeper rings again in a while.
        return next((result.reason for _, result in outcomes if not result.attempted), "")

    def _mailable(self, batch: _Batch, claimed: Sequence[Claimed]) -> list[tuple[Claimed, Contact]]:
        """Look once more, right before sending, who may be mailed; note why for the others."""
        ids = [each.contact_id for each in claimed]
        with self._db.read() as connection:
            reasons = skip_reasons(connection, batch.plan.workspace_id, ids)
            people = contacts_by_id(connection, batch.plan.workspace_id, [each for each in ids if each not in reasons])
        skipped = {
            each.message_id: reasons.get(each.contact_id, SkipReason.DELETED.value) for each in claimed if each.contact_id not in people
        }
        if skipped:
            batch.tally["skipped"] += self._ledger.skip(batch.owner, skipped)
        return [(each, people[each.contact_id]) for each in claimed if each.contact_id in people]

    def _compose(self, batch: _Batch, people: Sequence[tuple[Claimed, Contact]]) -> list[tuple[Claimed, OutgoingMessage]]:
        """Write the emails; one that can't be written for its contact is refused and holds nobody up."""
        now = self._clock.now()
        written: list[tuple[Claimed, OutgoingMessage]] = []
        refused: list[tuple[Claimed, SendResult]] = []
        for each, contact in people:
            try:
                written.append((each, self._composer.compose(batch.plan, each.message_id, contact, each.variant_id, at=now)))
            except InvalidInput as error:
                refused.append((each, SendResult(each.message_id, Outcome.REFUSED, str(error))))
        if refused:
            ours = self._ledger.record_intent(batch.owner, [each.message_id for each, _ in refused])
            self._record(batch, [pair for pair in refused if pair[0].message_id in ours])
        return written

    def _record(self, batch: _Batch, outcomes: Sequence[tuple[Claimed, SendResult]]) -> None:
        """Put outcomes on record: the journal first, durably, then the ledger.

        A crash between the two loses nothing: the ingester settles the ledger from the journal. If the disk of the journal
        is full, the ledger is tried all the same (it may have room on its disk or in its log): what the provider took must
        not be forgotten. The journal's records stay in memory and are written by the next append. If neither can be written
        the messages stay `sending` and become `uncertain` once their lease ends; they are never sent again blindly.
        """
        records = [record for _, result in outcomes if (record := self._record_of(batch, result))]
        batch.tally.update(result.outcome.value for _, result in outcomes)
        try:
            if records:
                self._journal().append(records, durable=True)
        finally:
            self._ledger.record_outcomes(batch.owner, outcomes)

    def _record_of(self, batch: _Batch, result: SendResult) -> EventRecord | None:
        """Return the fact for the lake, or None where there is nothing to tell; it counts once, however often it is reported."""
        if result.outcome is Outcome.ACCEPTED:
            return self._sent(result.message_id, batch.provider.kind, result.provider_message_id)
        if result.outcome is not Outcome.REFUSED or result.bounce_class is None:
            return None
        return event_record(
            EventKind.BOUNCED,
            self._clock.now(),
            _SOURCE,
            message_id=result.message_id,
            provider=batch.provider.kind,
            bounce_class=result.bounce_class,
            reason=result.reason,
            key=f"refused:{result.message_id}",
        )

    def _sent(self, message_id: int, provider: str, provider_message_id: str | None) -> EventRecord:
        # No key: the ledger's `recorded_at` already makes it count once, and a key would be one more row per message.
        known = {"message_id": message_id, "provider": provider, "provider_message_id": provider_message_id}
        return event_record(EventKind.SENT, self._clock.now(), _SOURCE, **known)

    def _journal(self) -> JournalWriter:
        with self._lock:
            if self._opened is None:
                self._opened = self._journal_factory()
            return self._opened


def _complete(leaving: Sequence[tuple[Claimed, OutgoingMessage]], results: Sequence[SendResult]) -> dict[int, SendResult]:
    """Return a result for every message that left; where the provider gave none, nobody knows."""
    by_id = {result.message_id: result for result in results}
    unknown = "the provider gave no answer for this message"
    return {each.message_id: by_id.get(each.message_id) or SendResult(each.message_id, Outcome.UNCERTAIN, unknown) for each, _ in leaving}
