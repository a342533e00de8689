"""kill -9 of workers while providers answer late, half, twice or never and people press pause: nobody is missed, nobody gets two.

A few kills in CI; `make faults` does 500. A storm that went wrong comes again by its seed, as far as its clocks allow.
"""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from core.ids import random_name
from tests.faults.moody_mail_server import MoodyMailServer
from tests.faults.moody_service import make_moody
from tests.faults.sending import Firm, Sent, Storm, opened, settle_and_judge
from tests.providers.contract import Rig, rigs
from tests.support import postgres
from tests.support.esp.server import serving

ROUNDS = int(os.environ.get("POSTWRIGHT_TEST_FAULT_ROUNDS", "0"))
SEED = int(os.environ.get("POSTWRIGHT_TEST_FAULT_SEED", "5"))
PEOPLE, KILLS_A_STORM = 900, 6
pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("storm"), pytest.mark.timeout(0 if ROUNDS else 300)]
SERVICES = {rig.kind: rig for rig in rigs() if rig.speaks_http}


@pytest.fixture
def folder(tmp_path: Path, migrated_file: Path) -> Path:
    found = tmp_path / "data"
    found.mkdir()
    shutil.copy(migrated_file, found / "app.db")
    return found


@pytest.fixture
def sqlite_firm(folder: Path) -> Iterator[Firm]:
    with opened(folder, "", PEOPLE) as firm:
        yield firm


@pytest.fixture
def postgres_firm(tmp_path: Path, postgres_server: tuple[str, str]) -> Iterator[Firm]:
    url, template = postgres_server
    with ExitStack() as stack:
        database = stack.enter_context(postgres.database(url, f"storm_{random_name()}", template=template))
        yield stack.enter_context(opened(tmp_path / "data", database.replace("postgresql://", "postgresql+psycopg://"), PEOPLE))


@pytest.mark.parametrize(("database", "service"), [("sqlite", "sendgrid"), ("postgresql", "mailjet")])
def test_a_storm_loses_nobody_and_writes_to_nobody_twice(request: pytest.FixtureRequest, database: str, service: str) -> None:
    firm: Firm = request.getfixturevalue(f"{'postgres' if database == 'postgresql' else 'sqlite'}_firm")
    kills, number, came_to = 0, 0, Counter[str]()
    kinds = sorted(SERVICES, key=lambda kind: kind != service)
    while number == 0 or kills < ROUNDS // 4:
        storm, states = _storm(firm, SERVICES[kinds[number % len(kinds)]], random.Random(f"{SEED} {database} {number}"))
        kills, number, came_to = kills + storm.kills, number + 1, came_to + states
        print(f"{database}, storm {number}: {kills} kills, {storm.pauses} pauses, {dict(came_to)}", flush=True)
    assert kills >= 1
    assert came_to["accepted"]


def _storm(firm: Firm, rig: Rig, dice: random.Random) -> tuple[Storm, Counter[str]]:
    """Send two campaigns through a storm, one by SMTP and one through a service, and judge what became of them."""
    mails, fake = MoodyMailServer(random.Random(dice.random())), rig.fake()
    with mails.running(), serving(fake):
        moods = make_moody(fake, random.Random(dice.random()))

        by_mail = firm.launch("smtp", {"host": "127.0.0.1", "port": mails.port, "security": "none", "connections": 2})
        by_service = firm.launch(rig.kind, rig.settings(fake.url))
        storm = Storm(firm, [by_mail, by_service], dice)
        storm.rage(KILLS_A_STORM)
        mails.behave()
        moods.behave()
        states = settle_and_judge(firm, Sent(by_mail, mails.keys)) + settle_and_judge(firm, Sent(by_service, fake.keys))
        firm.forgive()
        return storm, states
