"""Messages: one email to one contact each."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import IdInPath, IdInQuery, Shown
from core.api.paging import DEFAULT, Cursor, Limit, Page, page_of, place_of
from core.messages.rows import MessageRow
from core.messages.states import MessageState
from core.permissions import Permission

router = APIRouter(prefix="/messages", tags=["Messages"], route_class=Door)
_VIEW = needs(Permission.CAMPAIGNS_VIEW)


class MessageShown(Shown):
    """One email to one contact, from the moment it is queued to its last outcome."""

    id: int = Field(examples=[4711])
    key: str = Field(description="Its name everywhere outside: the header `X-Postwright-Message`.", examples=["4711-0f3a9c71d2b4"])
    campaign_id: int = Field(examples=[9])
    contact_id: int = Field(examples=[7])
    email: str | None = Field(description="null once the contact is deleted.", examples=["grace@example.com"])
    variant_id: int | None = Field(description="The arm of an A/B test, or null.")
    state: MessageState
    reason: str = Field(description="Why, for what did not go through.")
    attempts: int
    due_at: datetime | None = Field(description="When it is tried again.")
    queued_at: datetime
    accepted_at: datetime | None
    provider_message_id: str | None


@router.get("", summary="List messages", openapi_extra=_VIEW)
def list_messages(
    caller: Asking,
    campaign_id: IdInQuery = None,
    state: Annotated[MessageState | None, Query(description="Only messages in this state.")] = None,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Page[MessageShown]:
    """Return messages, the oldest first."""
    found = caller.services.messages.after(caller.by, place_of(cursor) or 0, limit + 1, campaign_id=campaign_id, state=state)
    return page_of(found, limit, partial(_shown, caller), lambda row: (row[1].id,))


@router.get("/{message_id}", summary="Get a message", openapi_extra=_VIEW)
def get_message(caller: Asking, message_id: IdInPath) -> MessageShown:
    """Return a message."""
    return _shown(caller, caller.services.messages.get(caller.by, message_id))


def _shown(caller: Asking, found: tuple[int, MessageRow]) -> MessageShown:
    campaign_id, row = found
    key = caller.services.composer.message_key(row.id)
    return MessageShown(key=key, campaign_id=campaign_id, **{name: getattr(row, name) for name in MessageRow.__slots__})
