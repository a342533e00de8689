"""From what was asked for to the finished email: the same for every attempt, to the byte."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime

from core.links.urls import TrackingUrls
from core.messages.keys import MessageKeys
from core.messages.request_content import PREFERENCES, UNSUBSCRIBE, VIEW, Content
from core.providers.base import OutgoingMessage
from core.providers.content import Filled
from core.providers.mime import address


class RequestComposer:
    """Finishes single messages.

    Args:
        urls: Builds the receiver's URLs.
        key: The installation's secret key; makes message keys that nobody can guess.
    """

    def __init__(self, urls: TrackingUrls, key: bytes) -> None:
        self._urls, self._keys = urls, MessageKeys(key)

    def compose(self, workspace_id: int, message_id: int, to: str, content: Content, asked_at: datetime) -> OutgoingMessage:
        """Return the email of one message.

        Args:
            workspace_id: Whose it is.
            message_id: The ledger row.
            to: The recipient's address.
            content: What it says.
            asked_at: When it was asked for: its Date, which must be the same for every attempt.

        Raises:
            InvalidInput: If the sender's address can't be used.
        """
        key = self._keys.of(message_id)
        headers = {
            "Date": format_datetime(asked_at),
            "Message-ID": f"<{key}@{address(content.from_email).rpartition('@')[2]}>",
            "Feedback-ID": f"w{workspace_id}:message:postwright",
            "X-Postwright-Message": key,
            "Auto-Submitted": "auto-generated",  # RFC 3834: nobody's absence notice has to answer it
            **content.headers,
        }
        return OutgoingMessage(
            message_id=message_id,
            workspace_id=workspace_id,
            key=key,
            to=to,
            from_email=content.from_email,
            from_name=content.from_name,
            subject=content.subject,
            html=Filled.whole(self.html(message_id, content)),
            text=Filled.whole(self._addressed(content.text, content.mark, message_id)),
            headers=headers,
            attachments=content.attachments,
            is_bulk=False,
            to_name=content.to_name,
        )

    def html(self, message_id: int, content: Content) -> str:
        """Return the HTML of one message, as its recipient has it."""
        return self._addressed(content.html, content.mark, message_id)

    def _addressed(self, text: str, mark: str, message_id: int) -> str:
        if not mark or mark not in text:
            return text
        urls = self._urls
        for what, url in ((UNSUBSCRIBE, urls.unsubscribe), (PREFERENCES, urls.preferences), (VIEW, urls.view)):
            text = text.replace(mark + what, url(message_id))
        return text
