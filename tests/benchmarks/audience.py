"""Launch: choose the audience by rules and freeze it into the ledger."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from core.app import Services
from core.campaigns.models import Audience, Campaign
from core.permissions import Principal
from tests.benchmarks.measure import Result, seconds
from tests.benchmarks.worlds import NEWSLETTER, people_csv, world

COUNT = 64_000
RULES = {"all": [{"field": "attribute.country", "operator": "is_one_of", "value": ["DE", "AT", "CH", "FR", "IT", "US", "GB"]}]}


def draft(services: Services, by: Principal, count: int) -> Campaign:
    """Return a draft to everybody of a fresh world of `count` people."""
    data = people_csv(count)
    services.imports.run(by, data, "people.csv", list_name="People", mapping=services.imports.inspect(by, data).mapping)
    template = services.templates.save(by, "Newsletter", NEWSLETTER)
    segment = services.segments.create(by, "Everybody", RULES)
    return services.campaigns.create(
        by,
        name="News",
        subject="News for {{ contact.first_name }}",
        template_id=template.template_id,
        audience=Audience("segment", segment.id),
        from_email="news@example.com",
    )


def run(folder: Path) -> list[Result]:
    """Return the results of this suite."""
    services, by = world(folder)
    campaign = draft(services, by, COUNT)
    fresh = seconds(lambda: services.segments.count(by, RULES))
    services.snapshots.refresh(by.workspace_id)  # as the ingester does every minute
    counted = seconds(lambda: services.segments.count(by, RULES))
    launched = seconds(lambda: services.campaigns.launch(by, campaign.id), rounds=1)
    naive = seconds(lambda: _commit_per_row(folder / "naive.db", 3_000), rounds=1) * COUNT / 3_000
    services.close()
    rate = f"{launched:.2f} s ({COUNT / launched:,.0f} rows/s)"
    return [
        Result(
            f"count a segment of {COUNT:,} people",
            f"{counted * 1000:.0f} ms from the snapshot",
            f"right after the import, all of them still changes {fresh * 1000:.0f} ms",
            f"{fresh / counted:.0f}× as fast",
        ),
        Result(f"launch: freeze {COUNT:,} recipients", rate, f"a commit per row {naive:.1f} s", f"{naive / launched:.0f}× as fast"),
    ]


def _commit_per_row(path: Path, count: int) -> None:
    connection = sqlite3.connect(path)
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=full")
    connection.execute("create table messages(id integer primary key, campaign int, contact int, state text, unique(campaign, contact))")
    for contact in range(count):
        connection.execute("insert into messages(campaign, contact, state) values (1, ?, 'queued')", (contact,))
        connection.commit()
    connection.close()
