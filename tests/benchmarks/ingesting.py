"""From the journal to the lake with effects: hits and reports, beside a loop that inserts row by row; and how fresh reports are."""

from __future__ import annotations

import random
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from core.app import Services
from core.contacts.tables import contacts
from core.links.tables import links
from core.messages.keys import MessageKeys
from core.messages.tables import messages
from core.permissions import Principal
from core.storage.database import chunked
from core.storage.event_record import EventRecord, event_record
from core.storage.event_words import EventKind
from core.storage.journal import JournalWriter
from core.storage.tables import journal_offsets
from tests.benchmarks.measure import Result
from tests.benchmarks.worlds import world

PEOPLE = 100_000
CAMPAIGNS = 20
HITS = 200_000
REPORTS, IN_A_REPORT = 200, 1_000
NAIVE = 2_000
PER_SECOND, SECONDS = 2_000, 30
AGENTS = [f"Mozilla/5.0 (X11; Linux x86_64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0" for version in range(90, 140)]


def run(folder: Path) -> list[Result]:
    """Return the results of this suite."""
    results = []
    naive = _naive(folder)
    for what, write in (("opens and clicks of our own receiver", _write_hits), ("a provider's reports of 1,000 events", _write_reports)):
        services, by = _campaigns(folder / write.__name__, CAMPAIGNS)
        count = write(services, by)
        ours, per_core = (count / seconds for seconds in _ingest(services))
        assert _rows(services, by) == count
        services.close()
        results.append(
            Result(
                f"journal to lake with effects: {what}",
                f"{ours:,.0f} events/s ({per_core:,.0f} per second of one core)",
                f"look up, INSERT and commit per event in SQLite {naive:,.0f}/s",
                f"{ours / naive:.0f}×",
            )
        )
    return [*results, _freshness(folder / "fresh")]


def _ingest(services: Services) -> tuple[float, float]:
    """Return the seconds, and those of processors, until the loop has read everything; facts get their share of the time, as ever."""
    waiting = sum(path.stat().st_size for path in services.settings.journal_dir.iterdir())
    stop = threading.Event()
    loop = threading.Thread(target=services.ingester.run, args=(stop,))
    began, used = time.perf_counter(), time.process_time()
    loop.start()
    while _read(services) < waiting:
        time.sleep(0.02)
    taken = time.perf_counter() - began, time.process_time() - used
    stop.set()
    loop.join()
    return taken


def _read(services: Services) -> int:
    with services.db.read() as connection:
        return int(connection.execute(sa.select(sa.func.sum(journal_offsets.c.offset))).scalar() or 0)


def _rows(services: Services, by: Principal) -> int:
    with services.engine.session(by.workspace_id) as session:
        return int(session.value("select count(*) from events"))


def _campaigns(folder: Path, count: int) -> tuple[Services, Principal]:
    """Return an installation in which `PEOPLE` messages of some campaigns were sent."""
    folder.mkdir()
    services, by = world(folder)
    now, mine = services.clock.now(), {"workspace_id": by.workspace_id}
    person = {**mine, "attributes": {}, "consent": "subscribed", "created_at": now, "updated_at": now, "updated_seq": 0}
    sent = {**mine, "state": "accepted", "accepted_at": now, "recorded_at": now, "queued_at": now}
    with services.db.transaction() as connection:
        for numbers in chunked(range(1, PEOPLE + 1), 10_000):
            connection.execute(sa.insert(contacts), [{**person, "email": f"person-{n}@example.com"} for n in numbers])
            connection.execute(sa.insert(messages), [{**sent, "campaign_id": 1 + n % count, "contact_id": n} for n in numbers])
        for n in range(count):
            place = {"position": 0, "url": f"https://news.example.com/{n}", "created_at": now}
            connection.execute(sa.insert(links).values(**mine, campaign_id=1 + n, **place))
    return services, by


def _hit(dice: random.Random, at: datetime, campaigns: int, kind: EventKind) -> EventRecord:
    message = dice.randint(1, PEOPLE)
    link = 1 + message % campaigns if kind is EventKind.CLICKED else None
    known = {"ip": f"203.0.{dice.randint(0, 255)}.{dice.randint(1, 254)}", "user_agent": dice.choice(AGENTS), "method": "GET"}
    return event_record(kind, at, "receiver", message_id=message, link_id=link, **known)


def _write_hits(services: Services, _by: Principal) -> int:
    dice, now = random.Random(1), services.clock.now()
    writer = JournalWriter(services.settings.journal_dir, "receiver")
    for n in range(HITS):
        kind = EventKind.OPENED if n % 4 else EventKind.CLICKED
        writer.append([_hit(dice, now + timedelta(microseconds=200 * n), CAMPAIGNS, kind)])
    writer.close()
    return HITS


def _write_reports(services: Services, by: Principal) -> int:
    dice, now = random.Random(1), services.clock.now()
    keys, told = MessageKeys(services.settings.key), iter(_told(dice, now))
    line = {"kind": "webhook", "at": now.isoformat(), "source": "receiver", "workspace_id": by.workspace_id, "connection_id": 1}
    writer = JournalWriter(services.settings.journal_dir, "receiver")
    for _ in range(REPORTS):
        events = [{**next(told)} for _ in range(IN_A_REPORT)]
        for event in events:
            event["message"] = keys.of(event.pop("number"))
        body = orjson.dumps(events).decode()
        writer.append([{**line, "provider": "generic", "content_type": "application/json", "body": body}])
    writer.close()
    return REPORTS * IN_A_REPORT


def _told(dice: random.Random, now: datetime) -> Iterator[dict[str, Any]]:
    """Yield what a provider tells: of every message that it was delivered, then of every one that it was opened, and so on."""
    for kind in ("delivered", "opened", "clicked"):
        for number in range(1, PEOPLE + 1):
            seen = {} if kind == "delivered" else {"ip": "203.0.113.9", "user_agent": dice.choice(AGENTS)}
            if kind == "clicked":
                seen["url"] = "https://news.example.com/1"
            at = (now + timedelta(seconds=number // 1_000)).isoformat(timespec="seconds")
            known = {"event": kind, "at": at, "recipient": f"person-{number}@example.com", "id": f"{dice.getrandbits(128):032x}"}
            yield {"number": number, **known, **seen}


def _naive(folder: Path) -> float:
    """Return events per second of the ingester everybody writes first: one look-up, one INSERT and one commit per event."""
    connection = sqlite3.connect(folder / "naive.db")
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=full")
    connection.execute("create table messages(id integer primary key, campaign int, contact int)")
    connection.execute("create table events(kind text, at text, message int, campaign int, contact int, agent text)")
    connection.executemany("insert into messages values (?, ?, ?)", ((n, n % CAMPAIGNS, n) for n in range(1, PEOPLE + 1)))
    connection.commit()
    dice, now = random.Random(1), datetime.now(UTC)
    lines = [orjson.dumps(_hit(dice, now, CAMPAIGNS, EventKind.OPENED)) for _ in range(NAIVE)]
    began = time.perf_counter()
    for line in lines:
        hit = orjson.loads(line)
        message = connection.execute("select campaign, contact from messages where id = ?", (hit["message_id"],)).fetchone()
        values = (hit["kind"], hit["at"], hit["message_id"], *message, hit["user_agent"])
        connection.execute("insert into events values (?, ?, ?, ?, ?, ?)", values)
        connection.commit()
    seconds = time.perf_counter() - began
    connection.close()
    return NAIVE / seconds


def _freshness(folder: Path) -> Result:
    """Write like a receiver at 2,000 events/s for one campaign, and ask over and over how many clicks its report counts."""
    services, by = _campaigns(folder, 1)
    _send_all(services)
    stop = threading.Event()
    loop = threading.Thread(target=services.ingester.run, args=(stop,))
    loop.start()
    written: list[float] = []  # when the n-th click was written
    ages: list[float] = []
    writer = threading.Thread(target=_click_storm, args=(services, written, stop))
    writer.start()
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        _look(lambda: _clicks(services, by), written, ages)
        time.sleep(0.1)
    stop.set()
    writer.join()
    loop.join()
    services.close()
    ages.sort()
    p50, p95 = statistics.median(ages), ages[int(len(ages) * 0.95)]
    return Result(
        f"from a click to the report, {PER_SECOND:,} events/s, a campaign of {PEOPLE:,}",
        f"p50 {p50:.1f} s, p95 {p95:.1f} s, longest {ages[-1]:.1f} s",
        "promised 3 s",
        f"{3 / ages[-1]:.1f}×",
    )


def _send_all(services: Services) -> None:
    now = services.clock.now()
    writer = JournalWriter(services.settings.journal_dir, "delivery")
    writer.append([event_record(EventKind.SENT, now, "delivery", message_id=n) for n in range(1, PEOPLE + 1)])
    writer.close()
    with services.db.transaction() as connection:
        connection.execute(sa.update(messages).values(recorded_at=None))
    services.ingester.catch_up()


def _click_storm(services: Services, written: list[float], stop: threading.Event) -> None:
    dice, began = random.Random(2), time.monotonic()
    writer = JournalWriter(services.settings.journal_dir, "receiver")
    while not stop.is_set():
        due = int((time.monotonic() - began) * PER_SECOND) - len(written)
        for _ in range(due):
            writer.append([_hit(dice, datetime.now(UTC), 1, EventKind.CLICKED)])
            written.append(time.monotonic())
        time.sleep(0.005)
    writer.close()


def _look(clicks: Callable[[], int], written: list[float], ages: list[float]) -> None:
    """Note how old the oldest click is that the report lacks."""
    shown = clicks()
    now = time.monotonic()
    if shown < len(written):
        ages.append(now - written[shown])


def _clicks(services: Services, by: Principal) -> int:
    with services.engine.session(by.workspace_id, campaign_id=1) as session:
        return int(session.value("select coalesce(sum(clicks), 0) from facts where campaign_id = 1") or 0)
