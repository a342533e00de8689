"""Messages: one email to one person each, of a campaign or asked for on its own."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, Id, IdInPath, IdInQuery, Line, Shown, Text
from core.api.paging import DEFAULT, Cursor, Limit, Page, page_of, place_of
from core.errors import InvalidInput
from core.messages import request_models
from core.messages.request_checks import ATTACHED_BYTES, MOST_ATTACHMENTS
from core.messages.rows import MessageRow
from core.messages.states import MessageState
from core.permissions import Permission
from core.providers.base import Attachment
from core.storage.event_words import Actor, BounceClass, EventKind

router = APIRouter(prefix="/messages", tags=["Messages"], route_class=Door)
_VIEW = needs(Permission.CAMPAIGNS_VIEW)
_VIEW_OR_SEND = needs(Permission.CAMPAIGNS_VIEW, other=Permission.MESSAGES_SEND)
# Files are a third longer as base64; what is left is for the bodies.
LARGEST_BODY = 16 * 1024 * 1024
_LONGEST_FILE = ATTACHED_BYTES * 4 // 3 + 4
_SEND = needs(Permission.MESSAGES_SEND, largest_body=LARGEST_BODY)


class MessageShown(Shown):
    """One email to one person, from the moment it is queued to its last outcome."""

    id: int = Field(examples=[4711])
    key: str = Field(description="Its name everywhere outside: the header `X-Postwright-Message`.", examples=["4711-0f3a9c71d2b4"])
    campaign_id: int | None = Field(description="null for a message that was asked for on its own.", examples=[9])
    contact_id: int | None = Field(description="null for somebody who is no contact.", examples=[7])
    email: str | None = Field(description="null once the contact is deleted, or the message forgotten.", examples=["grace@example.com"])
    variant_id: int | None = Field(description="The arm of an A/B test, or null.")
    state: MessageState
    reason: str = Field(description="Why, for what did not go through.")
    attempts: int
    due_at: datetime | None = Field(description="When it is tried again.")
    queued_at: datetime
    accepted_at: datetime | None
    provider_message_id: str | None


class MessageAccepted(Shown):
    """A message that is on the disk and will not be forgotten."""

    id: int = Field(examples=[4711])
    key: str = Field(description="Its name everywhere outside: the header `X-Postwright-Message`.", examples=["4711-0f3a9c71d2b4"])
    state: MessageState = Field(description="`queued`; another where an `Idempotency-Key` names a message of before.")


class MessageEvent(Shown):
    """Something that happened to a message."""

    event_id: int = Field(examples=[4_611_686_018_427_387_904])
    kind: EventKind
    occurred_at: datetime
    actor: Actor | None = Field(description="A person, a proxy that acts for a person's open, or a machine.")
    actor_reason: str | None
    bounce_class: BounceClass | None
    reason: str | None
    provider: str | None
    url: str | None
    client: str | None
    device: str | None


class MessageInFull(MessageShown):
    """A message with what happened to it, and what was asked for with a single one."""

    subject: str | None = Field(description="Of a single message, while it is kept.")
    template_version_id: int | None = Field(description="Which version of its template a single message was written by.")
    connection_id: int | None = Field(
        description="What a single message leaves through: the connection it was asked for, or the one that stood in."
    )
    tags: list[str] = Field(description="As they were given.")
    metadata: dict[str, str] = Field(description="As it was given.")
    events: list[MessageEvent] = Field(description="What happened to it, the first thing first; new ones are there within seconds.")


class NewAttachment(Given):
    """A file that comes with an email."""

    name: Line = Field(examples=["invoice.pdf"])
    content_type: Line = Field("application/octet-stream", examples=["application/pdf"])
    data: Annotated[str, Field(max_length=_LONGEST_FILE, description="The file as base64.", examples=["JVBERi0xLjQK"])]


class NewMessage(Given):
    """An email to one person: a template and its data, or `html`, `text` or both."""

    to: Line = Field(
        description="The recipient's address, in any alphabet where the connection can carry it (SMTP, Mailgun).",
        examples=["grace@example.com"],
    )
    to_name: Line = Field("", examples=["Grace Hopper"])
    from_email: Line = Field(examples=["shop@example.com"])
    from_name: Line = Field("", examples=["The Shop"])
    subject: Line = Field(description="With a template it may have merge fields.", examples=["Your order"])
    template_id: Id | None = Field(None, description="A template, in its newest version.")
    template: Line = Field("", description="Its name, in place of its number.", examples=["Receipt"])
    data: dict[str, Any] = Field({}, description="What the template's `data.…` fields stand for.", examples=[{"order": "A-1001"}])
    html: Text = Field("", description="The HTML, as it is sent.")
    text: Text = Field("", description="The plain text; made of the HTML if not given.")
    reply_to: Line = Field("", examples=["help@example.com"])
    headers: dict[str, Line] = Field({}, max_length=20, description="`References`, `In-Reply-To`, and names that begin with `X-`.")
    attachments: Annotated[list[NewAttachment], Field(max_length=MOST_ATTACHMENTS)] = Field([], description="Together at most 10 MiB.")
    connection_id: Id | None = Field(None, description="What it leaves through; the workspace's default if not given.")
    tags: list[Line] = Field([], max_length=20, description="Your own words; shown with it again.")
    metadata: dict[str, Line] = Field({}, max_length=20, description="Your own notes; shown with it again.")


async def _given_key(request: Request) -> str:
    return request.headers.get("idempotency-key", "")


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


@router.post("", summary="Send a message", status_code=202, openapi_extra=_SEND)
def send_message(caller: Asking, given: NewMessage, response: Response, key: Annotated[str, Depends(_given_key)]) -> MessageAccepted:
    """Send one email to one person, such as a receipt. Once this answers, it is on the disk and goes out within a second or so.

    With an `Idempotency-Key` the same request makes one message, however often it is sent, for 30 days. Unsubscribed people get
    it too; addresses that bounced, complained, were suppressed or erased do not, and its state is `skipped`, here already where that
    is known. Nobody's opens and clicks are followed.
    """
    accepted = caller.services.requests.submit(caller.by, _asked(given), key)
    response.headers["Location"] = f"/api/v1/messages/{accepted.message_id}"
    key_outside = caller.services.composer.message_key(accepted.message_id)
    return MessageAccepted(id=accepted.message_id, key=key_outside, state=accepted.state)


@router.get("/{message_id}", summary="Get a message", openapi_extra=_VIEW_OR_SEND)
def get_message(caller: Asking, message_id: IdInPath) -> MessageInFull:
    """Return a message and what happened to it. With `messages.send` alone: a single message, not one of a campaign."""
    found = caller.services.messages.get(caller.by, message_id)
    asked = caller.services.requests.get(caller.by, message_id) if found[0] is None else None
    events = caller.services.analytics.message_events(caller.by, message_id)
    return MessageInFull(
        **_fields(caller, found),
        subject=asked.subject if asked else None,
        template_version_id=asked.template_version_id if asked else None,
        connection_id=asked.connection_id if asked else None,
        tags=list(asked.tags) if asked else [],
        metadata=dict(asked.metadata) if asked else {},
        events=[MessageEvent.model_validate(event) for event in events],
    )


def _shown(caller: Asking, found: tuple[int | None, MessageRow]) -> MessageShown:
    return MessageShown(**_fields(caller, found))


def _fields(caller: Asking, found: tuple[int | None, MessageRow]) -> Mapping[str, Any]:
    campaign_id, row = found
    named = {name: getattr(row, name) for name in MessageRow.__slots__}
    return {"key": caller.services.composer.message_key(row.id), "campaign_id": campaign_id, **named}


def _asked(given: NewMessage) -> request_models.Request:
    if given.template_id is not None and given.template:
        raise InvalidInput("Say either “template_id” or “template”.", hint="Both name a template.")
    return request_models.Request(
        to=given.to,
        to_name=given.to_name,
        from_email=given.from_email,
        from_name=given.from_name,
        subject=given.subject,
        template=given.template_id if given.template_id is not None else given.template or None,
        data=given.data,
        html=given.html,
        text=given.text,
        reply_to=given.reply_to,
        headers=given.headers,
        attachments=tuple(_file(each) for each in given.attachments),
        connection=given.connection_id,
        tags=tuple(given.tags),
        metadata=given.metadata,
    )


def _file(given: NewAttachment) -> Attachment:
    try:
        return Attachment(given.name, given.content_type, base64.b64decode(given.data, validate=True))
    except (binascii.Error, ValueError) as error:
        raise InvalidInput("The data of an attachment is not base64.", hint="Encode the file with the standard alphabet.") from error
