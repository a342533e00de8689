"""kill -9 of real workers in the middle of a batch: what never left and what is known to have arrived is told apart from the rest."""

from __future__ import annotations

import random
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from core.ids import random_name
from core.messages.states import MessageState
from tests.faults.moody_mail_server import MoodyMailServer
from tests.faults.nursery import Cradle, Nursery
from tests.faults.sending import Firm, Sent, opened, settle_and_judge
from tests.support import postgres
from tests.support.esp.server import Call, Reply, Trick, serving
from tests.support.esp.ses import RIG as SES
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("storm"), pytest.mark.timeout(300)]
PEOPLE, CONNECTIONS, KILLS = 700, 4, 4
AT_ONCE = 16  # requests to Amazon SES


@pytest.fixture(params=["sqlite", "postgresql"])
def firm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Firm]:
    with ExitStack() as stack:
        folder, url = tmp_path / "data", ""
        if request.param == "postgresql":
            server, template = request.getfixturevalue("postgres_server")
            made = stack.enter_context(postgres.database(server, f"killed_{random_name()}", template=template))
            url = made.replace("postgresql://", "postgresql+psycopg://")
        else:
            folder.mkdir()
            shutil.copy(request.getfixturevalue("migrated_file"), folder / "app.db")
        yield stack.enter_context(opened(folder, url, PEOPLE))


def killed_while_sending(firm: Firm, nursery: Nursery, taken: Callable[[], Counter[str]], kills: int) -> None:
    """Let workers send one after the other, each killed when some more were taken; the last one finishes."""
    dice, cradle = random.Random(5), Cradle(nursery, firm.environment, firm.settings.data_dir / "processes")
    for _ in range(kills):
        worker = cradle.worker()
        wanted = len(taken()) + dice.randrange(5, PEOPLE // (kills + 2))
        wait_for(lambda wanted=wanted: len(taken()) >= wanted, f"{wanted} messages to be taken", seconds=120, every=0.001)
        cradle.kill(worker)


def test_over_smtp_a_kill_leaves_at_most_one_message_of_each_connection_unknown(firm: Firm, nursery: Nursery) -> None:
    mails = MoodyMailServer(random.Random(5))
    with mails.running():
        mails.is_moody, mails.seconds_each = False, 0.01
        entered = {"host": "127.0.0.1", "port": mails.port, "security": "none", "connections": CONNECTIONS}
        campaign = firm.launch("smtp", entered)
        killed_while_sending(firm, nursery, mails.keys, KILLS)
        mails.behave()
        came_to = settle_and_judge(firm, Sent(campaign, mails.keys))
    assert came_to[MessageState.UNCERTAIN] <= CONNECTIONS * KILLS
    assert came_to[MessageState.ACCEPTED] >= PEOPLE - CONNECTIONS * KILLS
    assert not list(firm.settings.flights_dir.iterdir()), "what is settled leaves no record behind"


def test_of_requests_of_one_message_only_those_under_way_are_unknown(firm: Firm, nursery: Nursery) -> None:
    fake, pause = SES.fake(), threading.Event()
    answer = fake.handle

    def slowly(call: Call) -> tuple[Trick, Reply]:
        said = answer(call)
        pause.wait(0.03)
        return said

    fake.handle = slowly  # type: ignore[method-assign]
    with serving(fake):
        campaign = firm.launch(SES.kind, SES.settings(fake.url))
        killed_while_sending(firm, nursery, fake.keys, KILLS)
        came_to = settle_and_judge(firm, Sent(campaign, fake.keys))
    assert came_to[MessageState.UNCERTAIN] <= AT_ONCE * KILLS
    assert came_to[MessageState.ACCEPTED] >= PEOPLE - AT_ONCE * KILLS
