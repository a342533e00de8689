"""The cap is held to in the moment of the intent, whoever looked before; what reached nobody does not count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from core.clock import FrozenClock
from core.messages.capping import over_cap
from core.messages.ledger import Ledger
from core.messages.plan import WorkspaceCap
from core.messages.rows import Claimed
from core.messages.states import MessageState
from core.permissions import Principal
from core.providers.base import Outcome, SendResult
from core.storage.database import Database

OTHER = 6


@pytest.fixture
def cap(workspace: Principal) -> WorkspaceCap:
    return WorkspaceCap(workspace.workspace_id, messages=1, days=7)


@pytest.fixture
def claim(ledger: Ledger, workspace: Principal) -> Callable[[int], list[Claimed]]:
    return lambda campaign_id: ledger.claim(workspace.workspace_id, campaign_id, f"owner-{campaign_id}", 100)


def settle(ledger: Ledger, claimed: list[Claimed], campaign_id: int, outcome: Outcome) -> None:
    ledger.record_outcomes(f"owner-{campaign_id}", [(each, SendResult(each.message_id, outcome, "")) for each in claimed])


def test_of_two_who_looked_at_once_the_second_is_held_back(
    ledger: Ledger,
    cap: WorkspaceCap,
    claim: Callable[[int], list[Claimed]],
    add_people: Callable[..., list[int]],
    enqueue: Callable[..., int],
    workspace: Principal,
) -> None:
    people = add_people(4)
    enqueue(people[:3])
    enqueue(people, campaign_id=OTHER)
    first, second = claim(5), claim(OTHER)  # both are past the first look
    assert len(ledger.record_intent("owner-5", [each.message_id for each in first], cap=cap)) == 3
    ours = ledger.record_intent("owner-6", [each.message_id for each in second], cap=cap)
    assert ours == {each.message_id for each in second if each.contact_id == people[3]}
    held = ledger.page(workspace, OTHER, MessageState.SKIPPED)
    assert {row.reason for row in held} == {"frequency_cap"}
    assert len(held) == 3


@pytest.mark.parametrize(
    ("outcome", "counts"), [(Outcome.ACCEPTED, True), (Outcome.UNCERTAIN, True), (Outcome.REFUSED, False), (Outcome.RETRY, False)]
)
def test_what_may_have_reached_somebody_counts(
    db: Database,
    ledger: Ledger,
    cap: WorkspaceCap,
    claim: Callable[[int], list[Claimed]],
    add_people: Callable[..., list[int]],
    enqueue: Callable[..., int],
    clock: FrozenClock,
    outcome: Outcome,
    counts: bool,
) -> None:
    people = add_people(2)
    enqueue(people[:1])
    claimed = claim(5)
    ledger.record_intent("owner-5", [each.message_id for each in claimed])
    settle(ledger, claimed, 5, outcome)
    with db.read() as connection:
        assert over_cap(connection, cap, people, clock.now()) == (set(people[:1]) if counts else set())
        assert over_cap(connection, cap, [], clock.now()) == set()
        after_a_week = over_cap(connection, cap, people, clock.now() + timedelta(days=7))
        assert after_a_week == (set(people[:1]) if outcome is Outcome.UNCERTAIN else set()), "who knows when it left"
        assert over_cap(connection, cap, people, clock.now() + timedelta(days=37)) == set()


def test_of_two_that_were_launched_long_ago_and_leave_today_one_is_held_back(
    ledger: Ledger,
    cap: WorkspaceCap,
    claim: Callable[[int], list[Claimed]],
    add_people: Callable[..., list[int]],
    enqueue: Callable[..., int],
    clock: FrozenClock,
) -> None:
    people = add_people(2)
    enqueue(people)
    enqueue(people, campaign_id=OTHER)
    clock.advance(timedelta(days=8))  # a warm-up, a pause or their zones have kept them
    first, second = claim(5), claim(OTHER)
    assert len(ledger.record_intent("owner-5", [each.message_id for each in first], cap=cap)) == 2
    assert not ledger.record_intent("owner-6", [each.message_id for each in second], cap=cap)
