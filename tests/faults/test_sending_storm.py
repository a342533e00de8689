"""kill -9 of workers, ingesters and apps while providers answer late, half, twice or never, clocks jump, the database goes away and people
press pause: nobody is missed, nobody gets two.

A few kills in CI; `make faults` does 500. A storm that went wrong comes again by its seed, as far as its clocks allow.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from core.ids import random_name
from tests.faults.forms import OUTAGE_SECONDS, ROUNDS, SEED
from tests.faults.moody_mail_server import MoodyMailServer
from tests.faults.moody_service import make_moody
from tests.faults.nursery import Cradle, Nursery
from tests.faults.outages import Outage, outage_of
from tests.faults.raging import Storm
from tests.faults.sending import Firm, Sent, opened, settle_and_judge
from tests.providers.contract import Rig, rigs
from tests.support import postgres
from tests.support.esp.server import serving

PEOPLE, KILLS_A_STORM = 900, 6
LONG_OUTAGE_EVERY = 6
SOON = timedelta(minutes=1)  # three seconds of ours
pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("storm"), pytest.mark.timeout(0 if ROUNDS else 300)]
SERVICES = {rig.kind: rig for rig in rigs() if rig.speaks_http}


@pytest.fixture
def folder(tmp_path: Path, migrated_file: Path) -> Path:
    found = tmp_path / "data"
    found.mkdir()
    shutil.copy(migrated_file, found / "app.db")
    return found


@pytest.fixture
def sqlite_firm(folder: Path) -> Iterator[tuple[Firm, Outage]]:
    with opened(folder, "", PEOPLE) as firm:
        yield firm, outage_of(firm.settings)


@pytest.fixture
def postgres_firm(tmp_path: Path, stoppable_server: tuple[str, str]) -> Iterator[tuple[Firm, Outage]]:
    url, template = stoppable_server
    with ExitStack() as stack:
        database = stack.enter_context(postgres.database(url, f"storm_{random_name()}", template=template))
        firm = stack.enter_context(opened(tmp_path / "data", database.replace("postgresql://", "postgresql+psycopg://"), PEOPLE))
        yield firm, outage_of(firm.settings, url)


@pytest.mark.parametrize(("database", "service"), [("sqlite", "sendgrid"), ("postgres", "mailjet")])
def test_a_storm_loses_nobody_and_writes_to_nobody_twice(
    request: pytest.FixtureRequest, nursery: Nursery, database: str, service: str
) -> None:
    firm, outage = request.getfixturevalue(f"{database}_firm")
    cradle = Cradle(nursery, firm.environment, firm.settings.data_dir / "processes")
    kills, happened, came_to, number = Counter[str](), Counter[str](), Counter[str](), 0
    kinds = sorted(SERVICES, key=lambda kind: kind != service)
    while number == 0 or kills.total() < ROUNDS // 4:
        # Now and then the database is gone for longer than anybody waits for it.
        seconds = OUTAGE_SECONDS if number % LONG_OUTAGE_EVERY == 0 else 1.0
        dice = random.Random(f"{SEED} {database} {number}")
        storm, states = _storm(firm, cradle, SERVICES[kinds[number % len(kinds)]], dice, outage, seconds)
        kills, happened, number, came_to = kills + storm.kills, happened + storm.happened, number + 1, came_to + states
        print(f"\n{database}, storm {number}: killed {_told(kills)}; {_told(happened)}; messages: {_told(came_to)}", end="", flush=True)
    assert all(kills[whom] for whom in ("worker", "ingester", "app")), kills
    assert came_to["accepted"]


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items())) or "nothing"


def _storm(firm: Firm, cradle: Cradle, rig: Rig, dice: random.Random, outage: Outage, seconds: float) -> tuple[Storm, Counter[str]]:
    """Send two campaigns through a storm, one by SMTP and one through a service, and judge what became of them."""
    mails, fake = MoodyMailServer(random.Random(dice.random())), rig.fake()
    with mails.running(), serving(fake):
        moods = make_moody(fake, random.Random(dice.random()))

        by_mail = firm.launch("smtp", {"host": "127.0.0.1", "port": mails.port, "security": "none", "connections": 2})
        by_service = firm.schedule(rig.kind, rig.settings(fake.url), after=SOON)
        storm = Storm(firm, cradle, [by_mail, by_service], dice, outage, seconds)
        storm.rage(KILLS_A_STORM)
        mails.behave()
        moods.behave()
        states = settle_and_judge(firm, Sent(by_mail, mails.keys)) + settle_and_judge(firm, Sent(by_service, fake.keys))
        firm.forgive()
        return storm, states
