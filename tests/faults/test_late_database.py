"""An app that begins while the database is away."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from pathlib import Path

import httpx2
import pytest

from core.ids import random_name
from tests.faults.nursery import Cradle, Nursery
from tests.faults.sending import opened
from tests.support import postgres
from tests.support.product import free_port
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("storm")]


def test_an_app_waits_for_a_database_that_starts_after_it(tmp_path: Path, nursery: Nursery, stoppable_server: tuple[str, str]) -> None:
    url, template = stoppable_server
    with ExitStack() as stack:
        database = stack.enter_context(postgres.database(url, f"late_{random_name()}", template=template))
        firm = stack.enter_context(opened(tmp_path / "data", database.replace("postgresql://", "postgresql+psycopg://"), 1))
        logs, port = tmp_path / "processes", free_port()
        cradle = Cradle(nursery, firm.environment, logs)
        with postgres.stopped(url):
            app = cradle.app(port)
            wait_for(lambda: "the app waits for the database" in (logs / "0-app.log").read_text(), "the app to notice")
        wait_for(lambda: answers(port), "the app to answer")
        cradle.kill(app)


def answers(port: int) -> bool:
    with suppress(httpx2.TransportError):
        return httpx2.get(f"http://127.0.0.1:{port}/api/v1/openapi.json").status_code == 200
    return False
