"""Render and store: our delivery loop into the outbox, against the naive loop everybody writes first."""

from __future__ import annotations

import os
import sqlite3
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import css_inline
from jinja2 import Environment

from core.jobs.delivering import drain
from tests.benchmarks.audience import draft
from tests.benchmarks.measure import Result, seconds
from tests.benchmarks.worlds import NEWSLETTER, world

COUNT = 6_000
NAIVE = 400


def run(folder: Path) -> list[Result]:
    """Return the results of this suite."""
    services, by = world(folder)
    campaign = draft(services, by, COUNT)
    services.campaigns.launch(by, campaign.id)
    ours = COUNT / seconds(lambda: drain(services, campaign.id, owner="bench", should_stop=lambda: False), rounds=1)
    services.close()
    (folder / "naive").mkdir()
    naive = NAIVE / seconds(lambda: _naive(folder / "naive"), rounds=1)
    return [
        Result(
            "render, sign 12 links, store durably in the outbox",
            f"{ours:,.0f} messages/s",
            f"Environment per message, EmailMessage, fsync and commit per row {naive:,.0f}/s",
            f"{ours / naive:.0f}×",
        )
    ]


def _naive(folder: Path) -> None:
    connection = sqlite3.connect(folder / "naive.db")
    connection.execute("pragma synchronous=full")
    connection.execute("create table sent(id integer primary key, email text)")
    for n in range(NAIVE):
        html = css_inline.inline(Environment(autoescape=True).from_string(NEWSLETTER).render(contact={"first_name": f"First{n}"}))
        message = EmailMessage(policy=SMTP)
        message["Subject"], message["From"], message["To"] = f"News for First{n}", "news@example.com", f"person-{n}@example.com"
        message.set_content("News")
        message.add_alternative(html, subtype="html")
        with (folder / f"{n}.eml").open("wb") as file:
            file.write(message.as_bytes())
            file.flush()
            os.fsync(file.fileno())
        connection.execute("insert into sent(email) values (?)", (f"person-{n}@example.com",))
        connection.commit()
    connection.close()
