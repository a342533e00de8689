"""What a provider reports becomes events: of our messages, and of mail that is not ours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.messages.keys import MessageKeys
from core.providers.reading import MOST_EVENTS
from core.providers.webhook_catalogue import WEBHOOKS
from core.providers.webhooks import ProviderEvent
from core.storage.journal import JournalWriter
from tests.events.conftest import World
from tests.events.reports import line, report


def test_an_event_that_names_our_message_belongs_to_its_campaign(world: World) -> None:
    message_id = world.message("ada@example.com")
    key = MessageKeys(world.settings.key).of(message_id)
    report(world, [{"event": "delivered", "message": key, "recipient": "ada@example.com", "id": "e1"}])
    assert world.ingester().run_once().kept == 1
    [event] = world.events()
    assert (event["kind"], event["message_id"], event["recipient"], event["provider"]) == ("delivered", message_id, None, "generic")


def test_an_event_of_other_mail_is_kept_with_its_recipient(world: World) -> None:
    report(world, {"event": "bounced", "recipient": "eve@example.org", "bounce_class": "soft", "id": "e2"})
    assert world.ingester().run_once().kept == 1
    [event] = world.events()
    assert (event["kind"], event["message_id"], event["recipient"]) == ("bounced", None, "eve@example.org")
    assert (event["recipient_domain"], event["bounce_class"], event["provider_event_id"]) == ("example.org", "soft", "e2")


def test_a_made_up_message_key_is_nobodys(world: World) -> None:
    message_id = world.message("ada@example.com")
    report(world, {"event": "bounced", "message": f"{message_id}-000000000000", "recipient": "ada@example.com"})
    assert world.ingester().run_once().kept == 1
    assert world.events()[0]["message_id"] is None


def test_a_body_that_is_no_report_is_counted_and_left_in_the_journal(world: World) -> None:
    report(world, "just words")
    assert world.ingester().run_once().dropped == {"unreadable": 1}


def test_a_report_nobody_thought_of_keeps_no_other_waiting(small_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader with a fault is put in the catalogue, which is data: nothing of ours is patched."""

    def trip(_body: bytes, _content_type: str) -> list[ProviderEvent]:
        raise RecursionError("nobody thought of this")

    monkeypatch.setitem(WEBHOOKS, "faulty", replace(WEBHOOKS["generic"], read=trip))
    report(small_world, {"event": "delivered"}, provider="faulty")
    report(small_world, {"event": "delivered", "recipient": "eve@example.org", "id": "e9"})
    done = small_world.ingester().run_once()
    assert (done.kept, done.dropped) == (1, {"unreadable": 1})


def test_a_report_of_a_workspace_that_is_not_there_keeps_no_other_waiting(world: World) -> None:
    """A journal may be newer than a database that was restored."""
    report(world, {"event": "bounced", "recipient": "a@example.org", "bounce_class": "hard", "id": "e1"}, workspace_id=2**40)
    report(world, {"event": "delivered", "recipient": "eve@example.org", "id": "e2"})
    assert world.ingester().run_once().kept == 1


def test_a_proxy_and_a_person_may_open_in_the_same_second(small_world: World) -> None:
    same = {"event": "opened", "recipient": "eve@example.org", "at": "2026-11-22T11:59:00+00:00"}
    report(
        small_world,
        [same | {"id": "a", "ip": "66.249.84.1"}, same | {"id": "b", "ip": "198.51.100.7"}, same | {"id": "c", "ip": "66.249.84.1"}],
    )
    assert small_world.ingester().run_once().kept == 2


def test_a_short_report_that_holds_very_much_stops_nobody(small_world: World) -> None:
    report(small_world, [0] * (MOST_EVENTS + 1))
    report(small_world, {"event": "delivered", "recipient": "eve@example.org", "id": "e1"})
    done = small_world.ingester().catch_up()
    assert (done.kept, done.dropped) == (1, {"unreadable": 1})


def test_of_many_full_reports_a_part_is_taken_at_a_time(small_world: World) -> None:
    """As long as a batch may be in bytes, it may hold no more events than fit into memory."""
    lines = [line(small_world, [{"event": "opened", "recipient": "eve@example.org", "id": f"{n}-{m}"} for m in range(4)]) for n in range(5)]
    writer = JournalWriter(small_world.settings.journal_dir, "receiver")
    writer.append(lines)
    writer.close()
    ingester = small_world.ingester(batch_events=6)
    rounds = [ingester.run_once() for _ in range(3)]
    assert [(one.read, one.kept, one.more) for one in rounds] == [(2, 8, True), (2, 8, True), (1, 4, False)]
    assert len({event["provider_event_id"] for event in small_world.events()}) == 20
