"""kill -9 of the app while it launches: a campaign is not launched, or all of it is.

A few kills in CI; `make faults` does as many as it is told to, with 100,000 people.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psycopg
import pytest

from core.campaigns.states import CampaignState
from core.clock import SystemClock
from core.ids import random_name
from core.jobs.delivering import Deliveries
from tests.faults.clocks import HastyClock
from tests.faults.forms import IS_LONG, ROUNDS, SEED
from tests.faults.nursery import Cradle, Nursery
from tests.faults.sending import Firm, Sent, opened, settle_and_judge
from tests.support import postgres
from tests.support.esp.sendgrid import RIG
from tests.support.esp.server import serving
from tests.support.product import free_port
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("storm"), pytest.mark.timeout(0 if IS_LONG else 300)]
PEOPLE = 100_000 if IS_LONG else 10_000
KILLS = max(ROUNDS // 20, 2)
# Who is not caught in the act is killed all the same, but not for ever.
TRIES = KILLS * 10


@dataclass(frozen=True)
class Office:
    """A firm, and how one sees that somebody writes messages into its database.

    Args:
        firm: The firm.
        is_writing: Whether somebody does just now.
    """

    firm: Firm
    is_writing: Callable[[], bool]


@pytest.fixture
def sqlite_office(tmp_path: Path, migrated_file: Path) -> Iterator[Office]:
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(migrated_file, folder / "app.db")
    with opened(folder, "", PEOPLE, _clock()) as firm:
        yield Office(firm, lambda: _is_locked(folder / "app.db"))


@pytest.fixture
def postgres_office(tmp_path: Path, postgres_server: tuple[str, str]) -> Iterator[Office]:
    url, template = postgres_server
    with ExitStack() as stack:
        database = stack.enter_context(postgres.database(url, f"launch_{random_name()}", template=template))
        firm = stack.enter_context(opened(tmp_path / "data", database.replace("postgresql://", "postgresql+psycopg://"), PEOPLE, _clock()))
        watcher = stack.enter_context(closing(psycopg.connect(database, autocommit=True)))
        yield Office(firm, lambda: _is_inserting(watcher))


def _clock() -> HastyClock:
    return HastyClock(SystemClock().now(), 1.0)


def _is_locked(path: Path) -> bool:
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as probe:
        try:
            probe.execute("begin immediate")
        except sqlite3.OperationalError:
            return True
        return False


def _is_inserting(watcher: psycopg.Connection) -> bool:
    asked = "select 1 from pg_locks where relation = 'messages'::regclass and mode = 'RowExclusiveLock'"
    return watcher.execute(asked).fetchone() is not None


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_an_app_that_dies_while_it_launches_has_launched_all_or_nothing(
    request: pytest.FixtureRequest, nursery: Nursery, database: str
) -> None:
    office: Office = request.getfixturevalue(f"{database}_office")
    firm, dice = office.firm, random.Random(f"{SEED} {database}")
    cradle = Cradle(nursery, firm.environment, firm.settings.data_dir / "processes")
    found, tries = Counter[str](), 0
    with serving(RIG.fake()) as fake:
        campaign = firm.draft(RIG.kind, RIG.settings(fake.url))
        while found["in the middle"] < KILLS and tries < TRIES:
            tries += 1
            found["in the middle"] += _launch_and_kill(office, cradle, campaign, dice)
            state, rows = firm.state(campaign), len(firm.rows(campaign))
            assert (state, rows) in ((CampaignState.DRAFT, 0), (CampaignState.SENDING, PEOPLE)), f"{rows} messages of a {state} campaign"
            found[state] += 1
            if state is CampaignState.SENDING:
                launched, campaign = campaign, firm.draft(RIG.kind, RIG.settings(fake.url))
                firm.services.campaigns.cancel(firm.by, launched)
        print(f"\n{database}: {tries} apps killed at {PEOPLE:,} people: {dict(found)}", end="", flush=True)
        assert found["in the middle"] == KILLS, found

        for _ in range(2):  # the person presses again, and once more
            assert firm.services.campaigns.launch(firm.by, campaign).state is CampaignState.SENDING
        Deliveries(firm.services, lambda: False).deliver(campaign)
        settle_and_judge(firm, Sent(campaign, fake.keys))
        assert len(fake.keys()) == PEOPLE


def _launch_and_kill(office: Office, cradle: Cradle, campaign: int, dice: random.Random) -> bool:
    """Press send in an app and kill it while it writes; return whether it was caught in the act."""
    port, pause = free_port(), threading.Event()
    app = cradle.app(port)
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}/api/v1", headers={"Authorization": f"Bearer {office.firm.token}"}) as http:
        wait_for(lambda: _answers(http), "the app to answer")

        answers: list[int] = []

        def press() -> None:
            with suppress(httpx2.TransportError):
                answers.append(http.post(f"/campaigns/{campaign}/send", timeout=60).status_code)

        presser = threading.Thread(target=press, daemon=True)
        presser.start()
        with suppress(AssertionError):  # it was too quick to be seen
            wait_for(office.is_writing, "somebody to write", seconds=5, every=0.001)
        pause.wait(dice.uniform(0.0, PEOPLE / 400_000))
        os.kill(app, signal.SIGSTOP)
        is_caught = office.is_writing()
        cradle.kill(app)
        presser.join(60)
    assert not presser.is_alive()
    assert answers in ([], [202])
    return is_caught


def _answers(http: httpx2.Client) -> bool:
    with suppress(httpx2.TransportError):
        return http.get("/campaigns").status_code == 200
    return False
