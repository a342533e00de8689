from __future__ import annotations

from pathlib import Path

import pytest

from core.links.destinations import Destination, Destinations
from core.links.registry import Links
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
