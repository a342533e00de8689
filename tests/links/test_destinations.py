from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.errors import Unavailable
from core.links.destinations import Destination, Destinations
from core.links.registry import Links
from core.links.snapshot import LinkSnapshot
from core.links.tables import links as table
from core.permissions import Principal
from core.storage.database import Database


class Seconds:
    """A monotonic clock that stands still until told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def destinations(db: Database, seconds: Seconds) -> Destinations:
    return Destinations(db, seconds)


def _register(db: Database, links: Links, workspace: Principal, campaign_id: int, *urls: str, append: bool = False) -> list[int]:
    with db.transaction() as connection:
        return links.register(connection, workspace.workspace_id, campaign_id, urls, append)


def test_a_link_leads_to_its_address(db: Database, links: Links, workspace: Principal, destinations: Destinations) -> None:
    [link_id] = _register(db, links, workspace, 1, "https://a.example/", append=True)
    assert destinations.get(link_id) == Destination("https://a.example/", True)


def test_links_of_a_later_campaign_are_found_at_once(db: Database, links: Links, workspace: Principal, destinations: Destinations) -> None:
    [first] = _register(db, links, workspace, 1, "https://a.example/")
    assert destinations.get(first)
    [second] = _register(db, links, workspace, 2, "https://b.example/")
    assert destinations.get(second) == Destination("https://b.example/", False)


def test_a_lower_id_that_is_committed_later_is_found(db: Database, links: Links, workspace: Principal, destinations: Destinations) -> None:
    [low, high] = _register(db, links, workspace, 1, "https://a.example/", "https://b.example/")
    with db.transaction() as connection:
        row = connection.execute(table.select().where(table.c.id == low)).one()._asdict()
        connection.execute(table.delete().where(table.c.id == low))
    assert destinations.get(high)
    with db.transaction() as connection:
        connection.execute(table.insert().values(row))
    assert destinations.get(low) == Destination("https://a.example/", False)


def test_an_unknown_link_is_none_and_is_asked_for_again_only_after_a_second(
    db: Database, links: Links, workspace: Principal, destinations: Destinations, seconds: Seconds
) -> None:
    [known] = _register(db, links, workspace, 1, "https://a.example/")
    assert destinations.get(known + 1) is None
    [late] = _register(db, links, workspace, 2, "https://b.example/")
    assert late == known + 1
    assert destinations.get(late) is None
    seconds.now += 1.5
    assert destinations.get(late) == Destination("https://b.example/", False)


def test_loading_brings_every_link_into_memory(db: Database, links: Links, workspace: Principal, destinations: Destinations) -> None:
    ids = _register(db, links, workspace, 1, "https://a.example/", "https://b.example/")
    assert destinations.known(ids[0]) is None
    assert destinations.load() == 2
    assert destinations.known(ids[0]) == Destination("https://a.example/", False)


def test_known_links_still_lead_on_when_the_database_is_gone(
    sqlite_db: Database, workspace: Principal, seconds: Seconds, tmp_path: Path, clock
) -> None:
    path = tmp_path / "data" / "app.db"
    registry = Links(sqlite_db, clock)
    [link_id] = _register(sqlite_db, registry, workspace, 1, "https://a.example/")
    destinations = Destinations(sqlite_db, seconds)
    destinations.load()
    sqlite_db.close()
    hidden = path.rename(tmp_path / "hidden.db")
    path.mkdir()

    assert destinations.get(link_id) == Destination("https://a.example/", False)
    assert destinations.get(link_id + 1) is None

    path.rmdir()
    hidden.rename(path)
    [late] = _register(sqlite_db, registry, workspace, 2, "https://b.example/")
    assert destinations.get(late) is None  # not asked again within a second
    seconds.now += 1.5
    assert destinations.get(late) == Destination("https://b.example/", False)


class Outage:
    """Takes a SQLite file away, so that the database can't be opened, and brings it back."""

    def __init__(self, db: Database, path: Path) -> None:
        self._db, self._path, self._hidden = db, path, path.with_suffix(".hidden")

    def begin(self) -> None:
        self._db.close()
        self._path.rename(self._hidden)
        self._path.mkdir()

    def end(self) -> None:
        self._path.rmdir()
        self._hidden.rename(self._path)


@pytest.fixture
def outage(sqlite_db: Database, tmp_path: Path) -> Outage:
    return Outage(sqlite_db, tmp_path / "data" / "app.db")


@pytest.fixture
def snapshot(tmp_path: Path) -> LinkSnapshot:
    return LinkSnapshot(tmp_path / "receiver" / "links.json")


def test_whoever_starts_while_the_database_is_down_goes_by_the_snapshot(
    sqlite_db: Database, clock, workspace: Principal, seconds: Seconds, snapshot: LinkSnapshot, outage: Outage
) -> None:
    registry = Links(sqlite_db, clock)
    [plain, marked] = _register(sqlite_db, registry, workspace, 1, "https://a.example/", "https://b.example/ü")
    Destinations(sqlite_db, seconds, snapshot).load()
    outage.begin()

    started = Destinations(sqlite_db, seconds, snapshot)
    assert started.load() == 2
    assert started.get(plain) == Destination("https://a.example/", False)
    assert started.get(marked) == Destination("https://b.example/ü", False)
    assert started.get(marked + 1) is None

    outage.end()
    [late] = _register(sqlite_db, registry, workspace, 2, "https://c.example/")
    seconds.now += 1.5
    assert started.refresh() == 3
    assert started.known(late) == Destination("https://c.example/", False)


def test_an_hour_without_the_database_changes_nothing_for_known_links(
    sqlite_db: Database, clock, workspace: Principal, seconds: Seconds, outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    registry = Links(sqlite_db, clock)
    [known] = _register(sqlite_db, registry, workspace, 1, "https://a.example/")
    destinations = Destinations(sqlite_db, seconds)
    destinations.load()
    outage.begin()
    for _ in range(1800):
        seconds.now += 2
        destinations.refresh()
        assert destinations.known(known) == Destination("https://a.example/", False)
        assert destinations.get(known + 1) is None
    outage.end()
    [late] = _register(sqlite_db, registry, workspace, 2, "https://b.example/")
    seconds.now += 2
    assert destinations.get(late) == Destination("https://b.example/", False)
    assert caplog.text.count("can't be read from the database") == 1  # an hour is one line, not a full disk


def test_the_snapshot_is_written_when_something_new_was_learnt_and_not_more_often_than_every_few_seconds(
    db: Database, links: Links, workspace: Principal, seconds: Seconds, snapshot: LinkSnapshot
) -> None:
    destinations = Destinations(db, seconds, snapshot)
    [first] = _register(db, links, workspace, 1, "https://a.example/")
    destinations.load()
    assert list(snapshot.read()) == [first]
    [second] = _register(db, links, workspace, 2, "https://b.example/")
    destinations.refresh()
    assert list(snapshot.read()) == [first]
    seconds.now += 4
    destinations.refresh()
    assert list(snapshot.read()) == [first, second]
    [third] = _register(db, links, workspace, 3, "https://c.example/")
    destinations.refresh()
    destinations.keep()  # a stop does not wait
    assert list(snapshot.read()) == [first, second, third]


def test_what_another_process_learnt_stays_in_the_snapshot(
    db: Database, links: Links, workspace: Principal, seconds: Seconds, snapshot: LinkSnapshot
) -> None:
    _register(db, links, workspace, 1, "https://a.example/")
    one, other = Destinations(db, seconds, snapshot), Destinations(db, seconds, snapshot)
    one.load()
    other.load()
    [low, high] = _register(db, links, workspace, 2, "https://b.example/", "https://c.example/")
    assert one.get(low)
    with db.transaction() as connection:
        connection.execute(sa.delete(table).where(table.c.id == low))
    assert other.get(high)
    one.keep()
    other.keep()
    assert {low, high} <= set(snapshot.read())


def test_the_snapshot_of_another_database_counts_no_longer_than_that_is_down(
    sqlite_db: Database, clock, workspace: Principal, seconds: Seconds, snapshot: LinkSnapshot
) -> None:
    snapshot.write({1: ("https://elsewhere.example/", False), 77: ("https://elsewhere.example/", False)}, add=False)
    [link_id] = _register(sqlite_db, Links(sqlite_db, clock), workspace, 1, "https://a.example/")
    destinations = Destinations(sqlite_db, seconds, snapshot)
    assert destinations.load() == 1
    assert destinations.get(link_id) == Destination("https://a.example/", False)
    assert destinations.get(77) is None
    assert snapshot.read() == {link_id: ("https://a.example/", False)}


def test_nothing_but_web_addresses_is_led_to(db: Database, links: Links, workspace: Principal, seconds: Seconds, tmp_path: Path) -> None:
    snapshot = LinkSnapshot(tmp_path / "links.json")
    snapshot.write({5: ("javascript:alert(1)", False), 6: ("//elsewhere.example/", False)}, add=False)
    [link_id] = _register(db, links, workspace, 1, "https://a.example/")
    with db.transaction() as connection:
        connection.execute(sa.update(table).values(url="data:text/html,x"))
    destinations = Destinations(db, seconds, snapshot)
    assert destinations.load() == 0
    assert [destinations.get(number) for number in (5, 6, link_id)] == [None, None, None]


class FrozenDatabase:
    """A server that takes questions and answers none, until it is let go."""

    def __init__(self) -> None:
        self.asked, self.let_go = threading.Event(), threading.Event()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        self.asked.set()
        self.let_go.wait(30)
        raise Unavailable("The database does not answer.")
        yield


def test_behind_a_read_that_hangs_nobody_queues_up(seconds: Seconds, snapshot: LinkSnapshot) -> None:
    snapshot.write({1: ("https://a.example/", False)}, add=False)
    database = FrozenDatabase()
    destinations = Destinations(database, seconds, snapshot)  # type: ignore[arg-type]
    loading = threading.Thread(target=destinations.load)
    loading.start()
    try:
        assert database.asked.wait(30)
        seconds.now += 2
        assert destinations.known(1) == destinations.get(1) == Destination("https://a.example/", False)
        assert destinations.get(2) is None  # at once: were it to wait, the test would hang
    finally:
        database.let_go.set()
        loading.join(30)
