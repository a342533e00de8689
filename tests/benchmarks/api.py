"""A page of contacts over HTTP: through the API's front door, beside the same route without it; one machine, one run."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.accounts.people import People
from core.permissions import Permission, Role
from tests.benchmarks.measure import Result
from tests.benchmarks.receiving import serving
from tests.benchmarks.worlds import people_csv, world
from tests.support.product import free_port

PROGRAMS = ("wrk",)
SECONDS = 5
CONNECTIONS = 16
CONTACTS = 10_000
PAGE = "/api/v1/contacts?limit=50"
FRONT = """
import sys
import uvicorn
from starlette.applications import Starlette
from core.api.app import mount
from core.app import build
from core.settings import Settings
services = build(Settings.load())
app = Starlette(routes=mount(lambda: services))
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="error")
"""
BARE = """
import sys
import uvicorn
from fastapi import FastAPI
from core.api.callers import Caller, caller
from core.api.rates import Standing
from core.api.resources.contacts import list_contacts
from core.app import build
from core.permissions import Principal
from core.settings import Settings
services = build(Settings.load())
known = Caller(Principal.system(services.workspaces.all()[0].id), services, Standing(1, 1, 1, False))
async def fixed():
    return known
app = FastAPI()
app.get("/api/v1/contacts")(list_contacts)
app.dependency_overrides[caller] = fixed
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="error")
"""


def run(folder: Path) -> list[Result]:
    """Return the results of this suite."""
    token = _prepared(folder)
    with _served(FRONT, folder) as port:
        ours, ours_p50 = _load(port, token)
    with _served(BARE, folder) as port:
        bare, bare_p50 = _load(port, token)
    return [
        Result(
            f"GET /api/v1/contacts, 50 of {CONTACTS:,}, token checked and counted",
            f"{ours:,.0f}/s, p50 {ours_p50:.1f} ms",
            f"the same route with a fixed principal {bare:,.0f}/s, p50 {bare_p50:.1f} ms",
            f"{ours / bare:.2f}×",
        )
    ]


def _prepared(folder: Path) -> str:
    services, by = world(folder)
    services.imports.run(by, people_csv(CONTACTS), "people.csv", list_name="Everybody")
    people = People(services.db, services.clock, rounds=4)
    ada = people.principal(people.add(by, "ada@example.com", "Ada", "correct horse battery", Role.ADMIN).id, by.workspace_id)
    # As many requests as there can be: what is measured is the counting, not the refusal.
    _, token = services.api_tokens.create(ada, "Bench", [Permission.CONTACTS_VIEW])
    with services.db.transaction() as connection:
        connection.exec_driver_sql("update api_tokens set requests_per_minute = 100000000")
    services.close()
    return token


@contextmanager
def _served(code: str, folder: Path) -> Iterator[int]:
    port = free_port()
    settings = {"POSTWRIGHT_DATA_DIR": str(folder / "data"), "POSTWRIGHT_SECRET_KEY": "a-key-for-benchmarks-only"}
    with serving([sys.executable, "-c", code, str(port)], port, **settings):
        yield port


def _load(port: int, token: str) -> tuple[float, float]:
    header = f"Authorization: Bearer {token}"
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", "-H", header, f"http://127.0.0.1:{port}{PAGE}"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in printed, printed
    rate, median = re.search(r"Requests/sec:\s+([\d.]+)", printed), re.search(r"50%\s+([\d.]+)(us|ms|s)", printed)
    assert rate and median, printed
    return float(rate[1]), float(median[1]) * {"us": 0.001, "ms": 1, "s": 1000}[median[2]]
