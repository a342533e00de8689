"""A single message as somebody asks for it, and as they find it again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import orjson

from core.messages.states import MessageState
from core.providers.base import Attachment


@dataclass(frozen=True)
class Request:
    """One email to one person, made of a template and data, or of what is given.

    Args:
        to: The recipient's address.
        from_email: The sender's address.
        subject: One line; with a template it may have merge fields.
        to_name: The recipient's name; may be empty.
        from_name: The sender's name; may be empty.
        template: The number or the name of a template, whose newest version counts; None where `html` or `text` is given.
        data: What the template's `data.…` fields stand for.
        html: The HTML part, as it is sent.
        text: The plain-text part, as it is sent; made of the HTML where it is empty.
        reply_to: Where answers go; may be empty.
        headers: Further headers: `References`, `In-Reply-To` and `X-…`.
        attachments: Files that come with it.
        connection: The number or the name of a connection; the workspace's default where None.
        tags: Words to find it by in the caller's own books.
        metadata: The caller's own notes, shown with it again.
    """

    to: str
    from_email: str
    subject: str
    to_name: str = ""
    from_name: str = ""
    template: int | str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    html: str = ""
    text: str = ""
    reply_to: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    connection: int | str | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)

    def fingerprint(self) -> str:
        """Return what tells this request from every other one.

        Raises:
            TypeError: If it holds what is not text, a number, a list or a group of those.
        """
        told = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "attachments"}
        told |= {name: dict(told[name]) for name in ("data", "headers", "metadata")}
        told["attachments"] = [[one.name, one.content_type, hashlib.sha256(one.data).hexdigest()] for one in self.attachments]
        return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True)
class Accepted:
    """A request that is on record: whatever happens from here on, it is not forgotten.

    Args:
        message_id: The ledger row.
        is_new: Whether this is the first time; False where the same key had asked for the same before.
        state: Where it is.
    """

    message_id: int
    is_new: bool
    state: MessageState


@dataclass(frozen=True)
class RequestedMessage:
    """What was asked for, as far as it is still kept.

    Args:
        message_id: The ledger row.
        subject: The subject; empty once the content is forgotten.
        template_version_id: The template's version it was written by.
        connection_id: The connection it leaves, or left, through; None once it is forgotten.
        tags: The caller's words.
        metadata: The caller's notes.
    """

    message_id: int
    subject: str
    template_version_id: int | None
    connection_id: int | None
    tags: tuple[str, ...]
    metadata: Mapping[str, str]
