"""Several ways out: who takes over, who gets which share, what is held back, and that nothing is lost or doubled on the way."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from core.clock import FrozenClock
from core.contacts.consent.consent import ConsentStatus
from core.contacts.lookup import Contact
from core.contacts.tables import contacts
from core.messages.delivery import Delivery, DeliveryReport
from core.messages.leasing import LEASE
from core.messages.ledger import Ledger
from core.messages.plan import Route, SendPlan
from core.messages.rows import Claimed
from core.messages.states import MessageState
from core.messages.tables import messages
from core.messages.way import Hold, Way
from core.messages.ways import OpenWays, Ways
from core.permissions import Principal
from core.providers.base import Outcome, SendResult, Trouble
from core.providers.connections import Connections
from core.providers.pace_book import PaceBook
from core.providers.paces import Paces
from core.providers.pacing import Pacing, WarmUp
from core.providers.standing import after_failure
from core.storage.database import Database
from tests.conftest import NOON
from tests.messages.conftest import CAMPAIGN
from tests.support.mail_server import MailServer, OnlyAnn, free_port, serving

AddPeople = Callable[..., list[int]]
Enqueue = Callable[..., int]
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def paces(db: Database, clock: FrozenClock) -> Paces:
    return Paces(db, clock)


@pytest.fixture
def ways(db: Database, clock: FrozenClock, connections: Connections) -> Ways:
    return Ways(clock, connections, PaceBook(db, clock))


@pytest.fixture
def drain(delivery: Delivery, clock: FrozenClock) -> Callable[..., DeliveryReport]:
    """Drain with a pause that lets time pass."""

    def run(plan: SendPlan, should_go_on: Callable[[], bool] = lambda: True) -> DeliveryReport:
        def wait(seconds: float) -> None:
            clock.advance(timedelta(seconds=seconds))

        return delivery.drain(plan, owner="test", should_go_on=should_go_on, pause=wait)

    return run


@pytest.fixture
def second_server() -> Iterator[MailServer]:
    with serving() as server:
        yield server


@pytest.fixture
def relay(connections: Connections, workspace: Principal) -> Callable[..., int]:
    """Add a connection to a mail server and return its number."""

    def add(name: str, port: int, **values: Any) -> int:
        return connections.add(workspace, name, "smtp", {"host": "127.0.0.1", "port": port, "security": "none"} | values).id

    return add


def names(server: MailServer) -> list[str]:
    return sorted(address for envelope in server.received for address in envelope.rcpt_tos)


def people(*addresses: str) -> list[tuple[Claimed, Contact]]:
    known = {"consent": ConsentStatus.SUBSCRIBED, "created_at": NOON, "updated_at": NOON}
    return [
        (Claimed(number, number, None, 0), Contact(number, address, "", "", {}, **known))  # type: ignore[arg-type]
        for number, address in enumerate(addresses, 1)
    ]


def results(chunk: list[tuple[Claimed, Contact]], outcome: Outcome = Outcome.ACCEPTED, **more: Any) -> list[SendResult]:
    return [SendResult(claimed.message_id, outcome, **more) for claimed, _ in chunk]


def sent_by(db: Database) -> Counter[int]:
    accepted = sa.select(messages.c.connection_id).where(messages.c.state == MessageState.ACCEPTED.value)
    with db.read() as connection:
        return Counter(connection.execute(accepted).scalars())


def close(db: Database, clock: FrozenClock, workspace: Principal, connection_id: int) -> None:
    """Let a connection be held for a while, as after a failure."""
    changes = {"": partial(after_failure, reason="It is down.", now=clock.now())}
    PaceBook(db, clock).note(workspace.workspace_id, connection_id, changes)


def only_way(open_ways: OpenWays) -> Way:
    found = open_ways.next()
    assert isinstance(found, Way)
    return found


def test_the_second_connection_takes_over_from_a_dead_one_and_nobody_is_lost_or_doubled(
    drain: Callable[..., DeliveryReport], plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, relay: Callable[..., int],
    paces: Paces, workspace: Principal, second_server: MailServer, clock: FrozenClock, ledger: Ledger,
) -> None:  # fmt: skip
    enqueue(add_people(120))
    dead, alive = relay("Dead", free_port()), relay("Alive", second_server.port)
    paces.set(workspace, dead, Pacing(), alive)

    for _ in range(12):
        drain(replace(plan, connection_id=dead))
        clock.advance(timedelta(seconds=61))

    assert names(second_server) == sorted(f"person{number}@example.com" for number in range(120))
    assert ledger.counts(workspace, CAMPAIGN) == {MessageState.ACCEPTED: 120}
    assert paces.all(workspace)[dead].held[0].reason.startswith("The mail server")


def test_a_dead_connection_rests_longer_and_longer_and_comes_back_by_itself(
    drain: Callable[..., DeliveryReport], plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, relay: Callable[..., int],
    paces: Paces, workspace: Principal, clock: FrozenClock,
) -> None:  # fmt: skip
    enqueue(add_people(30))
    port = free_port()
    only = replace(plan, connection_id=relay("Only", port))
    for _ in range(6):
        assert drain(only).stopped
        clock.advance(timedelta(seconds=61))
    [held] = paces.all(workspace)[only.connection_id].held
    assert held.until is None or held.until > clock.now()
    clock.advance(timedelta(minutes=15))

    with serving(port=port) as server:
        report = drain(only)
        while report.accepted:
            report = drain(only)
        assert len(server.received) == len(set(names(server))) == 30
    assert paces.all(workspace)[only.connection_id].held == ()


@pytest.mark.parametrize("weights", [(1, 1), (3, 1), (1, 7), (70, 30)])
def test_a_campaign_is_shared_out_as_planned(
    ways: Ways, plan: SendPlan, connections: Connections, workspace: Principal, weights: tuple[int, int]
) -> None:
    first, second = (connections.add(workspace, name, "outbox").id for name in ("One", "Two"))
    chunk, had = people(*(f"p{number}@shop.example" for number in range(10))), Counter[int]()
    routes = replace(plan, connection_id=first, routes=(Route(first, weights[0]), Route(second, weights[1])))
    for _ in range(8):  # drains; each begins where the last one ended
        opened = ways.open(routes)
        for _ in range(5):
            way = only_way(opened)
            opened.learn(way, opened.pace(way, chunk).now, results(chunk))
            had[way.connection_id] += len(chunk)
        opened.close()
    assert abs(had[first] - 400 * weights[0] / sum(weights)) <= len(chunk)


def test_every_message_of_a_shared_campaign_leaves_once(
    drain: Callable[..., DeliveryReport], plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, connections: Connections,
    workspace: Principal, db: Database,
) -> None:  # fmt: skip
    enqueue(add_people(1_200))
    first, second = (connections.add(workspace, name, "outbox").id for name in ("One", "Two"))

    assert drain(replace(plan, connection_id=first, routes=(Route(first, 1), Route(second, 1)))).accepted == 1_200

    shares = sent_by(db)
    assert abs(shares[first] - shares[second]) <= 500


def test_the_share_of_a_held_connection_goes_to_the_others_and_is_not_made_up_for_later(
    ways: Ways, plan: SendPlan, connections: Connections, workspace: Principal, clock: FrozenClock, db: Database
) -> None:
    first, second = (connections.add(workspace, name, "outbox").id for name in ("One", "Two"))
    chunk = people("a@shop.example", "b@shop.example")
    opened = ways.open(replace(plan, connection_id=first, routes=(Route(first, 1), Route(second, 1))))
    way = only_way(opened)
    assert way.connection_id == first
    opened.pace(way, chunk)
    slower = results(chunk, Outcome.RETRY, trouble=Trouble.THROTTLED, retry_after=timedelta(seconds=30), reason="429")
    assert opened.learn(way, chunk, slower) is None
    taken = []
    for _ in range(4):
        way = only_way(opened)
        opened.learn(way, opened.pace(way, chunk).now, results(chunk))
        taken.append(way.connection_id)
    assert taken == [second] * 4

    clock.advance(timedelta(seconds=31))
    after = []
    for _ in range(12):
        way = only_way(opened)
        after.append(way.connection_id)
        opened.learn(way, opened.pace(way, chunk).now, results(chunk))
    opened.close()
    assert abs(Counter(after)[first] - Counter(after)[second]) <= 2


def test_a_domain_that_complains_waits_alone(ways: Ways, plan: SendPlan, paces: Paces, workspace: Principal, clock: FrozenClock) -> None:
    chunk = people("a@gmail.com", "b@googlemail.com", "c@shop.example", "d@other.example")
    opened = ways.open(plan)
    way = only_way(opened)
    assert opened.pace(way, chunk).now == chunk
    answers = [
        SendResult(1, Outcome.RETRY, "421 4.7.28 slow down", trouble=Trouble.DOMAIN),
        SendResult(2, Outcome.ACCEPTED),
        SendResult(3, Outcome.ACCEPTED),
        SendResult(4, Outcome.ACCEPTED),
    ]
    assert opened.learn(way, chunk, answers) is None

    paced = opened.pace(only_way(opened), chunk)

    assert [contact.email for _, contact in paced.now] == ["c@shop.example", "d@other.example"]
    assert {*paced.later} == {1, 2}
    assert all(timedelta(minutes=1) <= moment - clock.now() <= timedelta(minutes=1, seconds=2) for moment in paced.later.values())
    [held] = paces.all(workspace)[plan.connection_id].held
    assert (held.group, held.until, held.reason) == ("gmail", clock.now() + timedelta(minutes=1), "421 4.7.28 slow down")

    clock.advance(timedelta(minutes=2))
    for _ in range(40):
        again = opened.pace(only_way(opened), chunk).now
        opened.learn(way, again, results(again))
        clock.advance(timedelta(seconds=5))
    opened.close()
    assert paces.all(workspace)[plan.connection_id].held == ()


def test_the_daily_quota_ends_the_day_and_the_rest_leaves_after_midnight(
    drain: Callable[..., DeliveryReport], plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, paces: Paces, workspace: Principal,
    clock: FrozenClock,
) -> None:  # fmt: skip
    enqueue(add_people(25))
    paces.set(workspace, plan.connection_id, Pacing(daily=10))

    assert drain(plan).accepted == 10
    report = drain(plan)
    assert (report.accepted, report.needs_person) == (0, False)
    assert report.stopped == "“Outbox” has sent the 10 messages its daily quota allows for today; it goes on after midnight UTC."
    assert paces.all(workspace)[plan.connection_id].today == 10

    clock.advance(MIDNIGHT - clock.now() - timedelta(seconds=1))
    assert drain(plan).accepted == 10  # the drain waits for the last second of the day
    clock.advance(timedelta(days=1))
    assert drain(plan).accepted == 5


def test_a_groups_share_of_a_warm_up_waits_for_the_next_day(
    drain: Callable[..., DeliveryReport], plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, paces: Paces, workspace: Principal,
    clock: FrozenClock, db: Database, rows: Callable[..., list[Any]],
) -> None:  # fmt: skip
    ids = add_people(20)
    with db.transaction() as connection:
        for number, contact_id in enumerate(ids[:12]):
            connection.execute(sa.update(contacts).where(contacts.c.id == contact_id).values(email=f"p{number}@gmail.com"))
    enqueue(ids)
    paces.set(workspace, plan.connection_id, Pacing(warm_up=WarmUp(clock.now().date(), (20, 40), {"gmail": 0.25})))

    assert drain(plan).accepted == 13
    assert {row.due_at for row in rows(MessageState.QUEUED)} == {clock.now() + timedelta(hours=1)}  # somebody may end the warm-up
    assert paces.all(workspace)[plan.connection_id].today_by_group == {"gmail": 5}
    assert drain(plan) == DeliveryReport()
    clock.advance(timedelta(days=1))
    assert drain(plan).accepted == 7


def test_what_was_counted_and_did_not_leave_is_given_back(ways: Ways, plan: SendPlan, paces: Paces, workspace: Principal) -> None:
    paces.set(workspace, plan.connection_id, Pacing(daily=10))
    chunk = people(*(f"p{number}@shop.example" for number in range(8)))
    opened = ways.open(plan)
    way = only_way(opened)
    opened.pace(way, chunk)
    assert paces.all(workspace)[plan.connection_id].today == 8
    opened.learn(way, chunk, [*results(chunk[:3]), *results(chunk[3:5], Outcome.UNCERTAIN), *results(chunk[5:], Outcome.REFUSED)])
    assert paces.all(workspace)[plan.connection_id].today == 5  # those nobody knows of count

    opened.pace(only_way(opened), chunk[:4])
    opened.close()  # somebody paused
    assert paces.all(workspace)[plan.connection_id].today == 5


def test_what_is_given_back_after_midnight_comes_off_the_day_it_was_counted_on(
    ways: Ways, plan: SendPlan, paces: Paces, workspace: Principal, clock: FrozenClock
) -> None:
    paces.set(workspace, plan.connection_id, Pacing(daily=10))
    clock.advance(MIDNIGHT - clock.now() - timedelta(seconds=1))
    opened, chunk = ways.open(plan), people(*(f"p{number}@shop.example" for number in range(8)))
    way = only_way(opened)
    opened.pace(way, chunk)
    clock.advance(timedelta(seconds=2))
    other = ways.open(plan)
    other.learn(way, other.pace(only_way(other), chunk[:3]).now, results(chunk[:3]))
    other.close()
    opened.give_back(way, chunk)
    opened.close()
    assert paces.all(workspace)[plan.connection_id].today == 3
    clock.advance(timedelta(seconds=-2))
    assert paces.all(workspace)[plan.connection_id].today == 0


def test_what_leaves_without_limits_is_counted_too(
    drain: Callable[..., DeliveryReport], plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, paces: Paces, workspace: Principal
) -> None:
    enqueue(add_people(7))
    drain(plan)
    assert paces.all(workspace)[plan.connection_id].today == 7


def test_a_rate_is_kept_to_and_waited_for_in_the_drain(
    drain: Callable[..., DeliveryReport], plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, paces: Paces, workspace: Principal,
    clock: FrozenClock,
) -> None:  # fmt: skip
    enqueue(add_people(100))
    paces.set(workspace, plan.connection_id, Pacing(per_second=10))
    began = clock.now()

    assert drain(plan).accepted == 100
    assert timedelta(seconds=8.9) <= clock.now() - began <= timedelta(seconds=10)


def test_a_domains_rate_is_kept_to_while_the_others_pass(
    drain: Callable[..., DeliveryReport], plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, paces: Paces, workspace: Principal,
    clock: FrozenClock, db: Database,
) -> None:  # fmt: skip
    ids = add_people(60)
    with db.transaction() as connection:
        for number, contact_id in enumerate(ids[:40]):
            connection.execute(sa.update(contacts).where(contacts.c.id == contact_id).values(email=f"p{number}@gmail.com"))
    enqueue(ids)
    paces.set(workspace, plan.connection_id, Pacing(per_domain={"gmail": 4}))
    began = clock.now()

    assert drain(plan).accepted == 60
    assert timedelta(seconds=8.5) <= clock.now() - began <= timedelta(seconds=14)


@pytest.mark.parametrize("how", ["slow", "held"])
def test_those_who_wait_for_a_domain_leave_soon_after_its_limit_is_lifted(
    drain: Callable[..., DeliveryReport], ways: Ways, plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, paces: Paces,
    workspace: Principal, clock: FrozenClock, how: str,
) -> None:  # fmt: skip
    enqueue(add_people(500))
    if how == "slow":
        paces.set(workspace, plan.connection_id, Pacing(per_domain={"example.com": 0.01}))
    else:
        opened, chunk = ways.open(plan), people("a@example.com")
        away = results(chunk, Outcome.RETRY, trouble=Trouble.DOMAIN, retry_after=timedelta(hours=20))
        opened.learn(only_way(opened), chunk, away)
        opened.close()
    went = drain(plan).accepted
    paces.set(workspace, plan.connection_id, Pacing())
    paces.try_again(workspace, plan.connection_id)

    clock.advance(timedelta(minutes=5) if how == "slow" else timedelta(hours=1, minutes=5))
    for _ in range(30):
        went += drain(plan).accepted
        clock.advance(timedelta(seconds=10))
    assert went == 500


def test_a_long_line_for_a_domain_is_asked_again_and_keeps_its_rate(
    drain: Callable[..., DeliveryReport], plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, paces: Paces, workspace: Principal,
    clock: FrozenClock,
) -> None:  # fmt: skip
    enqueue(add_people(300))
    paces.set(workspace, plan.connection_id, Pacing(per_domain={"example.com": 0.25}))
    began, went = clock.now(), 0
    while clock.now() - began < timedelta(minutes=12):
        went += drain(plan).accepted
        clock.advance(timedelta(seconds=4))
    assert 165 <= went <= 181


def test_processes_keep_a_rate_together(db: Database, clock: FrozenClock, workspace: Principal, connections: Connections) -> None:
    number = connections.default(workspace).id
    Paces(db, clock).set(workspace, number, Pacing(per_second=50))
    given: list[int] = []

    def ask() -> None:
        book = PaceBook(db, clock)
        for _ in range(5):
            given.append(book.take(workspace.workspace_id, number, {"gmail": 7}).now["gmail"])

    for second in range(3):
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(given) == 50 * (second + 1)
        clock.advance(timedelta(seconds=1))


def test_two_drains_at_once_keep_a_rate_together(
    delivery: Delivery, plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, paces: Paces, workspace: Principal, ledger: Ledger
) -> None:
    enqueue(add_people(200))
    paces.set(workspace, plan.connection_id, Pacing(per_second=30))
    stop = threading.Event()

    def run() -> None:  # time stands still, so there is one burst for both of them
        delivery.drain(plan, owner="test", should_go_on=lambda: not stop.is_set(), pause=lambda seconds: stop.set())

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.counts(workspace, CAMPAIGN) == {MessageState.ACCEPTED: 30, MessageState.QUEUED: 170}


def test_an_unknown_outcome_is_only_sent_again_where_there_is_one_way(
    ways: Ways, plan: SendPlan, connections: Connections, workspace: Principal, paces: Paces
) -> None:
    other = connections.add(workspace, "Two", "outbox").id
    alone = ways.open(plan)
    assert alone.sent_twice_is_once == {plan.connection_id}
    alone.close()
    shared = ways.open(replace(plan, routes=(Route(plan.connection_id, 1), Route(other, 1))))
    assert shared.sent_twice_is_once == frozenset()
    shared.close()
    paces.set(workspace, plan.connection_id, Pacing(), other)
    helped = ways.open(plan)
    assert helped.sent_twice_is_once == frozenset()
    helped.close()


@pytest.fixture
def left_by_a_dead_sender(
    ledger: Ledger, plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, workspace: Principal, clock: FrozenClock
) -> int:
    """Three messages the outbox may have, waiting again: it would not deliver them twice."""
    enqueue(add_people(3))
    claimed = ledger.claim(workspace.workspace_id, CAMPAIGN, "dead", 3)
    ledger.record_intent("dead", [each.message_id for each in claimed], plan.connection_id)
    clock.advance(LEASE)
    return ledger.release_expired(workspace.workspace_id, CAMPAIGN, sent_twice_is_once={plan.connection_id}).queued


def test_what_one_connection_may_have_leaves_by_no_other(
    left_by_a_dead_sender: int, drain: Callable[..., DeliveryReport], plan: SendPlan, add_people: AddPeople, enqueue: Enqueue,
    paces: Paces, workspace: Principal, ledger: Ledger, clock: FrozenClock, db: Database, mail_server: MailServer,
    relay: Callable[..., int],
) -> None:  # fmt: skip
    helper = relay("Helper", mail_server.port)
    paces.set(workspace, plan.connection_id, Pacing(), helper)
    close(db, clock, workspace, plan.connection_id)
    enqueue(add_people(2))

    drain(plan)
    assert ledger.counts(workspace, CAMPAIGN) == {MessageState.QUEUED: left_by_a_dead_sender, MessageState.ACCEPTED: 2}
    assert len(mail_server.received) == 2  # those nobody had tried before

    paces.try_again(workspace, plan.connection_id)
    drain(plan)
    assert sent_by(db) == {plan.connection_id: 3, helper: 2}
    assert len(mail_server.received) == 2


def test_what_one_connection_may_have_is_nothing_another_one_has_a_share_of(
    left_by_a_dead_sender: int, drain: Callable[..., DeliveryReport], plan: SendPlan, db: Database, mail_server: MailServer,
    relay: Callable[..., int],
) -> None:  # fmt: skip
    other = relay("Other", mail_server.port)
    drain(replace(plan, routes=(Route(other, 9), Route(plan.connection_id, 1))))
    assert mail_server.received == []
    assert sent_by(db) == {plan.connection_id: left_by_a_dead_sender}


def test_wrong_credentials_burn_nothing_and_say_so(
    drain: Callable[..., DeliveryReport], plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, relay: Callable[..., int],
    rows: Callable[..., list[Any]], paces: Paces, workspace: Principal, connections: Connections,
) -> None:  # fmt: skip
    enqueue(add_people(20))
    with serving(authenticator=OnlyAnn(), auth_require_tls=False) as server:
        number = relay("Relay", server.port, username="ann", password="wrong")
        through = replace(plan, connection_id=number)
        report = drain(through)
        assert report.needs_person
        assert "refused the sign-in" in report.stopped
        waiting = rows(MessageState.QUEUED)
        assert [(row.attempts, row.due_at, row.reason) for row in waiting] == [(0, None, "")] * 20
        again = server.connections
        assert drain(through).needs_person
        assert server.connections == again  # nobody knocks again with the same password
        assert paces.all(workspace)[number].held[0].needs_person

        connections.change(workspace, number, {"password": "right"})
        assert drain(through).accepted == 20
        assert len(set(names(server))) == len(server.received) == 20


def test_wrong_credentials_hand_over_where_somebody_can_take_over(
    drain: Callable[..., DeliveryReport], plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, relay: Callable[..., int],
    paces: Paces, workspace: Principal, second_server: MailServer,
) -> None:  # fmt: skip
    enqueue(add_people(20))
    with serving(authenticator=OnlyAnn(), auth_require_tls=False) as server:
        wrong = relay("Wrong", server.port, username="ann", password="wrong")
        paces.set(workspace, wrong, Pacing(), relay("Right", second_server.port))
        first, report = (drain(replace(plan, connection_id=wrong)) for _ in range(2))
    assert (first.retry, first.needs_person) == (20, False)
    assert (report.accepted, report.needs_person) == (20, False)
    assert len(set(names(second_server))) == len(second_server.received) == 20


def test_a_hold_says_when_and_why(ways: Ways, plan: SendPlan, clock: FrozenClock) -> None:
    chunk = people("a@shop.example")
    opened = ways.open(plan)
    way = only_way(opened)
    hold = opened.learn(way, chunk, results(chunk, Outcome.RETRY, trouble=Trouble.CONNECTION, reason="It is down.", attempted=False))
    assert hold == Hold(clock.now() + timedelta(seconds=5), "It is down.")
    assert opened.next() == hold
    assert not opened.may_take(way)
    opened.close()
