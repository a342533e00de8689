"""What can go wrong while a campaign is sent, one thing at a time: late answers, clocks, databases, disks, odd providers."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa

from core.campaigns.plans import load_plan
from core.campaigns.states import CampaignState
from core.clock import FrozenClock
from core.errors import Unavailable
from core.ids import random_name
from core.jobs.delivering import Deliveries, drain
from core.jobs.worker import sweep
from core.messages.delivery import Delivery
from core.messages.eligibility import Eligibility
from core.messages.leasing import LEASE
from core.messages.missing import Choice
from core.messages.states import MessageState
from core.messages.ways import Ways
from core.providers.base import Idempotence, Outcome, OutgoingMessage, Provider, SendResult
from core.providers.connections import Connections
from core.providers.pace_book import PaceBook
from core.providers.progress import UNNOTED, Progress
from core.providers.smtp.opening import Security
from core.providers.smtp.send import SmtpProvider
from tests.faults.forms import IS_LONG, OUTAGE_SECONDS
from tests.faults.moody_mail_server import Mood, MoodyMailServer
from tests.faults.outages import locked
from tests.faults.sending import Firm, Sent, opened, settle_and_judge
from tests.providers.conftest import email as outgoing
from tests.support import postgres
from tests.support.esp.mailjet import RIG as MAILJET
from tests.support.esp.sendgrid import RIG as SENDGRID
from tests.support.esp.server import Call, FakeService, Reply, Trick, serving
from tests.support.full_disk import becoming_tiny, small_disk
from tests.support.mail_server import MailServer
from tests.support.mail_server import serving as serving_mail
from tests.support.waiting import wait_for

pytestmark = pytest.mark.faults

PEOPLE = 12


@pytest.fixture
def folder(tmp_path: Path, migrated_file: Path) -> Path:
    found = tmp_path / "data"
    found.mkdir()
    shutil.copy(migrated_file, found / "app.db")
    return found


@pytest.fixture
def firm(folder: Path, clock: FrozenClock) -> Iterator[Firm]:
    with opened(folder, "", PEOPLE, clock) as made:
        yield made


@pytest.fixture
def postgres_firm(tmp_path: Path, clock: FrozenClock, stoppable_server: tuple[str, str]) -> Iterator[Firm]:
    url, template = stoppable_server
    with ExitStack() as stack:
        database = stack.enter_context(postgres.database(url, f"faults_{random_name()}", template=template))
        url = database.replace("postgresql://", "postgresql+psycopg://")
        yield stack.enter_context(opened(tmp_path / "data", url, PEOPLE, clock))


@pytest.fixture(params=["firm", "postgres_firm"])
def each_firm(request: pytest.FixtureRequest) -> Firm:
    """One on each database in turn."""
    found: Firm = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with serving_mail() as server:
        yield server


@pytest.fixture
def service() -> Iterator[FakeService]:
    with serving(SENDGRID.fake()) as running:
        yield running


def by_mail(firm: Firm, mails: MailServer) -> int:
    return firm.launch("smtp", {"host": "127.0.0.1", "port": mails.port, "security": "none", "connections": 1})


def deliver(firm: Firm, campaign: int) -> None:
    """Answer a bell as the worker does."""
    Deliveries(firm.services, lambda: False).deliver(campaign)


def look_around(firm: Firm) -> int:
    """Do what the worker does every few seconds; return how many campaigns it rings for."""
    return sweep(firm.services, Deliveries(firm.services, lambda: False), lambda _: None)


def states(firm: Firm, campaign: int) -> Counter[str]:
    return Counter(state for state, _, _ in firm.rows(campaign).values())


def keys(mails: MailServer) -> Counter[str]:
    """How often a server has taken each message."""
    found = Counter[str]()
    for envelope in mails.received:
        head = bytes(envelope.content or b"").partition(b"\r\n\r\n")[0].decode()
        found[head.partition("X-Postwright-Message: ")[2].partition("\r\n")[0]] += 1
    return found


@contextmanager
def meanwhile(mails: MailServer, act: Callable[[], object], taken: int = 3) -> Iterator[None]:
    """Do something once, in a thread of its own, while the sender waits for the answer to a message."""
    done: list[Future[object]] = []

    def before_answer(number: int) -> None:
        if number >= taken and not done:
            done.append(other.submit(act))
            wait([*done])

    with ThreadPoolExecutor(1) as other:
        mails.before_answer = before_answer
        yield
        mails.before_answer = None
        assert done, "the moment never came"
        done[0].result()


# --- Late answers


def test_a_late_answer_that_says_later_is_followed_even_where_the_campaign_was_closed_meanwhile(each_firm: Firm, mails: MailServer) -> None:
    firm = each_firm
    campaign = by_mail(firm, mails)
    for number in range(3, PEOPLE):
        mails.answers["DATA", f"p{number}@example.com"] = "451 4.3.0 Come back later"

    def another_worker_gives_it_up() -> None:
        firm.clock.advance(LEASE + timedelta(seconds=1))
        drain(firm.services, campaign, owner="other", should_stop=lambda: False)
        assert firm.state(campaign) is CampaignState.SENT

    with meanwhile(mails, another_worker_gives_it_up):
        deliver(firm, campaign)
    assert states(firm, campaign) == {"accepted": 3, "retry": PEOPLE - 3}

    mails.answers.clear()
    look_around(firm)
    assert firm.state(campaign) is CampaignState.SENDING, "there is something to send, so it goes on"
    firm.finish(campaign)
    assert states(firm, campaign) == {"accepted": PEOPLE}
    settle_and_judge(firm, Sent(campaign, lambda: keys(mails)))


def test_what_was_on_its_way_as_a_campaign_was_cancelled_and_came_back_is_cancelled(each_firm: Firm, mails: MailServer) -> None:
    firm = each_firm
    campaign = by_mail(firm, mails)
    for number in range(3, PEOPLE):
        mails.answers["DATA", f"p{number}@example.com"] = "451 4.3.0 Come back later"
    with meanwhile(mails, lambda: firm.services.campaigns.cancel(firm.by, campaign)):
        deliver(firm, campaign)
    assert states(firm, campaign) == {"accepted": 3, "retry": PEOPLE - 3}
    look_around(firm)
    assert states(firm, campaign) == {"accepted": 3, "cancelled": PEOPLE - 3}
    assert firm.services.again.missing(firm.by, campaign).cancelled == PEOPLE - 3

    mails.answers.clear()
    assert firm.services.again.send(firm.by, campaign, Choice(cancelled=True)) == PEOPLE - 3
    firm.finish(campaign)
    settle_and_judge(firm, Sent(campaign, lambda: keys(mails)))


def test_a_second_drain_while_the_first_waits_past_its_lease_sends_nothing_twice(firm: Firm, mails: MailServer) -> None:
    campaign = by_mail(firm, mails)

    def another_worker_comes() -> None:
        firm.clock.advance(LEASE * 2)
        drain(firm.services, campaign, owner="other", should_stop=lambda: False)

    with meanwhile(mails, another_worker_comes):
        deliver(firm, campaign)
    assert states(firm, campaign) == {"accepted": PEOPLE}, "late answers settle what was given up"
    assert set(keys(mails).values()) == {1}


def test_what_another_has_sent_while_it_was_written_here_is_not_sent_again(folder: Path, clock: FrozenClock) -> None:
    """The first batch takes so long that the second, which is claimed and written meanwhile, has gone to another worker."""
    people, fake = 120, MAILJET.fake()
    with opened(folder, "", people, clock) as firm, serving(fake):
        campaign = firm.launch(MAILJET.kind, MAILJET.settings(fake.url))
        answer, asked = fake.handle, count()

        def handle(call: Call) -> tuple[Trick, Reply]:
            if next(asked) == 0:
                wait_for(lambda: states(firm, campaign)["claimed"], "the next batch to be written")
                firm.clock.advance(LEASE * 2)
                drain(firm.services, campaign, owner="other", should_stop=lambda: False)
            return answer(call)

        fake.handle = handle  # type: ignore[method-assign]
        deliver(firm, campaign)
        assert states(firm, campaign) == {"accepted": people}
        assert set(fake.keys().values()) == {1}


# --- Clocks


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=1)], ids=["an hour back", "a day forward"])
def test_a_clock_that_jumps_while_mail_is_on_its_way(firm: Firm, mails: MailServer, jump: timedelta) -> None:
    campaign = by_mail(firm, mails)
    mails.answers["DATA", "p7@example.com"] = "451 4.3.0 Come back later"

    def jumps() -> None:
        firm.clock.advance(jump)
        drain(firm.services, campaign, owner="other", should_stop=lambda: False)

    with meanwhile(mails, jumps):
        deliver(firm, campaign)
    mails.answers.clear()
    firm.finish(campaign)
    assert states(firm, campaign) == {"accepted": PEOPLE}
    assert set(keys(mails).values()) == {1}


# --- Databases


def be_impatient(firm: Firm) -> None:
    """Let statements wait for half a second only, where half a minute is usual; the long form has that patience."""
    if not IS_LONG:
        sa.event.listen(firm.services.db.engine, "checkout", lambda connection, *_: connection.execute("PRAGMA busy_timeout=500"))


@pytest.mark.timeout(300)
def test_a_database_locked_for_too_long_while_mail_is_on_its_way(firm: Firm, mails: MailServer) -> None:
    campaign = by_mail(firm, mails)
    be_impatient(firm)
    with ExitStack() as lock:
        with meanwhile(mails, lambda: lock.enter_context(locked(firm.settings.data_dir / "app.db"))), pytest.raises(Unavailable):
            drain(firm.services, campaign, owner="first", should_stop=lambda: False)
        deliver(firm, campaign)  # it says why and comes back
        assert look_around(firm) == 0
    assert states(firm, campaign) == {"sending": PEOPLE}
    firm.finish(campaign)
    assert states(firm, campaign) == {"accepted": PEOPLE}, "the journal was written first"
    assert set(keys(mails).values()) == {1}


def test_a_database_server_that_dies_while_mail_is_on_its_way(
    postgres_firm: Firm, mails: MailServer, stoppable_server: tuple[str, str]
) -> None:
    firm, campaign = postgres_firm, by_mail(postgres_firm, mails)
    with ExitStack() as stop:
        with meanwhile(mails, lambda: stop.enter_context(postgres.stopped(stoppable_server[0]))), pytest.raises(Unavailable):
            drain(firm.services, campaign, owner="first", should_stop=lambda: False)
        deliver(firm, campaign)
        assert look_around(firm) == 0
        if IS_LONG:
            Event().wait(OUTAGE_SECONDS)
    assert states(firm, campaign) == {"sending": PEOPLE}
    firm.finish(campaign)
    assert states(firm, campaign) == {"accepted": PEOPLE}
    assert set(keys(mails).values()) == {1}


# --- Disks


def test_a_disk_that_is_full_when_outcomes_are_to_be_recorded(firm: Firm, mails: MailServer) -> None:
    campaign = by_mail(firm, mails)
    with becoming_tiny() as fill, meanwhile(mails, fill, taken=PEOPLE):
        deliver(firm, campaign)
    assert states(firm, campaign) == {"sending": PEOPLE}
    firm.clock.advance(LEASE + timedelta(seconds=1))
    look_around(firm)
    deliver(firm, campaign)
    assert states(firm, campaign) == {"accepted": PEOPLE}, "the flight record has its room beforehand, and is believed"
    wait_for(lambda: _settles(firm, campaign), "what the journal kept in memory to be written", every=0.1)
    assert set(keys(mails).values()) == {1}


def test_a_disk_on_which_no_byte_fits_any_more_while_mail_is_on_its_way(folder: Path, clock: FrozenClock, mails: MailServer) -> None:
    """Database, its log and the journal on a disk of their own that fills up; where none may be mounted, the journal alone can't grow."""
    with small_disk(folder.parent / "disk", megabytes=24) as disk:
        data = disk.path / "data"
        shutil.copytree(folder, data)
        with opened(data, "", PEOPLE, clock) as firm:
            campaign = by_mail(firm, mails)
            with meanwhile(mails, disk.fill, taken=PEOPLE):
                deliver(firm, campaign)
            assert states(firm, campaign) == {"sending": PEOPLE}, "nothing could be written down"
            firm.clock.advance(LEASE * 2)
            look_around(firm)
            deliver(firm, campaign)
            assert set(keys(mails).values()) == {1}

            disk.make_room()
            firm.finish(campaign)
            assert states(firm, campaign) == {"accepted": PEOPLE}, "what the journal kept in memory was written once there was room"
            settle_and_judge(firm, Sent(campaign, lambda: keys(mails)))


def _settles(firm: Firm, campaign: int) -> bool:
    look_around(firm)
    firm.services.ingester.catch_up()
    return states(firm, campaign) == {"accepted": PEOPLE}


# --- Providers


# The server takes everything, whatever else it does.
_HARMLESS = (Mood.TAKE, Mood.LATE, Mood.TWICE)


@pytest.mark.parametrize("mood", list(Mood))
def test_what_a_mail_server_does_to_one_message_harms_no_other_and_is_told_as_it_is(mood: Mood) -> None:
    server = MoodyMailServer(random.Random(1))
    server.is_moody = False
    server.latest_seconds = 1.0
    server.next.extend([Mood.TAKE] * 3 + [mood])
    letters = [outgoing(n, key=f"{n}-abcdefabcdef", headers={"X-Postwright-Message": f"{n}-abcdefabcdef"}) for n in range(12)]
    with server.running(), closing(SmtpProvider("127.0.0.1", server.port, Security.NONE, connections=1, timeout=2)) as provider:
        results = {result.message_id: result for result in provider.send(letters)}
    counted = server.keys()
    taken = {int(key.partition("-")[0]) for key in counted}
    assert len(results) == len(letters)
    assert set(counted.values()) == {1}
    said = {number for number, result in results.items() if result.outcome is Outcome.ACCEPTED}
    assert said <= taken, "what was not taken is not said to be"
    maybe = {number for number, result in results.items() if result.outcome is Outcome.UNCERTAIN}
    assert taken <= said | maybe, "what was taken is not said not to be"
    expected = len(letters) - (0 if mood in _HARMLESS else 2)
    assert len(said) >= expected, {number: results[number] for number in set(results) - said}


def test_one_of_a_thousand_that_a_service_refuses_costs_the_others_nothing(folder: Path, clock: FrozenClock, service: FakeService) -> None:
    with opened(folder, "", 1_000, clock) as firm:
        service.refuses = {"p500@example.com"}
        campaign = firm.launch(SENDGRID.kind, SENDGRID.settings(service.url))
        deliver(firm, campaign)
        assert states(firm, campaign) == {"accepted": 999, "refused": 1}
        assert firm.state(campaign) is CampaignState.SENT
        [reason] = [reason for state, _, reason in firm.rows(campaign).values() if state == MessageState.REFUSED]
        assert "valid address" in reason
        settle_and_judge(firm, Sent(campaign, service.keys))


# Who is never answered waits for half a minute.
_TRICKS = [each for each in Trick if each is not Trick.PASS and (IS_LONG or each is not Trick.SILENT)]


@pytest.mark.parametrize("trick", _TRICKS)
def test_what_a_service_does_to_a_request_loses_nobody(firm: Firm, service: FakeService, trick: Trick) -> None:
    service.tricks.append(trick)
    campaign = firm.launch(SENDGRID.kind, SENDGRID.settings(service.url))
    deliver(firm, campaign)
    settle_and_judge(firm, Sent(campaign, service.keys))


class Faulty:
    """A provider that breaks the one promise all make: it raises, with an address in what it says."""

    kind, batch_size, idempotence, tells_progress = "faulty", 2, Idempotence.NEVER, True

    def send(self, messages: Sequence[OutgoingMessage], progress: Progress = UNNOTED) -> list[SendResult]:
        raise RuntimeError(f"broke at {messages[0].to}")

    def check(self) -> None:
        pass

    def close(self) -> None:
        pass


class FaultyConnections(Connections):
    def open(self, workspace_id: int, connection_id: int) -> Provider:
        return Faulty()


def test_a_provider_with_a_fault_of_our_own_burns_a_batch_and_no_campaign(
    firm: Firm, mails: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    services, campaign = firm.services, by_mail(firm, mails)
    connections = FaultyConnections(services.db, firm.clock, services.vault, firm.settings.data_dir)
    eligibility, ways = Eligibility(services.db, firm.clock), Ways(firm.clock, connections, PaceBook(services.db, firm.clock))
    delivery = Delivery(firm.clock, services.ledger, services.posting, eligibility, services.composer, ways)
    with services.db.read() as connection:
        plan = load_plan(connection, campaign)
    assert plan is not None

    reports = [delivery.drain(plan, owner="test", should_go_on=lambda: True) for _ in range(5)]
    assert 0 < states(firm, campaign)["uncertain"] < PEOPLE
    assert reports[0].stopped
    assert "RuntimeError" in caplog.text
    assert "@example.com" not in caplog.text
    firm.finish(campaign)
    settle_and_judge(firm, Sent(campaign, lambda: keys(mails)))
