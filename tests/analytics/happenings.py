"""Events as tests write them down."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.conftest import NOON


def event(
    kind: str, contact_id: int | None, *, minutes: float = 0, at: datetime | None = None, campaign_id: int | None = 1, **known: Any
) -> dict[str, Any]:
    """An event of campaign 1, some minutes after noon."""
    actor = {"actor": "human"} if kind in {"opened", "clicked", "converted", "unsubscribed"} else {}
    when = at or NOON + timedelta(minutes=minutes)
    return {"kind": kind, "contact_id": contact_id, "campaign_id": campaign_id, "occurred_at": when, **actor, **known}


def sent(*contact_ids: int, **known: Any) -> list[dict[str, Any]]:
    """Each of these was sent the campaign."""
    return [event("sent", contact_id, **known) for contact_id in contact_ids]
