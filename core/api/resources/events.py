"""Events: what happened, once and for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AfterValidator, AwareDatetime, Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import IdInQuery, Shown
from core.api.paging import DEFAULT, Cursor, Limit, Page, page_of, unpack
from core.permissions import Permission
from core.storage.event_words import Actor, BounceClass, EventKind

router = APIRouter(prefix="/events", tags=["Events"], route_class=Door)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = 253_402_300_799_999_999  # the last microsecond a time can name


def _in_utc(moment: datetime) -> datetime:
    """Return a moment in the zone that is asked with; at the ends of time it may be beyond them there."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("No event is that far away in time") from None


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class EventShown(Shown):
    """Something that happened."""

    event_id: int = Field(examples=[4_611_686_018_427_387_904])
    workspace_id: int
    kind: EventKind
    occurred_at: datetime
    received_at: datetime | None
    message_id: int | None
    campaign_id: int | None
    automation_id: int | None
    variant_id: int | None
    contact_id: int | None
    recipient: str | None = Field(description="Only where no contact matches.")
    recipient_domain: str | None
    link_id: int | None
    url: str | None
    provider: str | None
    provider_event_id: str | None
    provider_message_id: str | None
    actor: Actor | None = Field(description="A person, a proxy that acts for a person's open, or a machine.")
    actor_reason: str | None
    bounce_class: BounceClass | None
    reason: str | None
    user_agent: str | None
    client: str | None
    device: str | None
    ip_prefix: str | None
    country: str | None
    value: float | None
    currency: str | None
    properties: str | None = Field(description="JSON, as it was sent.")


@router.get("", summary="List events", openapi_extra=needs(Permission.EVENTS_EXPORT))
def list_events(
    caller: Asking,
    campaign_id: IdInQuery = None,
    kind: Annotated[EventKind | None, Query(description="Only events of this kind.")] = None,
    since: Annotated[Moment | None, Query(description="Only what happened at or after this.", examples=["2026-11-22T12:00:00Z"])] = None,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Page[EventShown]:
    """Return events in the order they happened; a new event is there within a few seconds."""
    place = unpack(cursor, int, int)
    after = (_EPOCH + timedelta(microseconds=min(int(place[0]), _LAST)), int(place[1])) if place else None
    named = None if kind is None else kind.value
    found = caller.services.analytics.events_after(caller.by, after, limit + 1, campaign_id=campaign_id, kind=named, since=since)
    return page_of(found, limit, _shown, _place)


def _shown(row: dict[str, Any]) -> EventShown:
    return EventShown.model_validate(row)


def _place(row: dict[str, Any]) -> tuple[int, int]:
    return (row["occurred_at"] - _EPOCH) // timedelta(microseconds=1), row["event_id"]
