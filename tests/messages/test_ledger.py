from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.clock import FrozenClock
from core.errors import Denied
from core.messages.leasing import LEASE
from core.messages.ledger import Ledger
from core.messages.rows import Claimed
from core.messages.settling import MAX_ATTEMPTS
from core.messages.states import MessageState
from core.permissions import Principal
from core.providers.base import Outcome, SendResult, Trouble
from core.storage.database import Database
from core.storage.event_words import BounceClass
from tests.messages.conftest import CAMPAIGN

AddPeople = Callable[..., list[int]]
Enqueue = Callable[..., int]
States = Callable[[], dict[int, str]]


def claim(ledger: Ledger, workspace: Principal, owner: str = "a", limit: int = 100) -> list[Claimed]:
    return ledger.claim(workspace.workspace_id, CAMPAIGN, owner, limit)


WAY = 3


def intend(ledger: Ledger, claimed: list[Claimed], owner: str = "a") -> set[int]:
    return ledger.record_intent(owner, [each.message_id for each in claimed], WAY)


def settle(ledger: Ledger, claimed: list[Claimed], outcome: Outcome, owner: str = "a", **known: Any) -> None:
    ledger.record_outcomes(owner, [(each, SendResult(each.message_id, outcome, **known)) for each in claimed])


def release(ledger: Ledger, workspace: Principal, *, is_idempotent: bool) -> tuple[int, int]:
    released = ledger.release_expired(workspace.workspace_id, CAMPAIGN, sent_twice_is_once={WAY} if is_idempotent else ())
    return released.queued, released.uncertain


def test_everybody_gets_one_message_however_often_a_campaign_is_queued(add_people: AddPeople, enqueue: Enqueue, states: States) -> None:
    people = add_people(25)

    assert enqueue(people, variant_id=1) == 25
    assert enqueue(people, variant_id=2) == 0
    assert list(states().values()) == ["queued"] * 25


def test_somebody_deleted_meanwhile_gets_no_message(add_people: AddPeople, enqueue: Enqueue) -> None:
    assert enqueue([*add_people(2), 999_999]) == 2


def test_a_stranger_contact_gets_no_message(db: Database, ledger: Ledger, add_people: AddPeople, workspace: Principal) -> None:
    [person] = add_people(1)

    with db.transaction() as connection:
        assert ledger.enqueue(connection, workspace.workspace_id + 1, CAMPAIGN, [(person, None)]) == 0


def test_more_people_than_one_statement_can_name_are_all_queued(add_people: AddPeople, enqueue: Enqueue) -> None:
    assert enqueue(add_people(10_500)) == 10_500


def test_claimed_messages_are_nobody_elses(ledger: Ledger, add_people: AddPeople, enqueue: Enqueue, workspace: Principal) -> None:
    people = add_people(5)
    enqueue(people, variant_id=3)

    first, second, third = (claim(ledger, workspace, owner, 3) for owner in "abc")

    assert [len(each) for each in (first, second, third)] == [3, 2, 0]
    assert sorted(each.contact_id for each in first + second) == people
    assert {(each.variant_id, each.attempts) for each in first + second} == {(3, 0)}


def test_claimers_at_the_same_time_never_get_the_same_message(
    ledger: Ledger, add_people: AddPeople, enqueue: Enqueue, workspace: Principal
) -> None:
    enqueue(add_people(400))
    taken: Counter[int] = Counter()
    start, lock = threading.Barrier(4), threading.Lock()

    def work(owner: str) -> None:
        start.wait()
        while claimed := claim(ledger, workspace, owner, 7):
            with lock:
                taken.update(each.message_id for each in claimed)

    threads = [threading.Thread(target=work, args=(f"owner {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(taken) == 400
    assert set(taken.values()) == {1}


def test_another_campaigns_messages_are_left_alone(ledger: Ledger, add_people: AddPeople, enqueue: Enqueue, workspace: Principal) -> None:
    enqueue(add_people(1), campaign_id=CAMPAIGN + 1)

    assert claim(ledger, workspace) == []
    assert ledger.claim(workspace.workspace_id + 1, CAMPAIGN + 1, "a", 10) == []


def test_an_accepted_message_is_settled(
    ledger: Ledger, add_people: AddPeople, enqueue: Enqueue, workspace: Principal, clock: FrozenClock
) -> None:
    enqueue(add_people(1))
    claimed = claim(ledger, workspace)
    assert intend(ledger, claimed) == {claimed[0].message_id}

    settle(ledger, claimed, Outcome.ACCEPTED, provider_message_id="p-1")

    [row] = ledger.page(workspace, CAMPAIGN)
    assert (row.state, row.attempts, row.accepted_at, row.provider_message_id) == (MessageState.ACCEPTED, 1, clock.now(), "p-1")
    assert row.email == "person0@example.com"


def test_an_intent_needs_a_claim_that_still_holds(
    ledger: Ledger, add_people: AddPeople, enqueue: Enqueue, workspace: Principal, clock: FrozenClock
) -> None:
    enqueue(add_people(2))
    slow = claim(ledger, workspace, "slow")
    clock.advance(LEASE)
    assert release(ledger, workspace, is_idempotent=False) == (2, 0)
    quick = claim(ledger, workspace, "quick")

    assert intend(ledger, slow, "slow") == set()
    assert intend(ledger, quick, "quick") == {each.message_id for each in quick}


def test_a_lease_that_holds_is_left_alone(
    ledger: Ledger, add_people: AddPeople, enqueue: Enqueue, workspace: Principal, clock: FrozenClock
) -> None:
    enqueue(add_people(1))
    claim(ledger, workspace)
    clock.advance(LEASE - timedelta(seconds=1))

    assert release(ledger, workspace, is_idempotent=False) == (0, 0)


def test_what_may_have_left_is_uncertain_and_never_sent_again_unasked(
    ledger: Ledger, add_people: AddPeople, enqueue: Enqueue, workspace: Principal, clock: FrozenClock
) -> None:
    enqueue(add_people(3))
    intend(ledger, claim(ledger, workspace))
    clock.advance(LEASE)

    assert release(ledger, workspace, is_idempotent=False) == (0, 3)
    clock.advance(timedelta(days=365))
    assert release(ledger, workspace, is_idempotent=False) == (0, 0)
    assert claim(ledger, workspace) == []
    assert ledger.counts(workspace, CAMPAIGN) == {MessageState.UNCERTAIN: 3}


def test_what_may_have_left_is_sent_again_where_the_same_key_delivers_once(
    ledger: Ledger, add_people: AddPeople, enqueue: Enqueue, workspace: Principal, clock: FrozenClock
) -> None:
    enqueue(add_people(3))
    intend(ledger, claim(ledger, workspace))
    clock.advance(LEASE)

    assert release(ledger, workspace, is_idempotent=True) == (3, 0)
    assert len(claim(ledger, workspace, "b")) == 3


def test_what_one_connection_may_have_is_claimed_for_no_other_whatever_is_tried_in_between(
    ledger: Ledger, add_people: AddPeople, enqueue: Enqueue, workspace: Principal, clock: FrozenClock
) -> None:
    def claimed_for(way: int, owner: str = "a") -> list[Claimed]:
        return ledger.claim(workspace.workspace_id, CAMPAIGN, owner, 100, way)

    enqueue(add_people(2))
    intend(ledger, claim(ledger, workspace))
    clock.advance(LEASE)
    release(ledger, workspace, is_idempotent=True)

    assert claimed_for(WAY + 1) == []
    again = claimed_for(WAY)
    assert [each.is_bound for each in again] == [True, True]
    assert ledger.record_intent("a", [each.message_id for each in again], WAY + 1) == set()
    intend(ledger, again)
    settle(ledger, again, Outcome.RETRY)
    clock.advance(timedelta(minutes=2))
    assert claimed_for(WAY + 1) == []
    assert len(claimed_for(WAY)) == 2


@pytest.mark.parametrize("trouble", [None, Trouble.SIGN_IN])
def test_what_was_certainly_not_taken_leaves_by_any_connection(
    ledger: Ledger, add_people: AddPeople, enqueue: Enqueue, workspace: Principal, clock: FrozenClock, trouble: Trouble | None
) -> None:
    enqueue(add_people(2))
    claimed = claim(ledger, workspace)
    intend(ledger, claimed)
    settle(ledger, claimed, Outcome.RETRY, attempted=trouble is None, trouble=trouble)
    clock.advance(timedelta(minutes=2))
    assert len(ledger.claim(workspace.workspace_id, CAMPAIGN, "b", 100, WAY + 1)) == 2


def test_a_late_answer_settles_what_was_declared_uncertain(
    ledger: Ledger, add_people: AddPeople, enqueue: Enqueue, workspace: Principal, clock: FrozenClock
) -> None:
    enqueue(add_people(1))
    claimed = claim(ledger, workspace)
    intend(ledger, claimed)
    clock.advance(LEASE)
    release(ledger, workspace, is_idempotent=False)

    settle(ledger, claimed, Outcome.ACCEPTED)

    assert ledger.counts(workspace, CAMPAIGN) == {MessageState.ACCEPTED: 1}


def test_a_late_answer_for_a_message_somebody_else_has_changes_nothing(
    ledger: Ledger, add_people: AddPeople, enqueue: Enqueue, workspace: Principal, clock: FrozenClock
) -> None:
    enqueue(add_people(1))
    slow = claim(ledger, workspace, "slow")
    intend(ledger, slow, "slow")
    clock.advance(LEASE)
    release(ledger, workspace, is_idempotent=True)
    intend(ledger, claim(ledger, workspace, "quick"), "quick")

    settle(ledger, slow, Outcome.REFUSED, "slow")

    assert ledger.counts(workspace, CAMPAIGN) == {MessageState.SENDING: 1}


def test_a_retry_waits_twice_as_long_each_time_up_to_an_hour_and_is_given_up_after_days(
    ledger: Ledger, add_people: AddPeople, enqueue: Enqueue, workspace: Principal, clock: FrozenClock
) -> None:
    enqueue(add_people(1))
    waits = []
    for _ in range(MAX_ATTEMPTS - 1):
        claimed = claim(ledger, workspace)
        intend(ledger, claimed)
        settle(ledger, claimed, Outcome.RETRY, reason="451 later")
        [row] = ledger.page(workspace, CAMPAIGN, MessageState.RETRY)
        assert claim(ledger, workspace) == []
        waits.append((row.due_at - clock.now()) / timedelta(minutes=1))
        clock.advance(row.due_at - clock.now())
    claimed = claim(ledger, workspace)
    intend(ledger, claimed)
    settle(ledger, claimed, Outcome.RETRY, reason="451 later")

    [row] = ledger.page(workspace, CAMPAIGN)
    assert waits[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert 69 <= sum(waits) / 60 <= 72  # hours: a server may be full, or look twice at strangers, for as long
    assert (row.state, row.attempts) == (MessageState.REFUSED, MAX_ATTEMPTS)
    assert row.reason == f"given up after {MAX_ATTEMPTS} attempts: 451 later"


def test_a_server_that_is_down_costs_a_message_no_attempt(
    ledger: Ledger, add_people: AddPeople, enqueue: Enqueue, workspace: Principal, clock: FrozenClock
) -> None:
    enqueue(add_people(1))
    for _ in range(MAX_ATTEMPTS + 3):
        claimed = claim(ledger, workspace)
        intend(ledger, claimed)
        settle(ledger, claimed, Outcome.RETRY, reason="down", attempted=False)
        clock.advance(timedelta(minutes=1))

    [row] = ledger.page(workspace, CAMPAIGN)
    assert (row.state, row.attempts, row.reason) == (MessageState.RETRY, 0, "down")


def test_refused_and_uncertain_are_final(ledger: Ledger, add_people: AddPeople, enqueue: Enqueue, workspace: Principal) -> None:
    enqueue(add_people(2))
    refused, uncertain = claim(ledger, workspace)
    intend(ledger, [refused, uncertain])

    settle(ledger, [refused], Outcome.REFUSED, reason="550 5.1.1", bounce_class=BounceClass.HARD)
    settle(ledger, [uncertain], Outcome.UNCERTAIN, reason="lost")

    assert claim(ledger, workspace) == []
    assert [(row.state, row.reason) for row in ledger.page(workspace, CAMPAIGN)] == [
        (MessageState.REFUSED, "550 5.1.1"),
        (MessageState.UNCERTAIN, "lost"),
    ]


def test_cancelling_stops_what_has_not_left_and_nothing_else(
    db: Database, ledger: Ledger, add_people: AddPeople, enqueue: Enqueue, workspace: Principal
) -> None:
    enqueue(add_people(5))
    leaving, retry, claimed, skipped, _waiting = (claim(ledger, workspace, limit=1)[0] for _ in range(5))
    intend(ledger, [leaving, retry])
    settle(ledger, [retry], Outcome.RETRY)
    ledger.skip("a", {skipped.message_id: "suppressed"})
    ledger.release("a", [_waiting.message_id])

    with db.transaction() as connection:
        assert ledger.cancel_queued(connection, workspace.workspace_id, CAMPAIGN) == 3

    assert intend(ledger, [claimed]) == set()
    counts = {MessageState.SENDING: 1, MessageState.CANCELLED: 3, MessageState.SKIPPED: 1}
    assert ledger.counts(workspace, CAMPAIGN) == counts
    settle(ledger, [leaving], Outcome.ACCEPTED)
    assert ledger.counts(workspace, CAMPAIGN)[MessageState.ACCEPTED] == 1


def test_skipping_says_why(ledger: Ledger, add_people: AddPeople, enqueue: Enqueue, workspace: Principal) -> None:
    enqueue(add_people(3))
    first, second, third = claim(ledger, workspace)

    assert ledger.skip("a", {first.message_id: "suppressed", second.message_id: "unsubscribed"}) == 2
    assert ledger.skip("somebody else", {third.message_id: "suppressed"}) == 0
    assert [row.reason for row in ledger.page(workspace, CAMPAIGN, MessageState.SKIPPED)] == ["suppressed", "unsubscribed"]


def test_pages_follow_each_other(ledger: Ledger, add_people: AddPeople, enqueue: Enqueue, workspace: Principal) -> None:
    enqueue(add_people(5))
    first = ledger.page(workspace, CAMPAIGN, limit=3)
    second = ledger.page(workspace, CAMPAIGN, limit=3, after_id=first[-1].id)

    assert [len(first), len(second)] == [3, 2]
    assert [row.email for row in first + second] == [f"person{number}@example.com" for number in range(5)]


def test_another_workspace_sees_nothing(ledger: Ledger, add_people: AddPeople, enqueue: Enqueue, workspace: Principal) -> None:
    enqueue(add_people(2))
    stranger = Principal.system(workspace.workspace_id + 1)

    assert ledger.counts(stranger, CAMPAIGN) == {}
    assert ledger.page(stranger, CAMPAIGN) == []
    with pytest.raises(Denied):
        ledger.counts(Principal(workspace.workspace_id, "nobody", frozenset()), CAMPAIGN)
