"""Single messages and the worker: they wait for no campaign, and a worker that is killed loses and doubles none."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest
import sqlalchemy as sa

from core.app import Services
from core.jobs.doorbell import ring
from core.jobs.requesting import LANES, LANES_OF_ONE, Requesting
from core.messages.request_models import Request
from core.messages.tables import messages
from core.permissions import Principal
from core.providers.pacing import Pacing
from core.settings import Settings
from tests.jobs.test_worker import Draft, is_sent, let_leases_run_out, mails, worker
from tests.support.esp.resend import FakeResend
from tests.support.esp.server import GOOD_KEY, Call, Reply
from tests.support.esp.server import serving as serving_fake
from tests.support.mail_server import MailServer, free_port, serving
from tests.support.waiting import wait_for

RECEIPT = Request("grace@example.com", "shop@example.com", "Your order", text="Thanks")


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with serving() as server:
        yield server


def relay(services: Services, owner: Principal, port: int) -> int:
    return services.connections.add(owner, "Relay", "smtp", {"host": "127.0.0.1", "port": port, "security": "none"}).id


def states(services: Services) -> Counter[str]:
    with services.db.read() as connection:
        return Counter(connection.execute(sa.select(messages.c.state).where(messages.c.campaign_id.is_(None))).scalars())


@pytest.mark.usefixtures("db")
def test_a_receipt_does_not_wait_for_a_campaign(
    real: Services, owner: Principal, draft: Draft, settings: Settings, mail_server: MailServer
) -> None:
    campaign = draft(2_000)
    real.campaigns.update(owner, campaign.id, connection_id=relay(real, owner, mail_server.port))
    with worker(real.settings):
        real.campaigns.launch(owner, campaign.id)
        ring(campaign.id, settings)
        wait_for(lambda: len(mail_server.received) > 20, "the campaign to begin")
        real.requests.submit(owner, RECEIPT)
        wait_for(lambda: states(real)["accepted"] == 1, "the receipt", seconds=20)
        assert not is_sent(real, owner, campaign)


@pytest.mark.usefixtures("db")
def test_a_connection_that_is_away_is_stood_in_for_at_once(real: Services, owner: Principal, mail_server: MailServer) -> None:
    away = real.connections.add(owner, "Away", "smtp", {"host": "127.0.0.1", "port": free_port(), "security": "none"}).id
    real.paces.set(owner, away, Pacing(), relay(real, owner, mail_server.port))
    people = [f"person{number}@example.com" for number in range(30)]
    for person in people:
        real.requests.submit(owner, replace(RECEIPT, to=person, connection=away))
    with worker(real.settings):
        wait_for(lambda: states(real) == {"accepted": 30}, "the other connection to send them", seconds=20)

    assert sorted(address for envelope in mail_server.received for address in envelope.rcpt_tos) == sorted(people)


@pytest.mark.faults
@pytest.mark.usefixtures("db")
def test_a_killed_worker_sends_what_the_provider_knows_by_its_key_once_more(real: Services, owner: Principal, settings: Settings) -> None:
    for _ in range(60):
        real.requests.submit(owner, RECEIPT)
    with worker(real.settings) as first:
        wait_for(lambda: mails(settings) > 0, "the first mails", every=0.001)
        first.send_signal(signal.SIGKILL)
        first.wait()
    let_leases_run_out(real)
    with worker(real.settings):
        wait_for(lambda: states(real) == {"accepted": 60}, "all to be sent")
    assert mails(settings) == 60


class KillingResend(FakeResend):
    """Takes a message and kills its sender before the answer."""

    def __init__(self) -> None:
        super().__init__()
        self.victim: subprocess.Popen[bytes] | None = None

    def answer(self, call: Call) -> Reply:
        reply = super().answer(call)
        if self.victim is not None and self.delivered:
            self.victim.send_signal(signal.SIGKILL)
        return reply


@pytest.mark.faults
@pytest.mark.usefixtures("db")
def test_a_worker_killed_before_the_answer_asks_again_where_the_provider_knows_the_key(real: Services, owner: Principal) -> None:
    service = KillingResend()
    with serving_fake(service):
        connection = real.connections.add(owner, "Resend", "resend", {"api_key": GOOD_KEY, "api_url": service.url}).id
        with worker(real.settings) as service.victim:  # asked for only now: before, nobody would be killed
            message_id = real.requests.submit(owner, replace(RECEIPT, connection=connection)).message_id
            service.victim.wait(60)
        service.victim = None
        assert states(real) == {"sending": 1}
        let_leases_run_out(real)
        with worker(real.settings):
            wait_for(lambda: states(real) == {"accepted": 1}, "the answer of before")
    asked = [call.headers["idempotency-key"] for call in service.calls if call.path == "/emails"]
    assert asked == [real.composer.message_key(message_id)] * 2
    assert len(service.delivered) == 1


@pytest.mark.faults
@pytest.mark.usefixtures("db")
def test_a_worker_killed_before_the_answer_leaves_one_uncertain_where_nobody_knows_the_key(
    real: Services, owner: Principal, mail_server: MailServer
) -> None:
    connection = relay(real, owner, mail_server.port)
    with worker(real.settings) as first:
        mail_server.before_answer = lambda _taken: first.send_signal(signal.SIGKILL)
        real.requests.submit(owner, replace(RECEIPT, connection=connection))
        first.wait(30)
    mail_server.before_answer = None
    let_leases_run_out(real)
    with worker(real.settings):
        wait_for(lambda: states(real)["uncertain"] == 1, "the lease to be looked at")
        real.requests.submit(owner, replace(RECEIPT, connection=connection))
        wait_for(lambda: states(real)["accepted"] == 1, "the next one to be sent")
    assert len(mail_server.received) == 2
    assert states(real) == {"accepted": 1, "uncertain": 1}


def test_a_connection_that_is_away_holds_up_no_other(real: Services, owner: Principal, mail_server: MailServer) -> None:
    away = real.connections.add(owner, "Away", "smtp", {"host": "127.0.0.1", "port": free_port(), "security": "none"}).id
    for connection in (away, relay(real, owner, mail_server.port)):
        real.requests.submit(owner, replace(RECEIPT, connection=connection))
    looking = Requesting(real, lambda: False)

    with ThreadPoolExecutor(2) as lanes:
        assert looking.step(lanes) == 2
    real.requests.submit(owner, replace(RECEIPT, connection=away))
    with ThreadPoolExecutor(2) as lanes:
        assert looking.step(lanes) == 0  # it has a break now

    assert states(real) == {"retry": 1, "accepted": 1, "queued": 1}


@contextmanager
def holding() -> Iterator[str]:
    """A server that takes whatever comes and answers nothing until the end."""
    taken: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                taken.append(server.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for each in taken:
                each.close()


def test_one_workspace_never_holds_all_lanes(real: Services, owner: Principal) -> None:
    other = Principal.system(real.workspaces.create("Books").id)
    looking = Requesting(real, lambda: False)
    with ThreadPoolExecutor(LANES) as lanes, holding() as url:
        for number in range(LANES):
            away = real.connections.add(owner, f"Held {number}", "sendgrid", {"api_key": "SG.k", "api_url": url})
            real.requests.submit(owner, replace(RECEIPT, connection=away.id))
        assert looking.step(lanes) == LANES_OF_ONE
        real.requests.submit(other, RECEIPT)
        assert looking.step(lanes) == 1
        wait_for(lambda: states(real)["accepted"] == 1, "the receipt of the other workspace", seconds=10)
        assert looking.step(lanes) == 0


def test_a_worker_that_must_stop_begins_nothing(real: Services, owner: Principal) -> None:
    real.requests.submit(owner, RECEIPT)
    with ThreadPoolExecutor(1) as lanes:
        Requesting(real, lambda: True).step(lanes)
    assert states(real) == {"queued": 1}
