"""Whatever workers do, in whatever order, and whenever they die: nobody gets two emails, and nobody is forgotten."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.contacts.tables import contacts
from core.messages.flight_files import Errand
from core.messages.flights import Flight, Flights
from core.messages.leasing import LEASE
from core.messages.ledger import Ledger
from core.messages.rows import Claimed
from core.messages.states import MessageState
from core.messages.tables import messages
from core.providers.base import Outcome, SendResult
from core.storage.database import Database

CAMPAIGN, PEOPLE = 5, 6
NOT_SENT_AGAIN = {MessageState.ACCEPTED, MessageState.REFUSED, MessageState.SKIPPED, MessageState.CANCELLED, MessageState.UNCERTAIN}


class LedgerMachine(RuleBasedStateMachine):
    template: Path
    claims = Bundle("claims")
    intents = Bundle("intents")
    flights = Bundle("flights")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(self.template, self.folder / "app.db")
        self.db = Database(f"sqlite:///{self.folder / 'app.db'}")
        self.clock = FrozenClock(datetime(2026, 11, 22, 12, tzinfo=UTC))
        self.ledger = Ledger(self.db, self.clock)
        self.workspace = Workspaces(self.db, self.clock).create("Acme").id
        self.records = Flights(self.folder / "flights", "this boot")
        self.owners = 0
        self.left: Counter[int] = Counter()
        self.final: dict[int, str] = {}

    def teardown(self) -> None:
        self.db.close()
        shutil.rmtree(self.folder)

    @initialize()
    def launch_twice(self) -> None:
        now = self.clock.now()
        fixed = {"workspace_id": self.workspace, "consent": "subscribed", "created_at": now, "updated_at": now, "updated_seq": 1}
        with self.db.transaction() as connection:
            rows = [fixed | {"email": f"{number}@example.com", "attributes": {}} for number in range(PEOPLE)]
            ids = list(connection.execute(sa.insert(contacts).returning(contacts.c.id), rows).scalars())
            for _ in range(2):
                self.ledger.enqueue(connection, self.workspace, CAMPAIGN, [(contact_id, None) for contact_id in ids])

    @rule(target=claims, limit=st.integers(1, 4))
    def start(self, limit: int) -> tuple[str, list[Claimed]]:
        return self.claim(limit)

    def claim(self, limit: int) -> tuple[str, list[Claimed]]:
        self.owners += 1
        owner = f"owner {self.owners}"
        return owner, self.ledger.claim(self.workspace, CAMPAIGN, owner, limit)

    @rule(target=intents, claim=consumes(claims))
    def go_on(self, claim: tuple[str, list[Claimed]]) -> tuple[str, list[Claimed]]:
        return self.intend_and_send(claim)

    def intend_and_send(self, claim: tuple[str, list[Claimed]]) -> tuple[str, list[Claimed]]:
        owner, claimed = claim
        ours = self.ledger.record_intent(owner, [each.message_id for each in claimed])
        self.left.update(ours)
        return owner, [each for each in claimed if each.message_id in ours]

    @rule(claim=consumes(claims))
    def skip(self, claim: tuple[str, list[Claimed]]) -> None:
        owner, claimed = claim
        self.ledger.skip(owner, {each.message_id: "suppressed" for each in claimed})

    @rule(claim=consumes(claims))
    def give_back(self, claim: tuple[str, list[Claimed]]) -> None:
        owner, claimed = claim
        self.ledger.release(owner, [each.message_id for each in claimed])

    @rule(intent=consumes(intents), outcome=st.sampled_from(Outcome), attempted=st.booleans())
    def answer(self, intent: tuple[str, list[Claimed]], outcome: Outcome, attempted: bool) -> None:
        owner, sent = intent
        self.ledger.record_outcomes(owner, [(each, SendResult(each.message_id, outcome, attempted=attempted)) for each in sent])
        if outcome is Outcome.RETRY:
            self.left.subtract(each.message_id for each in sent)  # it is known not to have arrived

    @rule(intent=consumes(intents))
    def die_on_the_way(self, intent: tuple[str, list[Claimed]]) -> None:
        """Nobody ever answers."""

    @rule(target=flights, limit=st.integers(1, PEOPLE), begun=st.integers(0, 4), outcomes=st.lists(st.sampled_from(Outcome), max_size=4))
    def send_some_with_a_record(self, limit: int, begun: int, outcomes: list[Outcome]) -> Flight:
        """Some leave, in order, and some of those are answered; then the sender hangs."""
        return self.send_some_and_hang(limit, begun, outcomes)

    def send_some_and_hang(self, limit: int, begun: int, outcomes: list[Outcome]) -> Flight:
        owner, claimed = self.claim(limit)
        flight = self.records.begin(owner, Errand(self.workspace, CAMPAIGN))
        flight.carry(claimed)
        ours = self.ledger.record_intent(owner, [each.message_id for each in claimed])
        leaving = [each.message_id for each in claimed if each.message_id in ours][:begun]
        for message_id in leaving:
            flight.progress.begin(message_id)
            self.left[message_id] += 1
        for message_id, outcome in zip(leaving, outcomes, strict=False):
            flight.progress.learn(SendResult(message_id, outcome))
            if outcome is Outcome.RETRY:
                self.left[message_id] -= 1
        return flight

    @rule(flight=consumes(flights))
    def die_and_leave_the_record(self, flight: Flight) -> None:
        flight.__exit__(RuntimeError, None, None)

    @rule(target=intents, limit=st.integers(1, PEOPLE), begun=st.integers(0, 4), outcomes=st.lists(st.sampled_from(Outcome), max_size=4))
    def die_and_be_found_by_another_worker(self, limit: int, begun: int, outcomes: list[Outcome]) -> tuple[str, list[Claimed]]:
        self.send_some_and_hang(limit, begun, outcomes).__exit__(RuntimeError, None, None)
        self.records.visit(self.ledger.salvage)
        return self.intend_and_send(self.claim(PEOPLE))

    @rule()
    def salvage(self) -> None:
        self.records.visit(self.ledger.salvage)

    @rule(seconds=st.sampled_from([1, 30, 60, 60, 300]))
    def wait_and_sweep(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))
        self.ledger.release_expired(self.workspace, CAMPAIGN)

    @rule(target=intents)
    def another_worker_sends_what_it_finds(self) -> tuple[str, list[Claimed]]:
        return self.intend_and_send(self.claim(PEOPLE))

    @precondition(lambda self: self.owners > 4)
    @rule()
    def cancel(self) -> None:
        with self.db.transaction() as connection:
            self.ledger.cancel_queued(connection, self.workspace, CAMPAIGN)

    @invariant()
    def nobody_is_forgotten_or_written_to_twice(self) -> None:
        with self.db.read() as connection:
            rows = connection.execute(sa.select(messages)).all()
        assert len(rows) == PEOPLE
        assert max(self.left.values(), default=0) <= 1
        for row in rows:
            held = row.state in {MessageState.CLAIMED, MessageState.SENDING}
            assert (row.lease_until is not None) == held
            assert not held or row.lease_until <= self.clock.now() + LEASE
            assert (row.due_at is not None) == (row.state == MessageState.RETRY)
            before = self.final.get(row.id)
            assert before in {None, row.state} or before == MessageState.UNCERTAIN
            if row.state in NOT_SENT_AGAIN:
                self.final[row.id] = row.state


def test_nobody_is_forgotten_or_written_to_twice_whatever_happens(migrated_file: Path) -> None:
    LedgerMachine.template = migrated_file
    chosen = settings(
        max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
    )
    run_state_machine_as_test(LedgerMachine, settings=chosen)
