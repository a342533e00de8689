"""The worker as a process of its own, and what happens when bells are lost, doubled, or the worker is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.app import Services
from core.campaigns.models import Campaign
from core.campaigns.states import CampaignState
from core.jobs.delivering import Deliveries, drain
from core.jobs.doorbell import ring
from core.jobs.worker import SWEEP_SECONDS, run, sweep
from core.messages.states import MessageState
from core.messages.tables import messages
from core.permissions import Principal
from core.providers.pacing import Pacing
from core.providers.tables import connections
from core.settings import Settings
from tests.support.waiting import wait_for

Draft = Callable[[int], Campaign]


def let_leases_run_out(services: Services) -> None:
    """Let the minute pass that a dead worker's claims are kept for it."""
    past = services.clock.now() - timedelta(seconds=1)
    with services.db.transaction() as connection:
        connection.execute(sa.update(messages).where(messages.c.lease_until.isnot(None)).values(lease_until=past))


@contextmanager
def worker(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {
        "POSTWRIGHT_DATA_DIR": str(settings.data_dir),
        "POSTWRIGHT_SECRET_KEY": settings.secret_key.get_secret_value(),
        "POSTWRIGHT_DATABASE_URL": settings.database_url,
    }
    log = settings.data_dir / "worker.log"
    with log.open("wb") as file:
        process = subprocess.Popen([sys.executable, "-m", "core.cli.main", "worker"], env=environment, stderr=file)
    try:
        wait_for(lambda: " ready" in log.read_text(), "the worker")
        yield process
    finally:
        process.kill()
        process.wait()


def is_sent(services: Services, by: Principal, campaign: Campaign) -> bool:
    return services.campaigns.get(by, campaign.id).state is CampaignState.SENT


def mails(settings: Settings) -> int:
    return sum(1 for _ in (settings.data_dir / "outbox").rglob("*.eml"))


@pytest.mark.usefixtures("db")
def test_a_rung_bell_sends_everything_and_sigterm_ends_the_worker(
    real: Services, owner: Principal, draft: Draft, settings: Settings
) -> None:
    with worker(real.settings) as process:
        campaign = draft(120)
        real.campaigns.launch(owner, campaign.id)
        ring(campaign.id, settings)
        wait_for(lambda: is_sent(real, owner, campaign), "the campaign to be sent", seconds=SWEEP_SECONDS * 0.7)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert real.ledger.counts(owner, campaign.id) == {MessageState.ACCEPTED: 120}
    assert mails(settings) == 120


def test_a_bell_that_was_never_rung_is_made_up_for_at_the_start(real: Services, owner: Principal, draft: Draft, settings: Settings) -> None:
    campaign = draft(30)
    real.campaigns.launch(owner, campaign.id)
    with worker(real.settings):
        wait_for(lambda: is_sent(real, owner, campaign), "the campaign to be sent")
    assert mails(settings) == 30


@pytest.mark.usefixtures("db")
def test_a_scheduled_campaign_leaves_by_itself(real: Services, owner: Principal, draft: Draft, settings: Settings) -> None:
    campaign = draft(30)
    a_moment_ago = (real.clock.now() - timedelta(minutes=2)).replace(tzinfo=None)  # no worker ran then
    real.campaigns.schedule(owner, campaign.id, a_moment_ago)
    with worker(real.settings), worker(real.settings):
        wait_for(lambda: is_sent(real, owner, campaign), "the campaign to be sent")
    assert real.ledger.counts(owner, campaign.id) == {MessageState.ACCEPTED: 30}
    assert mails(settings) == 30


def test_a_running_worker_sweeps_and_stops_when_told(real: Services, owner: Principal, draft: Draft) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(real, stop), kwargs={"sweep_seconds": 0.1})
    thread.start()
    campaign = draft(10)
    real.campaigns.launch(owner, campaign.id)
    try:
        wait_for(lambda: is_sent(real, owner, campaign), "the campaign to be sent")
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()


def test_a_sweep_rings_for_what_is_due_and_nothing_else(real: Services, owner: Principal, draft: Draft) -> None:
    launched, paused, _written = draft(3), draft(4), draft(5)
    for campaign in (launched, paused):
        real.campaigns.launch(owner, campaign.id)
    real.campaigns.pause(owner, paused.id)
    rung: list[int] = []
    assert sweep(real, Deliveries(real, lambda: False), rung.append) == 1
    assert rung == [launched.id]


@pytest.mark.usefixtures("db")
def test_many_bells_at_once_send_each_message_once(real: Services, owner: Principal, draft: Draft, settings: Settings) -> None:
    campaign = draft(200)
    real.campaigns.launch(owner, campaign.id)
    deliveries = [Deliveries(real, lambda: False), Deliveries(real, lambda: False)]
    threads = [threading.Thread(target=one.deliver, args=(campaign.id,)) for one in deliveries * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert real.ledger.counts(owner, campaign.id) == {MessageState.ACCEPTED: 200}
    assert mails(settings) == 200
    assert not deliveries[0].is_busy_with(campaign.id)


def test_a_paused_campaign_stays_where_it_is(real: Services, owner: Principal, draft: Draft) -> None:
    campaign = draft(20)
    real.campaigns.launch(owner, campaign.id)
    real.campaigns.pause(owner, campaign.id)
    Deliveries(real, lambda: False).deliver(campaign.id)
    assert real.ledger.counts(owner, campaign.id) == {MessageState.QUEUED: 20}


def test_a_campaign_that_was_held_up_says_so_until_it_goes_on(real: Services, owner: Principal, draft: Draft, settings: Settings) -> None:
    campaign = draft(2)
    real.campaigns.launch(owner, campaign.id)
    settings.data_dir.joinpath("outbox").write_text("a file where the folder should be")
    drain(real, campaign.id, owner="test", should_stop=lambda: False)
    drain(real, campaign.id, owner="test", should_stop=lambda: False)  # finds nothing due yet
    assert "outbox" in real.campaigns.get(owner, campaign.id).stopped_reason

    settings.data_dir.joinpath("outbox").unlink()
    real.paces.try_again(owner, campaign.connection_id)  # it would be tried again by itself, but only after a while
    with real.db.transaction() as connection:
        connection.execute(sa.update(messages).values(due_at=real.clock.now() - timedelta(seconds=1)))
    drain(real, campaign.id, owner="test", should_stop=lambda: False)
    found = real.campaigns.get(owner, campaign.id)
    assert (found.state, found.stopped_reason) == (CampaignState.SENT, "")


def test_a_campaign_whose_connection_cant_be_opened_says_why(real: Services, owner: Principal, draft: Draft) -> None:
    campaign = draft(1)
    secret = real.connections.add(owner, "Server", "smtp", {"host": "127.0.0.1", "username": "u", "password": "p"})
    real.campaigns.update(owner, campaign.id, connection_id=secret.id)
    real.campaigns.launch(owner, campaign.id)
    with real.db.transaction() as connection:
        connection.execute(sa.update(connections).where(connections.c.id == secret.id).values(secrets="sealed with another key"))
    Deliveries(real, lambda: False).deliver(campaign.id)
    assert "can't be read" in real.campaigns.get(owner, campaign.id).stopped_reason


def test_a_worker_that_must_stop_leaves_the_rest_for_the_next(real: Services, owner: Principal, draft: Draft) -> None:
    campaign = draft(20)
    real.campaigns.launch(owner, campaign.id)
    Deliveries(real, lambda: True).deliver(campaign.id)
    assert real.ledger.counts(owner, campaign.id) == {MessageState.QUEUED: 20}
    Deliveries(real, lambda: False).deliver(campaign.id)
    assert is_sent(real, owner, campaign)


def test_a_bell_for_a_campaign_that_is_gone_is_nothing(real: Services) -> None:
    Deliveries(real, lambda: False).deliver(999)


@contextmanager
def working(services: Services, **how: int) -> Iterator[None]:
    """A worker in this process."""
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(services, stop), kwargs=how)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()


@pytest.fixture
def paced(real: Services, owner: Principal, draft: Draft) -> Callable[[int, float], Campaign]:
    """Launch a campaign to so many people through a connection of its own that takes so many a second."""

    def launch(count: int, per_second: float) -> Campaign:
        campaign = draft(count)
        through = real.connections.add(owner, f"Slow {campaign.id}", "outbox", {})
        real.paces.set(owner, through.id, Pacing(per_second=per_second))
        real.campaigns.update(owner, campaign.id, connection_id=through.id)
        return real.campaigns.launch(owner, campaign.id)

    return launch


def left(services: Services, by: Principal, campaign: Campaign) -> int:
    return services.ledger.counts(by, campaign.id).get(MessageState.ACCEPTED, 0)


@pytest.mark.parametrize("how", [{"at_once": 1}, {"at_once": 2, "threads": 2}], ids=["one place", "two threads"])
def test_campaigns_that_wait_for_their_pace_keep_nobody_waiting(
    real: Services, owner: Principal, draft: Draft, paced: Callable[[int, float], Campaign], settings: Settings, how: dict[str, int]
) -> None:
    real.connections.default(owner)
    slow = [paced(60, 1.0) for _ in range(2)]
    with working(real, **how):
        wait_for(lambda: all(left(real, owner, each) > 1 for each in slow), "the slow ones to begin")
        quick = draft(3)
        real.campaigns.launch(owner, quick.id)
        ring(quick.id, settings)
        wait_for(lambda: is_sent(real, owner, quick), "the quick one", seconds=20)
        assert not any(is_sent(real, owner, each) for each in slow)


def test_more_campaigns_than_threads_are_each_as_fast_as_their_pace(
    real: Services, owner: Principal, paced: Callable[[int, float], Campaign]
) -> None:
    slow = [paced(60, rate) for rate in (2.0, 2.0, 2.0, 0.4)]
    with working(real, at_once=2, threads=2):
        wait_for(lambda: all(left(real, owner, each) for each in slow), "the slow ones to begin")
        began, had = time.monotonic(), [left(real, owner, each) for each in slow]
        wait_for(lambda: left(real, owner, slow[-1]) >= had[-1] + 3, "the slowest", seconds=30)
        seconds = time.monotonic() - began
        assert seconds < 10, "it was left to the sweeper"
        for each, before in zip(slow[:3], had, strict=False):
            assert left(real, owner, each) - before >= 2.0 * seconds * 0.8 - 2


@pytest.mark.faults
@pytest.mark.usefixtures("db")
def test_a_killed_worker_loses_and_doubles_nothing(real: Services, owner: Principal, draft: Draft, settings: Settings) -> None:
    campaign = draft(1_500)
    real.campaigns.launch(owner, campaign.id)
    with worker(real.settings) as first:
        wait_for(lambda: mails(settings) > 200, "the first mails")
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert mails(settings) < 1_500, "it was killed too late"
    let_leases_run_out(real)
    with worker(real.settings):
        wait_for(lambda: is_sent(real, owner, campaign), "the campaign to be sent", seconds=150, every=0.2)
    assert real.ledger.counts(owner, campaign.id) == {MessageState.ACCEPTED: 1_500}
    assert mails(settings) == 1_500
