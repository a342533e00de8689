"""The check on every run of every page: whose session is this, among a million."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from core.accounts import passwords
from core.accounts.new_account import add_account
from core.accounts.sessions import WHOLE_LIFE, Sessions
from core.accounts.tables import sessions
from core.accounts.throttles import PLACE
from core.app import Services
from core.ids import fingerprint
from core.permissions import Principal, Role
from core.storage.database import analyse
from tests.benchmarks.measure import Result, seconds
from tests.benchmarks.worlds import world

COUNT = 1_000_000
PEOPLE = 1_000
CHECKS = 2_000
_CHUNK = 50_000


def run(folder: Path) -> list[Result]:
    """Return the results of this suite."""
    services, by = world(folder)
    people = _people(services, by)
    _sign_in(services, by, people, 0, 1_000)
    few, _ = _checked(services.sessions, 1_000)
    _sign_in(services, by, people, 1_000, COUNT)
    many, worst = _checked(services.sessions, COUNT)
    opened = seconds(lambda: services.sessions.issue_ticket(people[0], by.workspace_id), rounds=15)
    counted = seconds(lambda: services.throttles.begin(PLACE, "203.0.113.9"), rounds=15)
    password = passwords.hash_password("correct horse battery")
    hashed = seconds(lambda: passwords.verify("correct horse battery", password))
    services.close()
    return [
        Result(
            f"check a session among {COUNT:,}",
            f"{many * 1000:.2f} ms, 95 of 100 under {worst * 1000:.2f} ms",
            f"among 1,000 sessions {few * 1000:.2f} ms",
            f"{many / few:.1f}× its time; the bar is 1 ms",
        ),
        Result(
            "count a try and issue a ticket, both on disk",
            f"{(counted + opened) * 1000:.1f} ms",
            f"comparing the password (bcrypt, 2^{passwords.ROUNDS}) {hashed * 1000:.0f} ms",
            f"{(counted + opened) / hashed:.2f}× its time",
        ),
    ]


def _people(services: Services, by: Principal) -> list[int]:
    now, made = services.clock.now(), []
    with services.db.transaction() as connection:
        for n in range(PEOPLE):
            account = {"email": f"person-{n}@example.com", "name": f"Person {n}", "password_hash": passwords.NO_PASSWORD}
            made.append(add_account(connection, account, now))
    for person_id in made:
        services.workspaces.add_member(by.workspace_id, person_id, Role.MARKETER)
    return made


def _sign_in(services: Services, by: Principal, people: list[int], start: int, end: int) -> None:
    """Write sessions as `Sessions.redeem` would, in bulk."""
    now = services.clock.now() + timedelta(minutes=5)  # seen so lately that a check writes nothing down
    for begin in range(start, end, _CHUNK):
        rows = [
            {
                "token_hash": fingerprint(f"token-{n}"),
                "person_id": people[n % PEOPLE],
                "workspace_id": by.workspace_id,
                "created_at": now,
                "last_seen_at": now,
                "expires_at": now + WHOLE_LIFE,
                "ip": "203.0.113.9",
            }
            for n in range(begin, min(begin + _CHUNK, end))
        ]
        with services.db.transaction() as connection:
            connection.execute(sa.insert(sessions), rows)
    with services.db.transaction() as connection:
        analyse(connection, sessions)


def _checked(known: Sessions, count: int) -> tuple[float, float]:
    """Return the median and the 95th percentile of checks of sessions all over the table, in seconds."""
    times = []
    for n in range(CHECKS):
        token = f"token-{n * 7_919 % count}"
        start = time.perf_counter()
        found = known.resolve(token)
        times.append(time.perf_counter() - start)
        assert found
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]
