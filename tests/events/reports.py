"""Reports of a provider in the journal, as the receiver writes them."""

from __future__ import annotations

from typing import Any

import orjson

from core.clock import utc
from core.storage.journal import JournalWriter
from tests.events.conftest import World


def line(world: World, body: object, **changed: Any) -> dict[str, Any]:
    """A journal line that holds a report."""
    return {
        "kind": "webhook",
        "at": utc(world.clock.now()).isoformat(),
        "source": "receiver",
        "workspace_id": world.by.workspace_id,
        "connection_id": 1,
        "provider": "generic",
        "content_type": "application/json",
        "body": orjson.dumps(body).decode(),
    } | changed


def report(world: World, body: object, **changed: Any) -> None:
    """Let the journal hold a report, in a file of its own."""
    writer = JournalWriter(world.settings.journal_dir, "receiver")
    writer.append([line(world, body, **changed)], durable=True)
    writer.close()
