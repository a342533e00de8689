"""The delivery loop: claim, check who may be mailed, write, record the intent, send, journal, record the outcome.

While one chunk is on its way the next one is claimed and written, so neither the processor nor the wire waits for the other.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.clock import Clock
from core.contacts.lookup import Addressee
from core.errors import InvalidInput, StorageFull
from core.ids import random_name
from core.messages.composing import Composer
from core.messages.eligibility import Eligibility
from core.messages.flight_files import Errand
from core.messages.flights import Flight
from core.messages.ledger import Ledger
from core.messages.lessons import of_the_campaign
from core.messages.plan import SendPlan
from core.messages.posting import Posting, Written, completed, hand_over
from core.messages.rows import Claimed
from core.messages.way import Hold, Way
from core.messages.ways import OpenWays, Ways
from core.providers.base import Outcome, SendResult

LARGEST_BATCH = 1_000
# A hold that ends sooner than this is waited for here; a longer one ends the drain, and the sweeper looks again.
LONGEST_PAUSE_SECONDS = 2.0


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
        needs_person: Whether nothing more will leave before a person has changed something.
        until: When it is worth going on, where that is known.
    """

    accepted: int = 0
    refused: int = 0
    retry: int = 0
    uncertain: int = 0
    skipped: int = 0
    stopped: str = ""
    needs_person: bool = False
    until: datetime | None = None


@dataclass
class _Drain:
    """One run over a campaign: what stays the same from chunk to chunk, and what it has come to."""

    plan: SendPlan
    ways: OpenWays
    owner: str
    flight: Flight
    should_go_on: Callable[[], bool]
    pause: Callable[[float], None]
    tally: Counter[str] = field(default_factory=Counter)
    stopped: str = ""
    needs_person: bool = False
    until: datetime | None = None

    def goes_on(self) -> bool:
        return not self.stopped and self.should_go_on()

    def stop(self, hold: Hold) -> None:
        self.stopped = self.stopped or hold.reason
        self.needs_person = self.needs_person or hold.needs_person


@dataclass(frozen=True)
class _Chunk:
    """Messages that are written and may leave by one way."""

    way: Way
    people: Sequence[tuple[Claimed, Addressee]]
    written: Sequence[Written]


@dataclass(frozen=True)
class _Underway:
    """A chunk that was handed to its provider."""

    chunk: _Chunk
    left: Sequence[Written]
    answer: Future[list[SendResult]]


class Delivery:
    """Sends what is due of a campaign.

    Args:
        clock: The time.
        ledger: The messages.
        posting: Records intents and outcomes.
        eligibility: Knows who may be mailed.
        composer: Writes the emails.
        ways: Opens the connections they leave by.
    """

    def __init__(self, clock: Clock, ledger: Ledger, posting: Posting, eligibility: Eligibility, composer: Composer, ways: Ways) -> None:
        self._clock, self._ledger, self._posting = clock, ledger, posting
        self._eligibility, self._composer, self._ways = eligibility, composer, ways

    def drain(
        self, plan: SendPlan, *, owner: str, should_go_on: Callable[[], bool], pause: Callable[[float], None] = time.sleep
    ) -> DeliveryReport:
        """Send until nothing is due, somebody says stop, or the provider or the disk can take no more.

        Args:
            plan: The campaign.
            owner: Who sends; a suffix makes it unique to this drain.
            should_go_on: Asked before every chunk.
            pause: Waits some seconds where the pace wants it; may return early.

        Raises:
            NotFound: If the connection is gone.
            Unavailable: If the database does not answer; what was claimed comes back with its lease.
        """
        self._posting.salvage()
        owner = f"{owner}:{random_name()}"
        errand = Errand(plan.workspace_id, plan.campaign_id)
        with self._posting.begin(owner, errand) as flight, closing(self._ways.open(plan)) as ways:
            self._ledger.release_expired(plan.workspace_id, plan.campaign_id, sent_twice_is_once=ways.sent_twice_is_once)
            run = _Drain(plan, ways, owner, flight, should_go_on, pause)
            try:
                self._send_all(run)
            except StorageFull as error:
                run.stopped = str(error)
        tally: dict[str, Any] = {each.value: run.tally[each.value] for each in Outcome}
        tally |= {"skipped": run.tally["skipped"], "stopped": run.stopped, "needs_person": run.needs_person, "until": run.until}
        return DeliveryReport(**tally)

    def salvage(self) -> None:
        """Settle what senders that are gone have left under way; see `Posting.salvage`."""
        self._posting.salvage()

    def report_again(self) -> int:
        """Report `sent` facts once more that got lost; see `Posting.report_again`."""
        return self._posting.report_again()

    def close(self) -> None:
        """Close the journal, if it was opened."""
        self._posting.close()

    def _send_all(self, run: _Drain) -> None:
        with ThreadPoolExecutor(1, "delivery-lane") as lane:
            underway: _Underway | None = None
            try:
                while run.goes_on() and (chunk := self._prepare(run)) is not None:
                    before, underway = underway, None
                    try:
                        if before is not None:
                            self._finish(run, before)
                        if run.goes_on() and run.ways.may_take(chunk.way):
                            underway = self._start(run, chunk, lane)
                    finally:
                        if underway is None:  # nobody has to wait for the lease of what is only claimed
                            self._ledger.release(run.owner, [each.claimed.message_id for each in chunk.written])
                            run.ways.give_back(chunk.way, chunk.people)
            finally:  # whatever went wrong with the next chunk, what has left is put on record
                if underway is not None:
                    self._finish(run, underway)

    def _prepare(self, run: _Drain) -> _Chunk | None:
        """Return the next chunk, written; None where there is nothing (more) to send now."""
        passed: set[int] = set()  # what waits may be bound to another connection than the one whose turn it is
        while run.goes_on():
            way = run.ways.next_but(passed)
            if way is None:
                if (turn := run.ways.resumes()) is None or not self._waited(run, turn):
                    return None
                passed.clear()
            elif isinstance(way, Hold):
                if not self._waited(run, way.until):
                    run.stop(way)
            elif not (claimed := self._claim(run, way)):
                passed.add(way.connection_id)
            elif (chunk := self._written(run, way, claimed)).written:
                return chunk
        return None

    def _claim(self, run: _Drain, way: Way) -> list[Claimed]:
        self._posting.make_room()
        limit = min(LARGEST_BATCH, way.provider.batch_size, way.limit)
        return self._ledger.claim(run.plan.workspace_id, run.plan.campaign_id, run.owner, limit, way.connection_id)

    def _waited(self, run: _Drain, until: datetime) -> bool:
        """Wait until a moment and return True, or return False at once where that takes too long."""
        seconds = (until - self._clock.now()).total_seconds()
        if seconds > LONGEST_PAUSE_SECONDS:
            run.until = until
            return False
        run.pause(max(seconds, 0.0))
        return True

    def _written(self, run: _Drain, way: Way, claimed: Sequence[Claimed]) -> _Chunk:
        """Return the chunk of those who may be mailed now; note why for the others, and until when some have to wait."""
        checked = self._eligibility.sort(run.plan, claimed)
        paced = run.ways.pace(way, checked.now)
        if checked.skipped:
            run.tally["skipped"] += self._ledger.skip(run.owner, checked.skipped)
        if later := checked.later | paced.later:
            self._ledger.postpone(run.owner, later)
        return _Chunk(way, paced.now, self._compose(run, way, paced.now))

    def _compose(self, run: _Drain, way: Way, people: Sequence[tuple[Claimed, Addressee]]) -> list[Written]:
        """Write the emails; one that can't be written for its contact is refused and holds nobody up."""
        now = self._clock.now()
        written: list[Written] = []
        refused: list[tuple[Claimed, str]] = []
        for each, contact in people:
            try:
                written.append(Written(each, self._composer.compose(run.plan, each.message_id, contact, each.variant_id, at=now)))
            except InvalidInput as error:
                refused.append((each, str(error)))
        if refused:
            results = self._posting.refuse(run.owner, refused, way.provider)
            run.tally.update(result.outcome.value for result in results)
        return written

    def _start(self, run: _Drain, chunk: _Chunk, lane: ThreadPoolExecutor) -> _Underway | None:
        left = self._posting.intend(run.owner, chunk.written, chunk.way.connection_id, run.flight, run.plan.cap)
        if not left:
            return None
        return _Underway(chunk, left, lane.submit(hand_over, chunk.way.provider, left, run.flight))

    def _finish(self, run: _Drain, underway: _Underway) -> None:
        """Wait for a chunk and put on record what became of it."""
        way = underway.chunk.way
        outcomes = completed(underway.left, underway.answer.result())
        run.tally.update(result.outcome.value for _, result in outcomes)
        self._posting.record(run.owner, outcomes, way.provider)
        run.flight.landed()
        results = [result for _, result in outcomes]
        for hold in (run.ways.learn(way, underway.chunk.people, results), of_the_campaign(results)):
            if hold is not None:
                run.stop(hold)
