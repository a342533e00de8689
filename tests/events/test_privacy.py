"""Workspaces that track no people: a day's visitors are counted, and nothing that is left names them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from core.accounts.workspaces import Workspaces
from core.contacts.tables import contacts, suppressions
from core.events.concealing import DaySalts, make_salts
from core.events.redacting import Redacting
from core.events.tables import day_salts
from core.links.tables import links
from core.messages.keys import MessageKeys
from core.storage.event_words import BounceClass, EventKind
from core.storage.tables import journal_offsets, workspaces
from tests.events.conftest import CAMPAIGN, FIREFOX, World
from tests.events.reports import report

ADA = "ada.private@example.com"
IP = "198.51.100.77"
PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 9 Pro) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Mobile Safari/537.36"


@pytest.fixture
def private(world: World) -> World:
    with world.db.transaction() as connection:
        connection.execute(sa.update(workspaces).where(workspaces.c.id == world.by.workspace_id).values(tracks_people=False))
        make_salts(connection, world.clock.now())
    return world


def chores(world: World) -> tuple[DaySalts, Redacting]:
    return DaySalts(world.db, world.clock), Redacting(world.db, world.settings.journal_dir)


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_visitors_of_a_day_are_counted_and_nobody_is_named(private: World) -> None:
    world = private
    ada, bob = world.message(ADA), world.message("bob.private@example.com")
    link = world.link("https://shop.example.com/")
    hits = [world.record(EventKind.OPENED, ada, ip=IP, user_agent=PHONE) for _ in range(3)]
    hits += [
        world.record(EventKind.OPENED, bob, ip=IP, user_agent=PHONE),
        world.record(EventKind.CLICKED, ada, link_id=link, ip=IP, user_agent=PHONE),
    ]
    world.journal(world.record(EventKind.SENT, ada, source="delivery"), *hits).close()
    world.ingester(chores=chores(world)).catch_up()

    found = [event for event in world.events() if event["kind"] != "sent"]
    assert len(found) == 5
    named = ("contact_id", "message_id", "recipient", "recipient_domain", "ip_prefix", "user_agent", "properties", "provider_message_id")
    assert all(event[name] is None for event in found for name in named)
    assert {event["campaign_id"] for event in found} == {CAMPAIGN}
    assert len({event["visitor"] for event in found}) == 2
    assert {(event["client"], event["device"]) for event in found} == {("Chrome", "phone")}

    facts = [row for row in world.facts() if row["contact_id"] is None]
    assert sorted((row["opens"], row["clicks"]) for row in facts) == [(1, 0), (3, 1)]


def test_neither_the_lake_nor_the_journal_names_them_afterwards(private: World) -> None:
    world = private
    ada = world.message(ADA)
    before = world.journal(world.record(EventKind.OPENED, ada, ip=IP, user_agent=PHONE), world.record(EventKind.UNSUBSCRIBED, ada))
    report(world, [{"event": "opened", "recipient": ADA, "ip": IP, "user_agent": PHONE, "id": "e1"}])
    lengths = {path.name: path.stat().st_size for path in world.settings.journal_dir.glob("*.jsonl")}
    ingester = world.ingester(chores=chores(world))
    ingester.catch_up()
    before.append([world.record(EventKind.OPENED, ada, ip=IP, user_agent=PHONE)])  # its writer goes on behind what was redacted
    before.close()
    ingester.catch_up()

    left = all_bytes(world.settings.journal_dir)
    assert not [word for word in (ADA.encode(), IP.encode(), b"Pixel", b"message_id") if word in left]
    kept = all_bytes(world.settings.lake_dir)
    assert not [word for word in (ADA.encode(), b"198.51.100", b"Pixel") if word in kept]
    assert all(orjson.loads(line)["kind"] for line in left.splitlines())
    sizes = {path.name: path.stat().st_size for path in world.settings.journal_dir.glob("*.jsonl")}
    assert all(sizes[name] >= length for name, length in lengths.items())
    assert {row.email: row.consent for row in world.rows(contacts)}[ADA] == "unsubscribed"


def test_a_no_and_a_bounce_still_have_their_effect(private: World) -> None:
    world = private
    ada = world.message(ADA)
    world.journal(world.record(EventKind.BOUNCED, ada, source="webhook", bounce_class=BounceClass.HARD)).close()
    world.ingester(chores=chores(world)).run_once()
    assert [row.email for row in world.rows(suppressions)] == [ADA]
    assert world.row(ada).state == "bounced"


def test_the_next_day_nobody_is_known_again_and_the_salt_is_forgotten(private: World) -> None:
    world = private
    ada = world.message(ADA)
    ingester = world.ingester(chores=chores(world))
    world.journal(world.record(EventKind.OPENED, ada)).close()
    ingester.run_once()
    world.clock.advance(timedelta(days=1))
    world.journal(world.record(EventKind.OPENED, ada)).close()
    ingester.run_once()
    first, second = (event["visitor"] for event in world.events())
    assert first != second
    days = {row.day for row in world.rows(day_salts)}
    world.clock.advance(timedelta(days=5))
    ingester.run_once()
    assert not days & {row.day for row in world.rows(day_salts)}


def test_a_workspace_that_tracks_people_beside_it_loses_nothing(private: World) -> None:
    world = private
    with world.db.transaction() as connection:
        connection.execute(sa.update(workspaces).values(tracks_people=True))
        other = connection.execute(sa.insert(workspaces).values(name="Private", created_at=world.clock.now(), tracks_people=False))
        assert other.inserted_primary_key
    ada = world.message(ADA)
    world.journal(world.record(EventKind.OPENED, ada, ip=IP, user_agent=FIREFOX)).close()
    world.ingester(chores=chores(world)).run_once()
    [event] = world.events()
    assert (event["message_id"], event["ip_prefix"], event["visitor"]) == (ada, "198.51.100.0/24", None)
    assert IP.encode() in all_bytes(world.settings.journal_dir)


def test_redacting_goes_on_where_it_was_killed(private: World) -> None:
    world = private
    ada = world.message(ADA)
    world.journal(*(world.record(EventKind.OPENED, ada, ip=IP) for _ in range(5))).close()
    world.ingester().run_once()
    with pytest.raises(RuntimeError):
        Redacting(world.db, world.settings.journal_dir).run(_killed)
    assert [row.redacted_to for row in world.rows(journal_offsets)] == [0]
    Redacting(world.db, world.settings.journal_dir).run(lambda _: None)
    [offset] = world.rows(journal_offsets)
    assert offset.redacted_to == offset.offset
    assert IP.encode() not in all_bytes(world.settings.journal_dir)
    assert len(world.rows(links)) == 0


def _killed(_connection: sa.Connection) -> None:
    raise RuntimeError("killed")


def test_an_address_a_provider_reports_may_name_the_person_and_is_not_kept(private: World) -> None:
    world = private
    key = MessageKeys(world.settings.key).of(world.message(ADA))
    report(world, [{"event": "clicked", "message": key, "recipient": ADA, "url": f"https://shop.example/?for={ADA}", "id": "c1"}])
    world.ingester(chores=chores(world)).catch_up()
    assert [(event["kind"], event["url"]) for event in world.events()] == [("clicked", None)]
    assert ADA.encode() not in all_bytes(world.settings.lake_dir)


def test_who_opens_twice_on_a_day_nothing_ran_is_one_and_another_the_next_day(private: World) -> None:
    world = private
    ada = world.message(ADA)
    world.clock.advance(timedelta(days=4))
    first = [world.record(EventKind.OPENED, ada) for _ in range(3)]
    world.clock.advance(timedelta(days=1))
    world.journal(*first, world.record(EventKind.OPENED, ada)).close()
    world.ingester(chores=chores(world)).catch_up()
    assert len({event["visitor"] for event in world.events()}) == 2


def test_what_was_read_before_it_was_turned_off_stays_and_what_comes_after_does_not(world: World) -> None:
    ada, ingester = world.message(ADA), world.ingester(chores=chores(world))
    writer = world.journal(world.record(EventKind.OPENED, ada, ip=IP, user_agent=FIREFOX))
    ingester.catch_up()
    Workspaces(world.db, world.clock).update(world.by, tracks_people=False)
    writer.append([world.record(EventKind.OPENED, ada, ip="203.0.113.9", user_agent=PHONE)])
    writer.close()
    ingester.catch_up()
    left = all_bytes(world.settings.journal_dir)
    assert IP.encode() in left
    assert b"203.0.113.9" not in left
    assert b"Pixel" not in left
