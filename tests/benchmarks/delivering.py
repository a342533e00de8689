"""From the ledger to the wire: a million frozen, and a campaign through SMTP and SendGrid with every promise kept.

Compared with Postfix's own load generator, which writes the same bytes again and again and remembers nothing, with the loop
everybody writes first, and with ourselves without waiting for the disk.
"""

from __future__ import annotations

import json
import smtplib
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import css_inline
import sqlalchemy as sa
from jinja2 import Environment

from core.app import Services
from core.campaigns.models import Audience
from core.campaigns.tables import campaigns
from core.contacts.tables import contacts, list_members
from core.permissions import Principal
from tests.benchmarks.esp import _FAKE
from tests.benchmarks.measure import Result
from tests.benchmarks.worlds import NEWSLETTER, world

PROGRAMS = ("smtp-sink", "smtp-source")
FROZEN = 1_000_000
SENT, NAIVE, CONNECTIONS, ROUNDS = 20_000, 300, 16, 3


def run(folder: Path) -> list[Result]:
    """Return the results of this suite."""
    services, by = world(folder)
    _people(services, by, FROZEN)
    frozen, campaign_id = _freeze(services, by, folder, FROZEN)
    with sink() as port:
        memory = _memory(services, by, folder, campaign_id, port)
        smtp = _smtp(services, by, folder, port)
        naive = _naive(folder, port)
    sendgrid = _sendgrid(services, by, folder)
    services.close()
    rate, whole = f"{smtp.durable:,.0f} messages/s", f"SMTP to smtp-sink, {CONNECTIONS} connections, durable per chunk"
    per_core = f"{sendgrid['per_core']:,.0f} messages/s per core ({sendgrid['rate']:,.0f}/s by the clock)"
    return [
        Result(f"freeze an audience of {FROZEN:,}", f"{FROZEN / frozen:,.0f} rows/s ({frozen:.1f} s)", "the bar: 300,000 rows/s", ""),
        Result(
            whole,
            f"{rate} ({smtp.cpu:.0f} µs of processor a message)",
            f"smtp-source -d, the same size and connections {smtp.source:,.0f}/s",
            f"{smtp.durable / smtp.source:.2f}×; the bar is 0.8×",
        ),
        Result(
            f"the same by two workers, {CONNECTIONS // 2} connections each",
            f"{smtp.by_two:,.0f} messages/s",
            f"smtp-source -d, the same size and connections {smtp.source:,.0f}/s",
            f"{smtp.by_two / smtp.source:.2f}×",
        ),
        Result(
            whole,
            rate,
            f"render, EmailMessage, smtplib, commit a message {naive:,.0f}/s",
            f"{smtp.durable / naive:.0f}×; the bar is 40×",
        ),
        Result(
            whole,
            rate,
            f"ourselves, not waiting for the disk {smtp.loose:,.0f}/s",
            f"{smtp.durable / smtp.loose:.2f}×; the bar is 0.85×",
        ),
        Result("SendGrid to a local fake, ledger and rendering included", per_core, "the bar: 20,000/s per core", ""),
        Result("memory of a sender", f"{memory:.0f} MB, in the middle of {FROZEN:,} recipients", "the bar: 200 MB", ""),
    ]


@dataclass(frozen=True)
class _Smtp:
    durable: float
    loose: float
    source: float
    cpu: float
    by_two: float


def _smtp(services: Services, by: Principal, folder: Path, port: int) -> _Smtp:
    """Return the middle of a few rounds, each figure measured in turn in each round: noise then hits all of them."""
    durable, loose, source, cpu, by_two = [], [], [], [], []
    connection_id, halved = _connection(services, by, port), _connection(services, by, port, CONNECTIONS // 2)
    for _ in range(ROUNDS):
        took = _drained(services, by, folder, connection_id, "durable")
        durable.append(took["accepted"] / took["seconds"])
        cpu.append(took["cpu"] / took["accepted"] * 1e6)
        took = _drained(services, by, folder, connection_id, "not-durable")
        loose.append(took["accepted"] / took["seconds"])
        source.append(_smtp_source(port))
        by_two.append(_drained_by_two(services, by, folder, halved))
    middle = ROUNDS // 2
    return _Smtp(*(sorted(each)[middle] for each in (durable, loose, source, cpu, by_two)))


def _smtp_source(port: int) -> float:
    size = str(_size_of_a_message())
    command = ["smtp-source", "-d", "-s", str(CONNECTIONS), "-l", size, "-m", str(SENT), "-f", "a@example.com", "-t", "b@example.com"]
    start = time.perf_counter()
    subprocess.run([*command, f"127.0.0.1:{port}"], check=True)
    return SENT / (time.perf_counter() - start)


def _size_of_a_message() -> int:
    return 8_200  # what our newsletter has on the wire


def _memory(services: Services, by: Principal, folder: Path, campaign_id: int, port: int) -> float:
    """Return the most memory of a sender that is stopped after some thousands of a million."""
    connection_id = _connection(services, by, port)
    with services.db.transaction() as connection:
        connection.execute(sa.update(campaigns).where(campaigns.c.id == campaign_id).values(connection_id=connection_id))
        keep = sa.text("update messages set state = 'cancelled' where campaign_id = :campaign and id % 25 > 0")
        connection.execute(keep, {"campaign": campaign_id})
    return float(_drain(folder, campaign_id, "durable")["rss_mb"])


def _sendgrid(services: Services, by: Principal, folder: Path) -> dict[str, float]:
    with subprocess.Popen([sys.executable, "-c", _FAKE], stdout=subprocess.PIPE, text=True) as fake:
        assert fake.stdout is not None
        values = {"api_key": "SG.key", "api_url": f"http://127.0.0.1:{int(fake.stdout.readline())}"}
        connection_id = services.connections.add(by, "SendGrid", "sendgrid", values).id
        took = _drained(services, by, folder, connection_id, "durable")
        fake.terminate()
    return {"per_core": took["accepted"] / took["cpu"], "rate": took["accepted"] / took["seconds"]}


def _drained(services: Services, by: Principal, folder: Path, connection_id: int, durability: str) -> dict[str, Any]:
    _, campaign_id = _freeze(services, by, folder, SENT, connection_id)
    took = _drain(folder, campaign_id, durability)
    assert took["accepted"] == SENT, took
    return took


def _drained_by_two(services: Services, by: Principal, folder: Path, connection_id: int) -> float:
    """Return the rate of two workers that share a campaign, both of them there before it is launched."""
    _, campaign_id = _freeze(services, by, folder, SENT, connection_id)
    with _Drain(folder, campaign_id, "durable") as one, _Drain(folder, campaign_id, "durable") as other:
        start = time.perf_counter()
        one.begin()
        other.begin()
        accepted = one.result()["accepted"] + other.result()["accepted"]
        took = time.perf_counter() - start
    assert accepted == SENT, accepted
    return SENT / took


def _drain(folder: Path, campaign_id: int, durability: str) -> dict[str, Any]:
    with _Drain(folder, campaign_id, durability) as one:
        one.begin()
        return one.result()


class _Drain:
    """A worker's loop in a process of its own, which begins when it is told to."""

    def __init__(self, folder: Path, campaign_id: int, durability: str) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.drainer", str(folder / "data"), str(campaign_id), durability]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def __enter__(self) -> _Drain:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        return self

    def begin(self) -> None:
        """Let it send."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def result(self) -> dict[str, Any]:
        """Wait until it has nothing more to send, and return what it says."""
        assert self._process.stdout is not None
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


def _connection(services: Services, by: Principal, port: int, connections: int = CONNECTIONS) -> int:
    name = f"Sink {len(services.connections.all(by))}"
    values = {"host": "127.0.0.1", "port": port, "security": "none", "connections": connections}
    return services.connections.add(by, name, "smtp", values).id


def _people(services: Services, by: Principal, count: int) -> None:
    """Put people into the database directly: importing them is another suite's."""
    names = "workspace_id, email, first_name, last_name, attributes, consent, source, created_at, updated_at, updated_seq"
    rows = f"""with recursive n(i) as (select 1 union all select i + 1 from n where i < {count})
        insert into contacts ({names}) select {by.workspace_id}, 'person-' || i || '@example.com', 'First' || i, 'Last' || i,
        '{{"country": "DE", "spend": 12.5}}', 'subscribed', '', '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000', 1 from n"""
    with services.db.transaction() as connection:
        connection.exec_driver_sql(rows)


def _freeze(services: Services, by: Principal, folder: Path, count: int, connection_id: int | None = None) -> tuple[float, int]:
    """Return how long launching took, and the campaign."""
    named = services.lists.create(by, f"First {count} of {time.monotonic_ns()}")
    added = sa.literal("2026-01-01 00:00:00.000000", sa.Text)
    members = sa.select(sa.literal(named.id), contacts.c.id, contacts.c.workspace_id, added)
    columns = [list_members.c.list_id, list_members.c.contact_id, list_members.c.workspace_id, list_members.c.added_at]
    with services.db.transaction() as connection:
        connection.execute(sa.insert(list_members).from_select(columns, members.order_by(contacts.c.id).limit(count)))
    template = services.templates.save(by, f"Newsletter {named.id}", NEWSLETTER)
    draft = services.campaigns.create(
        by,
        name="News",
        subject="News for {{ contact.first_name }}",
        template_id=template.template_id,
        audience=Audience("list", named.id),
        from_email="news@example.com",
        connection_id=connection_id,
    )
    start = time.perf_counter()
    services.campaigns.launch(by, draft.id)
    return time.perf_counter() - start, draft.id


def _naive(folder: Path, port: int) -> float:
    """Return the rate of the loop everybody writes first."""
    connection = sqlite3.connect(folder / "naive.db")
    connection.execute("pragma synchronous=full")
    connection.execute("create table sent(id integer primary key, email text)")
    start = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as server:
        for n in range(NAIVE):
            html = css_inline.inline(Environment(autoescape=True).from_string(NEWSLETTER).render(contact={"first_name": f"First{n}"}))
            message = EmailMessage(policy=SMTP)
            message["Subject"], message["From"], message["To"] = f"News for First{n}", "news@example.com", f"person-{n}@example.com"
            message.set_content("News")
            message.add_alternative(html, subtype="html")
            server.send_message(message)
            connection.execute("insert into sent(email) values (?)", (f"person-{n}@example.com",))
            connection.commit()
    connection.close()
    return NAIVE / (time.perf_counter() - start)


@contextmanager
def sink() -> Iterator[int]:
    """Run Postfix's test server and yield its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with subprocess.Popen(["smtp-sink", "-u", "root", f"127.0.0.1:{port}", "1000"]) as server:
        try:
            _wait_for(port)
            yield port
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("smtp-sink did not start")
