"""Event intake as people see it: figures, single events, and the raw lines they came from."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from core.accounts.workspaces import Workspaces
from core.contacts.tables import contacts
from core.errors import InvalidInput, NotFound
from core.events.past_lines import PastLines
from core.events.raw_lines import shortened
from core.messages.keys import MessageKeys
from core.permissions import Principal
from core.storage.event_record import event_record
from core.storage.event_words import EventKind
from tests.conftest import NOON
from tests.events.conftest import World
from tests.events.test_replaying import intake

HOUR = timedelta(hours=1)


def reported(world: World, body: object, **changed: Any) -> dict[str, Any]:
    """A report as the receiver writes it."""
    line = {"kind": "webhook", "at": world.clock.now().isoformat(timespec="microseconds"), "source": "receiver"}
    line |= {"workspace_id": world.by.workspace_id, "connection_id": 1, "provider": "generic", "content_type": "application/json"}
    return line | {"body": orjson.dumps(body).decode()} | changed


def test_what_came_in_and_what_was_left_out_is_counted(world: World) -> None:
    message = world.message()
    lines = [world.record(EventKind.CONVERTED, message, key="order-1") for _ in range(3)]
    world.journal(*lines, world.record(EventKind.OPENED, 9001), reported(world, "just words"))  # type: ignore[arg-type]
    world.clock.advance(timedelta(seconds=40))
    world.ingester().run_once()

    found = intake(world).overview(world.by, world.clock.now() - HOUR)

    assert (found.kept, found.repeated, found.left_out) == (1, 2, 2)
    assert {(each.step, each.outcome, each.count, each.is_ours) for each in found.reasons} == {
        ("deduplicate", "duplicate", 2, True),
        ("match", "unmatched", 1, False),
        ("unpack", "unreadable", 1, True),
    }
    assert found.slowest == pytest.approx(40)
    assert [(source.provider, source.events) for source in found.sources] == [("", 1)]
    assert (found.step, len(found.moments), found.moments[-1].kept) == (timedelta(minutes=1), 61, 1)
    assert found.raw_since is not None


@pytest.mark.parametrize(("span", "points"), [(1, 61), (24, 97), (24 * 7, 169), (24 * 60, 61)])
def test_however_long_the_time_is_there_are_few_points(small_world: World, span: int, points: int) -> None:
    found = intake(small_world).overview(small_world.by, small_world.clock.now() - timedelta(hours=span))
    assert len(found.moments) == points
    assert (found.kept, found.slowest, found.sources, found.raw_since) == (0, None, [], None)


def test_what_waits_in_the_journals_is_told(world: World) -> None:
    message = world.message()
    writer = world.journal(world.record(EventKind.OPENED, message))
    begun = world.clock.now()
    world.clock.advance(timedelta(seconds=90))
    waiting = intake(world).overview(world.by, world.clock.now() - HOUR).backlog
    assert (waiting.waiting_since, waiting.behind, waiting.is_worked_on) == (begun, 90, False)
    assert waiting.waiting_bytes > 100

    working = world.ingester()
    working.run_once()
    done = intake(world).overview(world.by, world.clock.now() - HOUR).backlog
    assert (done.waiting_bytes, done.behind, done.is_worked_on) == (0, 0, True)
    writer.append([world.record(EventKind.OPENED, message)])
    assert intake(world).overview(world.by, world.clock.now() - HOUR).backlog.behind == 0


def test_another_workspaces_figures_are_not_mixed_in(world: World) -> None:
    other = Principal.system(Workspaces(world.db, world.clock).create("Other").id)
    world.journal(world.record(EventKind.OPENED, world.message()), reported(world, "just words"))  # type: ignore[arg-type]
    world.ingester().run_once()
    found = intake(world).overview(other, world.clock.now() - HOUR)
    assert (found.kept, found.left_out, found.sources) == (0, 0, [])


def test_a_moment_that_makes_no_sense_is_refused(small_world: World) -> None:
    for since in (small_world.clock.now() + HOUR, small_world.clock.now().replace(tzinfo=None)):
        with pytest.raises(InvalidInput):
            intake(small_world).overview(small_world.by, since)


@pytest.fixture
def full(world: World) -> World:
    """With an open, and a report of three events."""
    message = world.message("ada@example.com")
    key = MessageKeys(world.settings.key).of(message)
    items = [
        {"event": "delivered", "message": key, "recipient": "ada@example.com", "id": "ev-1"},
        {"event": "bounced", "recipient": "Eve@Example.org", "id": "ev-2", "reason": "450 from 198.51.100.77: later", "ip": "203.0.113.9"},
        {"event": "opened", "recipient": "eve@example.org", "provider_message": "msg-7", "id": "ev-3"},
    ]
    world.journal(world.record(EventKind.OPENED, message, ip="203.0.113.77", method="GET"), reported(world, items))  # type: ignore[arg-type]
    world.ingester().catch_up()
    return world


def ids(world: World, words: str) -> list[str]:
    return sorted(event.provider_event_id or event.kind for event in intake(world).look_up(world.by, words))


def test_events_are_found_by_what_people_know_of_them(full: World) -> None:
    [opened] = [row for row in full.events() if row["provider"] is None]
    message = opened["message_id"]
    assert ids(full, str(opened["event_id"])) == ["opened"]
    assert ids(full, f"  {message} ") == ["ev-1", "opened"]
    assert ids(full, MessageKeys(full.settings.key).of(message)) == ["ev-1", "opened"]
    assert ids(full, "ev-2") == ["ev-2"]
    assert intake(full).look_up(full.by, "ev-2")[0].reason == "450 from 198.51.100.0/24: later"
    assert ids(full, "EVE@example.org") == ["ev-2", "ev-3"]
    assert ids(full, "") == ids(full, "nothing like it") == ids(full, "9" * 30) == ids(full, "' or 1=1 --") == []


def test_events_of_a_contact_are_found_by_their_address(world: World) -> None:
    message = world.message("ada@example.com")
    world.journal(world.record(EventKind.OPENED, message))
    world.ingester().catch_up()
    [found] = intake(world).look_up(world.by, "Ada@Example.com")
    assert (found.kind, found.address, found.contact_id) == ("opened", "ada@example.com", world.rows(contacts)[0].id)


def test_at_most_fifty_are_found_the_newest(small_world: World) -> None:
    world, message = small_world, small_world.message()
    now = world.clock.now()
    world.journal(*(world.record(EventKind.OPENED, message, at=now + timedelta(seconds=second)) for second in range(60)))
    world.ingester().catch_up()
    found = intake(world).look_up(world.by, str(message))
    assert len(found) == 50
    assert found[0].received_at == now + timedelta(seconds=59)


def test_the_raw_line_of_an_open_shows_its_network_only(full: World) -> None:
    [event] = [row for row in full.events() if row["provider"] is None]
    raw = intake(full).raw(full.by, event["event_id"])
    assert raw.line is not None and raw.line.item is None
    assert (raw.line.record["kind"], raw.line.record["ip"]) == ("opened", "203.0.113.0/24")
    assert raw.line.offset == 0


def test_of_a_report_only_the_one_item_is_shown(full: World) -> None:
    [event] = [row for row in full.events() if row["provider_event_id"] == "ev-2"]
    raw = intake(full).raw(full.by, event["event_id"])
    assert raw.line is not None and not raw.line.is_whole_body
    assert (raw.line.item["id"], raw.line.item["ip"]) == ("ev-2", "203.0.113.0/24")
    assert "198.51.100.0/24" in raw.line.item["reason"]
    assert "body" not in raw.line.record
    assert "ada@example.com" not in repr(raw.line)


@pytest.mark.parametrize("change", ["alone", "base64"])
def test_reports_of_every_shape_are_found(small_world: World, change: str) -> None:
    world, item = small_world, {"event": "bounced", "recipient": "eve@example.org", "id": "ev-9"}
    line = reported(world, item)
    if change == "base64":
        line["body_base64"] = base64.b64encode(line.pop("body").encode()).decode()
    world.journal(line)  # type: ignore[arg-type]
    world.ingester().catch_up()
    raw = intake(world).raw(world.by, world.events()[0]["event_id"])
    assert raw.line is not None and raw.line.item == item


def test_when_the_journal_is_gone_how_far_back_they_are_kept_is_told(full: World) -> None:
    for path in full.settings.journal_dir.glob("*.jsonl"):
        path.unlink()
    raw = intake(full).raw(full.by, full.events()[0]["event_id"])
    assert (raw.line, raw.raw_since) == (None, None)


def test_nobody_sees_another_workspaces_events(full: World) -> None:
    other = Principal.system(Workspaces(full.db, full.clock).create("Other").id)
    for event in full.events():
        with pytest.raises(NotFound):
            intake(full).raw(other, event["event_id"])
    for words in ("ada@example.com", "ev-2", str(full.events()[0]["event_id"]), "1"):
        assert intake(full).look_up(other, words) == []


@pytest.mark.parametrize("event_id", [0, -1, 2**63, 17])
def test_a_number_that_names_no_event_is_not_found(small_world: World, event_id: int) -> None:
    with pytest.raises(NotFound):
        intake(small_world).raw(small_world.by, event_id)


def test_what_a_replay_would_read_is_told(full: World) -> None:
    full.clock.advance(timedelta(minutes=1))
    now = full.clock.now()
    extent = intake(full).extent(full.by, now - HOUR, now)
    assert (extent.files, extent.size) == (1, next(full.settings.journal_dir.glob("*.jsonl")).stat().st_size)
    assert intake(full).extent(full.by, now - 5 * HOUR, now - 4 * HOUR).files == 0


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:85a3::8a2e:370:7334", "2001:db8:85a3::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("550 [203.0.113.77] said no.", "550 [203.0.113.0/24] said no."),
        ("https://203.0.113.77:8080/x", "https://203.0.113.0/24:8080/x"),
        ("from 2001:db8:85a3::7: later", "from 2001:db8:85a3::/48: later"),
        ("00:1b:44:11:3a:b7", "00:1b:44:11:3a:b7"),
        ("203.0.113.77, 198.51.100.4", "203.0.113.0/24, 198.51.100.0/24"),
        ("Mozilla/5.0 Chrome/120.0.0.0 Safari/537.36", "Mozilla/5.0 Chrome/120.0.0.0 Safari/537.36"),
        ("2026-11-22T12:30:05+00:00", "2026-11-22T12:30:05+00:00"),
        ("12:30:05", "12:30:05"),
        ("smtp; 5.1.1", "smtp; 5.1.1"),
        ("", ""),
        (7, 7),
        (None, None),
        ({"ip": ["203.0.113.77"]}, {"ip": ["203.0.113.0/24"]}),
    ],
)
def test_addresses_of_machines_are_shortened(value: object, shown: object) -> None:
    assert shortened(value) == shown


def test_a_form_in_a_report_is_taken_apart() -> None:
    from core.events.raw_lines import _item

    body = urlencode({"events": orjson.dumps([{"id": 1}, {"id": 2}]).decode()}).encode()
    assert _item(body, "application/x-www-form-urlencoded; charset=utf-8", 1, 2) == ({"id": 2}, False)
    assert _item(b'[{"id":1}]', "application/json", 0, 2) == ([{"id": 1}], True)
    assert _item(b"not json", "text/plain", 0, 1) == ("not json", True)


@pytest.mark.parametrize("begin", [datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))])
def test_a_time_that_begins_with_time_itself_can_be_asked_for(full: World, begin: datetime) -> None:
    full.clock.advance(timedelta(minutes=1))
    now = full.clock.now()
    assert intake(full).extent(full.by, begin, now).files == 1
    assert intake(full).replay(full.by, begin, now).since.year == 2000


def test_how_far_back_raw_lines_go_is_told_by_when_they_came(small_world: World) -> None:
    long_ago = event_record(
        EventKind.CONVERTED, datetime(2001, 1, 1, tzinfo=UTC), "api", received_at=NOON.isoformat(), recipient="a@b.example"
    )
    small_world.journal(long_ago | {"workspace_id": small_world.by.workspace_id}).close()
    small_world.ingester().run_once()
    assert PastLines(small_world.db, small_world.settings.journal_dir).oldest() == NOON
