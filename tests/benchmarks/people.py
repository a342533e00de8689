"""The table of contacts with a million people: its first page, a far one, a search, filters; beside a plain scan with LIKE."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from core.app import Services
from core.contacts.changes import next_change
from core.contacts.choosing import Choice
from core.contacts.consent.consent import ConsentStatus
from core.contacts.directory import Directory
from core.contacts.tables import contacts
from core.permissions import Principal
from tests.benchmarks.measure import Result
from tests.benchmarks.worlds import world

COUNT = 1_000_000
ROUNDS = 20
_NAMES = "case i % 7 when 0 then 'Anna' when 1 then 'Bernd' when 2 then 'Çelik' else 'First' || i end, 'Last' || (i % 5000)"
_KNOWN = ", ".join(f"'field_{n}', (i * {n + 3}) % 1000" for n in range(15))
# Twenty columns each, written by the database itself: an import is measured elsewhere.
_PEOPLE = f"""
with recursive n(i) as (select 1 union all select i + 1 from n where i < :count)
insert into contacts (workspace_id, email, first_name, last_name, attributes, consent, source, created_at, updated_at, updated_seq)
select :workspace, 'person-' || i || '@' || case i % 3 when 0 then 'example.com' else 'mail.example.org' end, {_NAMES},
  json_object('country', 'DE', 'city', 'City ' || (i % 900), {_KNOWN}),
  case i % 10 when 0 then 'unsubscribed' when 1 then 'unknown' else 'subscribed' end, 'import:1', :now, :now, :change
from n
"""
_ON_A_LIST = (
    "insert into list_members (list_id, contact_id, workspace_id, added_at) select :id, id, workspace_id, created_at from contacts"
    " where id % 2 = 0"
)


def run(folder: Path) -> list[Result]:
    """Return the results of this suite."""
    services, by = world(folder)
    list_id = _fill(services, by)
    services.snapshots.refresh(by.workspace_id)  # as the ingester does within a minute
    database = Directory(services.db, services.clock, services.lake, services.engine, most_changes=-1)  # never asks the snapshot
    plain = _p95(lambda: database.page(by, Choice("person-77777@")), 4)
    asked = {
        "first page": (Choice(), 0),
        "page 10,001": (Choice(), 500_000),
        "a search for one person": (Choice("person-77777@"), 0),
        "a search for part of a name": (Choice("last432"), 0),
        "a search that all match": (Choice("example"), 0),
        "those of a list": (Choice(list_id=list_id), 0),
        "a name among the unconfirmed": (Choice("bernd", consent=ConsentStatus.UNKNOWN), 0),
    }
    results = []
    for what, (choice, offset) in asked.items():
        ours = _p95(lambda choice=choice, offset=offset: services.directory.page(by, choice, offset=offset), ROUNDS)  # type: ignore[misc]
        name = f"contacts, {COUNT:,}: {what}, p95"
        results.append(Result(name, f"{ours * 1000:.0f} ms", f"LIKE '%…%' over the table {plain * 1000:.0f} ms", f"{plain / ours:.1f}×"))
    services.close()
    return results


def _fill(services: Services, by: Principal) -> int:
    made = services.lists.create(by, "Readers")
    now = str(services.clock.now().replace(tzinfo=None))
    with services.db.transaction() as connection:
        values = {"workspace": by.workspace_id, "count": COUNT, "now": now, "change": next_change(connection, by.workspace_id)}
        connection.execute(sa.text(_PEOPLE), values)
        connection.execute(sa.text(_ON_A_LIST), {"id": made.id})
        assert connection.execute(sa.select(sa.func.count()).select_from(contacts)).scalar_one() == COUNT
    return made.id


def _p95(work: Callable[[], object], rounds: int) -> float:
    work()  # what is read for the first time is read from the disk
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return sorted(times)[min(rounds - 1, round(rounds * 0.95) - 1)]
