"""Single messages keep the pace of their connection, go before campaigns, and leave by another one only where they surely have not left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.accounts.resealing import reseal
from core.clock import FrozenClock
from core.links.tokens import TokenSigner
from core.links.urls import TrackingUrls
from core.messages.delivery import DeliveryReport
from core.messages.ledger import Ledger
from core.messages.looking_up import Messages
from core.messages.posting import Posting
from core.messages.request_composing import RequestComposer
from core.messages.request_delivery import BACK_OFF, RequestDelivery
from core.messages.request_models import Request
from core.messages.request_routes import KEY_HOLDS, LOOKS_AGAIN, TOO_LATE
from core.messages.requests import Requests
from core.messages.rows import MessageRow
from core.messages.states import MessageState
from core.messages.tables import messages
from core.messages.ways import Ways
from core.permissions import Principal
from core.providers.base import Idempotence, Outcome, OutgoingMessage, SendResult, Trouble
from core.providers.connections import Connections
from core.providers.pace_book import PaceBook
from core.providers.pace_rules import Closed, opening
from core.providers.paces import Paces
from core.providers.pacing import Pacing, WarmUp
from core.providers.progress import UNNOTED, Progress
from core.storage.database import Database
from core.storage.journal import JournalWriter
from core.storage.vault import Vault
from tests.conftest import NOON
from tests.messages.conftest import KEY

RECEIPT = Request(to="grace@example.com", from_email="shop@shop.example", subject="Your order", text="Thanks")


class Provider:
    """Says what it is told to say, and remembers which keys it was given."""

    kind, batch_size, tells_progress = "smtp", 100, False

    def __init__(self, idempotence: Idempotence) -> None:
        self.idempotence = idempotence
        self.asked: list[str] = []
        self.says = SendResult(0, Outcome.ACCEPTED)
        self.says_of: dict[str, SendResult] = {}

    def send(self, messages: Sequence[OutgoingMessage], progress: Progress = UNNOTED) -> list[SendResult]:
        self.asked += [message.key for message in messages]
        return [replace(self.says_of.get(message.to, self.says), message_id=message.message_id) for message in messages]

    def check(self) -> None:
        pass

    def close(self) -> None:
        pass


class Opening(Connections):
    """Connections that open what the test has made of them."""

    def __init__(self, db: Database, clock: FrozenClock, folder: Path) -> None:
        super().__init__(db, clock, Vault(KEY), folder)
        self.made: dict[int, Provider] = {}

    def open(self, workspace_id: int, connection_id: int) -> Provider:
        return self.made[connection_id]


class Pair:
    """A connection that knows keys, one that takes over from it, and what sends by them."""

    def __init__(self, db: Database, clock: FrozenClock, ledger: Ledger, posting: Posting, workspace: Principal, folder: Path) -> None:
        self.connections = Opening(db, clock, folder)
        self.one, self.two = (self.connections.add(workspace, name, "outbox").id for name in ("One", "Two"))
        self.first, self.second = Provider(Idempotence.ALONE), Provider(Idempotence.NEVER)
        self.connections.made = {self.one: self.first, self.two: self.second}
        composer = RequestComposer(TrackingUrls(TokenSigner(KEY), "https://track.example"), KEY)
        ways = Ways(clock, self.connections, PaceBook(db, clock))
        self.delivery = RequestDelivery(db, clock, Vault(KEY), ledger, posting, composer, ways)
        self.paces = Paces(db, clock)
        self._ledger, self._posting, self._ways, self._clock = ledger, posting, ways, clock
        self.asked, self._workspace, self._db = Requests(db, clock, Vault(KEY), self.connections), workspace, db

    def ask(self, to: str = "grace@example.com") -> int:
        return self.asked.submit(self._workspace, replace(RECEIPT, to=to, connection=self.one)).message_id

    def send(self) -> DeliveryReport:
        return self.delivery.drain(self.one, owner="test", should_go_on=lambda: True)

    def send_after_the_key_was_changed(self) -> DeliveryReport:
        composer = RequestComposer(TrackingUrls(TokenSigner(b"new"), "https://track.example"), b"new")
        changed = RequestDelivery(self._db, self._clock, Vault(b"new", [KEY]), self._ledger, self._posting, composer, self._ways)
        return changed.drain(self.one, owner="test", should_go_on=lambda: True)

    def row(self, message_id: int) -> MessageRow:
        return Messages(self._db).get(self._workspace, message_id)[1]

    def way_of(self, message_id: int) -> int | None:
        with self._db.read() as connection:
            found: int | None = connection.execute(sa.select(messages.c.connection_id).where(messages.c.id == message_id)).scalar_one()
        return found


@pytest.fixture
def pair(db: Database, clock: FrozenClock, ledger: Ledger, workspace: Principal, tmp_path: Path) -> Iterator[Pair]:
    posting = Posting(clock, ledger, lambda: JournalWriter(tmp_path / "journal", "delivery"))
    yield Pair(db, clock, ledger, posting, workspace, tmp_path)
    posting.close()


AWAY = SendResult(0, Outcome.RETRY, "can't be reached", attempted=False, trouble=Trouble.CONNECTION)
UNKNOWN = SendResult(0, Outcome.UNCERTAIN, "no answer", trouble=Trouble.CONNECTION)


def test_another_connection_takes_over_what_surely_did_not_leave(pair: Pair, workspace: Principal, clock: FrozenClock) -> None:
    pair.paces.set(workspace, pair.one, Pacing(), pair.two)
    pair.first.says = AWAY
    ids = [pair.ask() for _ in range(3)]

    first = pair.send()
    clock.advance(timedelta(seconds=1))
    pair.send()

    assert first.retry == 1
    assert len(pair.first.asked) == 1
    assert sorted(pair.second.asked) == sorted(set(pair.second.asked))
    assert [(pair.row(each).state.value, pair.way_of(each)) for each in ids] == [("accepted", pair.two)] * 3
    assert {pair.asked.get(workspace, each).connection_id for each in ids} == {pair.two}


def test_what_may_have_left_waits_for_its_own_connection_and_leaves_by_the_same_key(
    pair: Pair, workspace: Principal, clock: FrozenClock
) -> None:
    clock.advance(timedelta(hours=1))
    pair.paces.set(workspace, pair.one, Pacing(daily=1), pair.two)
    pair.first.says = UNKNOWN
    unknown, other = pair.ask(), pair.ask()

    pair.send()
    clock.advance(BACK_OFF[0])
    pair.send()
    assert (len(pair.first.asked), len(pair.second.asked)) == (1, 1)
    assert (pair.way_of(unknown), pair.way_of(other)) == (pair.one, pair.two)
    assert pair.row(unknown).due_at == clock.now() + LOOKS_AGAIN

    pair.first.says = SendResult(0, Outcome.ACCEPTED)
    clock.advance(timedelta(hours=10, minutes=59, seconds=45))
    assert pair.send().accepted == 1
    assert len(set(pair.first.asked)) == 1
    assert len(pair.first.asked) == 2
    assert pair.row(unknown).state is MessageState.ACCEPTED


def test_what_may_have_left_is_not_asked_for_again_once_its_key_may_be_forgotten(pair: Pair, clock: FrozenClock) -> None:
    pair.first.says = UNKNOWN
    message_id = pair.ask()
    pair.send()
    pair.first.says = AWAY
    clock.advance(KEY_HOLDS - timedelta(seconds=1))
    pair.send()
    clock.advance(timedelta(minutes=1))

    assert pair.send().uncertain == 1
    assert len(pair.first.asked) == 2
    assert (pair.row(message_id).state, pair.row(message_id).reason) == (MessageState.UNCERTAIN, TOO_LATE)


@pytest.mark.parametrize("is_resealed", [True, False])
def test_what_may_have_left_under_a_secret_key_of_before_is_not_asked_for_by_another_name(
    pair: Pair, db: Database, clock: FrozenClock, is_resealed: bool
) -> None:
    pair.first.says = UNKNOWN
    unknown = pair.ask()
    pair.send()
    leaving, waiting = pair.ask(), pair.ask()
    with db.transaction() as connection:  # as a killed sender leaves it
        lease = {"state": "sending", "lease_owner": "killed", "lease_until": clock.now() + timedelta(seconds=5)}
        connection.execute(sa.update(messages).where(messages.c.id == leaving).values(**lease))
    if is_resealed:
        assert reseal(db, Vault(b"new", [KEY])) == 3
    pair.first.says = SendResult(0, Outcome.ACCEPTED)
    clock.advance(BACK_OFF[0])

    report = pair.send_after_the_key_was_changed()

    assert (report.accepted, report.uncertain) == (1, 2)
    assert len(pair.first.asked) == 2
    assert [pair.row(each).state.value for each in (unknown, leaving, waiting)] == ["uncertain", "uncertain", "accepted"]


def test_what_the_one_that_took_over_could_not_send_waits_for_its_own_again(pair: Pair, workspace: Principal, clock: FrozenClock) -> None:
    pair.paces.set(workspace, pair.one, Pacing(), pair.two)
    pair.first.says = AWAY
    pair.second.says = SendResult(0, Outcome.RETRY, "451 4.3.0 Later")
    message_id = pair.ask()
    pair.send()
    clock.advance(timedelta(seconds=1))
    assert pair.send().retry == 1
    assert (pair.way_of(message_id), pair.row(message_id).attempts) == (pair.one, 1)

    pair.first.says = SendResult(0, Outcome.ACCEPTED)
    clock.advance(BACK_OFF[1])
    assert pair.send().accepted == 1
    assert (len(pair.first.asked), len(pair.second.asked), pair.way_of(message_id)) == (2, 1, pair.one)


def test_an_address_that_another_connection_may_not_carry_waits_for_its_own(pair: Pair, workspace: Principal, clock: FrozenClock) -> None:
    pair.paces.set(workspace, pair.one, Pacing(), pair.two)
    pair.first.says = AWAY
    message_id = pair.ask("grüße@example.com")
    pair.send()
    clock.advance(timedelta(seconds=1))
    pair.send()
    assert pair.second.asked == []

    pair.first.says = SendResult(0, Outcome.ACCEPTED)
    clock.advance(LOOKS_AGAIN)
    assert pair.send().accepted == 1
    assert pair.way_of(message_id) == pair.one


def test_an_unknown_outcome_is_held_where_nobody_knows_the_key(pair: Pair, workspace: Principal, clock: FrozenClock) -> None:
    pair.paces.set(workspace, pair.one, Pacing(), pair.two)
    pair.first.says, pair.second.says = AWAY, UNKNOWN
    message_id = pair.ask()
    pair.send()
    clock.advance(timedelta(seconds=1))
    assert pair.send().uncertain == 1
    clock.advance(timedelta(hours=1))
    pair.send()

    assert len(pair.second.asked) == 1
    assert pair.row(message_id).state is MessageState.UNCERTAIN


def test_a_rate_holds_for_single_messages_too(pair: Pair, workspace: Principal, clock: FrozenClock) -> None:
    pair.paces.set(workspace, pair.one, Pacing(per_second=5))
    for _ in range(12):
        pair.ask()

    report = pair.send()
    assert (report.accepted, report.stopped) == (5, "“One” is sending as fast as it may.")
    assert report.until is not None
    assert report.until - clock.now() < timedelta(seconds=0.21)
    clock.advance(timedelta(seconds=0.2))
    assert pair.send().accepted == 1  # no half of a burst has to gather first
    clock.advance(timedelta(seconds=1))
    assert pair.send().accepted == 5
    assert pair.paces.all(workspace)[pair.one].today == 11


@pytest.mark.parametrize("pacing", [Pacing(daily=2), Pacing(warm_up=WarmUp(NOON.date(), (2, 100)))])
def test_a_quota_and_a_warm_up_hold_until_the_next_day(pair: Pair, workspace: Principal, clock: FrozenClock, pacing: Pacing) -> None:
    pair.paces.set(workspace, pair.one, pacing)
    ids = [pair.ask() for _ in range(3)]

    assert pair.send().accepted == 2
    assert "goes on after midnight UTC" in pair.send().stopped
    clock.advance(timedelta(hours=12))
    assert pair.send().accepted == 1
    assert {pair.row(each).attempts for each in ids} == {1}


def test_a_domain_that_wants_us_slower_holds_only_its_own_mail(pair: Pair, clock: FrozenClock) -> None:
    pair.first.says_of["ada@gmail.com"] = SendResult(0, Outcome.RETRY, "421 4.7.28 slower", trouble=Trouble.DOMAIN)
    pair.ask("ada@gmail.com")
    pair.send()
    later, other = pair.ask("bob@googlemail.com"), pair.ask("grace@example.com")

    assert pair.send().accepted == 1
    assert pair.row(other).state is MessageState.ACCEPTED
    due_at = pair.row(later).due_at
    assert due_at is not None
    assert timedelta(seconds=59) <= due_at - clock.now() <= timedelta(seconds=62)
    assert pair.row(later).attempts == 0
    clock.advance(timedelta(minutes=2))
    pair.first.says_of.clear()
    assert pair.send().accepted >= 1


def test_a_connection_that_fails_again_and_again_rests_and_credentials_wait_for_a_person(
    pair: Pair, workspace: Principal, clock: FrozenClock
) -> None:
    pair.first.says = AWAY
    message_id = pair.ask()
    for _ in range(8):
        pair.send()
        clock.advance(timedelta(seconds=6))
    assert len(pair.first.asked) == 5
    assert pair.row(message_id).attempts == 0

    clock.advance(timedelta(minutes=1))
    pair.first.says = replace(AWAY, trouble=Trouble.SIGN_IN, reason="535 no")
    assert pair.send().needs_person
    asked = len(pair.first.asked)
    clock.advance(timedelta(days=2))
    assert pair.send().needs_person
    assert len(pair.first.asked) == asked
    pair.paces.try_again(workspace, pair.one)
    pair.first.says = SendResult(0, Outcome.ACCEPTED)
    assert pair.send().accepted == 1


@pytest.mark.parametrize("rate", [0.5, 1.0, 2.0, 10.0])
def test_single_messages_go_before_campaigns_where_both_wait_for_the_rate(
    sqlite_db: Database, workspace: Principal, clock: FrozenClock, tmp_path: Path, rate: float
) -> None:
    number = Connections(sqlite_db, clock, Vault(KEY), tmp_path).add(workspace, "One", "outbox").id
    Paces(sqlite_db, clock).set(workspace, number, Pacing(per_second=rate))
    book = PaceBook(sqlite_db, clock)
    had = {True: 0, False: 0}
    for _ in range(400):
        for is_urgent in (False, True):  # the campaign asks first each time, and both ask as often
            seen = book.look(workspace.workspace_id)[number]
            if not isinstance(opening(seen.known, seen.name, clock.now(), is_urgent=is_urgent), Closed):
                had[is_urgent] += book.take(workspace.workspace_id, number, {"shop.example": 50}, is_urgent=is_urgent).now["shop.example"]
        clock.advance(timedelta(seconds=0.1 / rate))

    assert had[False] <= max(1, rate)  # what had gathered before the first single message came
    assert had[True] >= 38
