"""From a plan and a contact to the finished email; light, because the receiver shows messages in the browser with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

from core.ids import random_name
from core.links.urls import TrackingUrls
from core.messages.keys import MessageKeys
from core.messages.plan import PinnedVersion, SendPlan, Wording
from core.providers.base import OutgoingMessage
from core.providers.mime import address
from core.templates.library.previewing import ContactLike, contact_fields
from core.templates.rendering.renderer import FilledMail, fill, render_text

TEST_MARK = "[Test]"
Fill = Callable[[PinnedVersion, Mapping[str, Any]], FilledMail]


class Composer:
    """Writes the emails of campaigns.

    Args:
        urls: Builds the receiver's URLs.
        key: The installation's secret key; makes message keys that nobody can guess.
    """

    def __init__(self, urls: TrackingUrls, key: bytes) -> None:
        self._urls = urls
        self._keys = MessageKeys(key)

    def compose(
        self, plan: SendPlan, message_id: int, contact: ContactLike, variant_id: int | None, *, at: datetime | None = None
    ) -> OutgoingMessage:
        """Return the email of one message; every attempt gives the same key and the same links.

        Args:
            plan: The campaign.
            message_id: The ledger row.
            contact: Whom it is for.
            variant_id: The arm of an A/B test, or None.
            at: When it is sent (the Date header); None where it is only shown.

        Raises:
            InvalidInput: If it can't be rendered for this contact.
        """
        urls, key = self._urls, self.message_key(message_id)
        unsubscribe, wording = urls.unsubscribe(message_id), _wording(plan, contact, variant_id)
        addresses = _Addresses(
            unsubscribe=unsubscribe,
            preferences=urls.preferences(message_id) if wording.version.shows_preferences else "",
            view=urls.view(message_id) if wording.version.shows_view else "",
            links=urls.clicks(message_id, plan.link_ids),
            pixel=urls.open(message_id),
            trap=urls.trap(message_id),
        )
        headers = _headers(plan, key, at) | {
            "List-Unsubscribe": f"<{unsubscribe}>",  # RFC 2369
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",  # RFC 8058
        }
        return _finished(plan, message_id, key, contact, wording, addresses, headers)

    def compose_test(
        self, plan: SendPlan, contact: ContactLike, to: str, variant_id: int | None = None, *, at: datetime, filled_by: Fill = fill
    ) -> OutgoingMessage:
        """Return the email as a test: it counts nowhere, for it belongs to no message.

        Links lead straight to their destinations, there is no pixel, and unsubscribe, preferences and view lead to an
        address of the receiver that answers that this was a preview. The key is new each time.

        Args:
            plan: The campaign.
            contact: Whose values fill the merge fields.
            to: The address it goes to.
            variant_id: The arm whose subject it gets.
            at: When it is sent.
            filled_by: What fills the body in; for what nobody has saved, a process that can be stopped.

        Raises:
            InvalidInput: If it can't be rendered for this contact.
        """
        preview = self._urls.preview()
        addresses = _Addresses(preview, preview, preview, plan.version.links, "")
        key = f"test-{random_name(16)}"
        wording, headers = _wording(plan, contact, variant_id), _headers(plan, key, at)
        finished = _finished(plan, 0, key, contact, wording, addresses, headers, filled_by)
        marked = f"{TEST_MARK} {finished.subject}"
        return OutgoingMessage(
            0, plan.workspace_id, key, to, plan.from_email, plan.from_name, marked, finished.html, finished.text, finished.headers
        )

    def message_key(self, message_id: int) -> str:
        """Return the name of a message everywhere outside: its number and a keyed hash of it."""
        return self._keys.of(message_id)


@dataclass(frozen=True, slots=True)
class _Addresses:
    unsubscribe: str
    preferences: str
    view: str
    links: Sequence[str]
    pixel: str
    trap: str = ""


def _finished(
    plan: SendPlan,
    message_id: int,
    key: str,
    contact: ContactLike,
    wording: Wording,
    addresses: _Addresses,
    headers: Mapping[str, str],
    filled_by: Fill = fill,
) -> OutgoingMessage:
    campaign = {"name": plan.campaign_name, "subject": ""}
    context: dict[str, Any] = {
        "contact": contact_fields(contact),
        "workspace": plan.workspace,
        "campaign": campaign,
        "brand": plan.brand,
        "unsubscribe_url": addresses.unsubscribe,
        "preferences_url": addresses.preferences,
        "view_url": addresses.view,
    }
    subject = campaign["subject"] = render_text(wording.heading.subject, context)
    context |= {"pw_links": addresses.links, "pw_pixel": addresses.pixel, "pw_trap": addresses.trap}
    if wording.heading.preview_text:
        context["pw_preview"] = render_text(wording.heading.preview_text, context)
    body = filled_by(wording.version.counting if addresses.trap else wording.version, context)
    return OutgoingMessage(
        message_id,
        plan.workspace_id,
        key,
        contact.email,
        plan.from_email,
        plan.from_name,
        subject,
        body.html,
        body.text,
        headers,
    )


def _wording(plan: SendPlan, contact: ContactLike, variant_id: int | None) -> Wording:
    """Return what an email says to a contact, in the language they read, else in its main one."""
    return plan.wording_for(contact.attributes.get("language"), variant_id)


@lru_cache(maxsize=8)
def _date(at: datetime) -> str:
    return format_datetime(at)


def _headers(plan: SendPlan, key: str, at: datetime | None) -> dict[str, str]:
    domain = address(plan.from_email).rpartition("@")[2]
    headers = {
        "Message-ID": f"<{key}@{domain}>",
        "List-ID": f"<w{plan.workspace_id}.{domain}>",  # RFC 2919
        "Feedback-ID": f"c{plan.campaign_id}:w{plan.workspace_id}:campaign:postwright",
        "X-Postwright-Message": key,
    }
    return headers if at is None else {"Date": _date(at), **headers}
