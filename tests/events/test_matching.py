"""Whose an event is: by any name a provider knows the message by, and never another workspace's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core.accounts.workspaces import Workspaces
from core.contacts.tables import contacts, suppressions
from core.messages.keys import MessageKeys
from core.messages.tables import messages
from core.permissions import Principal
from tests.events.conftest import CAMPAIGN, World
from tests.events.reports import report


def named(world: World, message_id: int, provider_id: str) -> None:
    with world.db.transaction() as connection:
        connection.execute(sa.update(messages).where(messages.c.id == message_id).values(provider_message_id=provider_id))


def key(world: World, message_id: int) -> str:
    return MessageKeys(world.settings.key).of(message_id)


def ingested(world: World) -> dict[str, Any]:
    world.ingester().run_once()
    [event] = world.events()
    return event


def in_another_workspace(world: World) -> int:
    home, world.by = world.by, Principal.system(Workspaces(world.db, world.clock).create("Other").id)
    message = world.message("ada@example.com", campaign_id=CAMPAIGN + 1)
    world.by = home
    return message


def test_the_message_id_header_names_our_message(world: World) -> None:
    message = world.message("ada@example.com")
    report(world, {"event": "delivered", "message_id": f"<{key(world, message)}@news.example.com>", "recipient": "ada@example.com"})
    event = ingested(world)
    assert (event["message_id"], event["campaign_id"], event["recipient"], event["recipient_domain"]) == (
        message,
        CAMPAIGN,
        None,
        "example.com",
    )


def test_the_provider_s_own_number_names_our_message(world: World) -> None:
    message = world.message("ada@example.com")
    named(world, message, "mta-9")
    report(world, {"event": "delivered", "provider_message": "mta-9", "recipient": "someone@else.example"})
    assert ingested(world)["message_id"] == message


def test_one_number_for_a_whole_batch_of_messages_needs_the_address(world: World) -> None:
    for name in ("ada", "eve"):
        named(world, world.message(f"{name}@example.com"), "batch-1")
    report(world, {"event": "delivered", "provider_message": "batch-1", "recipient": "Eve@Example.com"})
    event = ingested(world)
    assert world.row(event["message_id"]).contact_id == event["contact_id"] == 2


def test_one_number_for_many_messages_and_an_address_of_none_is_nobody_s_message(world: World) -> None:
    for name in ("ada", "eve"):
        named(world, world.message(f"{name}@example.com"), "batch-1")
    report(world, {"event": "delivered", "provider_message": "batch-1", "recipient": "mallory@example.com"})
    event = ingested(world)
    assert (event["message_id"], event["contact_id"], event["recipient"]) == (None, None, "mallory@example.com")


@pytest.mark.parametrize("how", ["key", "header", "number"])
def test_another_workspace_s_message_is_not_ours_however_it_is_named(world: World, how: str) -> None:
    theirs = in_another_workspace(world)
    named(world, theirs, "mta-9")
    names = {"key": {"message": key(world, theirs)}, "header": {"message_id": f"{key(world, theirs)}@x.example"}, "number": {}}
    report(world, {"event": "bounced", "bounce_class": "hard", "provider_message": "mta-9", "recipient": "ada@example.com", **names[how]})
    event = ingested(world)
    assert (event["workspace_id"], event["message_id"], event["campaign_id"], event["contact_id"]) == (
        world.by.workspace_id,
        None,
        None,
        None,
    )
    assert event["recipient"] == "ada@example.com"
    assert world.row(theirs).state == "accepted"
    assert [row.workspace_id for row in world.rows(suppressions)] == [world.by.workspace_id]


def test_a_key_of_a_message_that_is_gone_gives_way_to_the_address(world: World) -> None:
    world.message("ada@example.com")
    report(world, {"event": "opened", "message": key(world, 999), "recipient": " ADA@example.COM "})
    event = ingested(world)
    assert (event["message_id"], event["contact_id"], event["recipient"]) == (None, 1, None)


def test_an_address_of_a_contact_names_the_contact_in_the_address_s_place(world: World) -> None:
    world.message("ada@xn--exmple-cua.com")
    report(world, {"event": "bounced", "bounce_class": "hard", "recipient": "Ada@exämple.com", "id": "1"})
    event = ingested(world)
    [contact] = world.rows(contacts)
    assert (event["contact_id"], event["recipient"], event["recipient_domain"]) == (contact.id, None, "xn--exmple-cua.com")
    assert [row.email for row in world.rows(suppressions)] == ["ada@xn--exmple-cua.com"]


def test_a_batch_takes_as_many_queries_as_one_event(small_world: World) -> None:
    world = small_world
    statements: list[str] = []
    ingester = world.ingester()
    sa.event.listen(world.db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    ids = [world.message() for _ in range(60)]
    for message in ids[40:]:
        named(world, message, f"mta-{message}")

    def ingest(count: int, tag: str) -> int:
        rows = [{"message": key(world, one), "at": world.clock.now().isoformat(), "id": f"{tag}{one}"} for one in ids[:count]]
        rows += [{"provider_message": f"mta-{one}", "id": f"{tag}{one}"} for one in ids[40 : 40 + count]]
        rows += [{"recipient": f"p{one}@example.com", "id": f"{tag}x{one}"} for one in range(count)]
        report(world, [{"event": "opened", **row} for row in rows])
        world.clock.advance(timedelta(seconds=1))
        statements.clear()
        assert ingester.run_once().kept == len(rows)
        return len(statements)

    ingest(1, "first")  # takes the lease too
    assert ingest(20, "many") <= ingest(1, "one")
