"""Reports of SparkPost: a list of `{"msys": {"<group>_event": {…}}}`, with a user name and a password.

Documented at https://developers.sparkpost.com/api/webhooks/; an empty `msys` is a try that tells nothing.
"""

from __future__ import annotations

from typing import Any

from core.providers import bounce_codes
from core.providers.bounce_classes import settle
from core.providers.reading import bounded, kept, malformed, part, reason, rows_of, word
from core.providers.reports import Row, first, moment, returned_key, returned_tags
from core.providers.webhooks import BasicVerifier, ProviderEvent, WebhookKind
from core.storage.event_words import Actor, EventKind

_KINDS = {
    "injection": EventKind.SENT,
    "delivery": EventKind.DELIVERED,
    "delay": EventKind.DEFERRED,
    "bounce": EventKind.BOUNCED,
    "out_of_band": EventKind.BOUNCED,
    "policy_rejection": EventKind.REJECTED,
    "generation_rejection": EventKind.REJECTED,
    "generation_failure": EventKind.FAILED,
    "spam_complaint": EventKind.COMPLAINED,
    "open": EventKind.OPENED,
    "initial_open": EventKind.OPENED,
    "amp_open": EventKind.OPENED,
    "amp_initial_open": EventKind.OPENED,
    "click": EventKind.CLICKED,
    "amp_click": EventKind.CLICKED,
    "list_unsubscribe": EventKind.UNSUBSCRIBED,
    "link_unsubscribe": EventKind.UNSUBSCRIBED,
}
_CLASSED = frozenset({EventKind.BOUNCED, EventKind.REJECTED})


def read(body: bytes, _content_type: str) -> list[ProviderEvent]:
    """Return the events of a report.

    Raises:
        UnreadableReport: If it is no JSON object, nor a list.
    """
    return bounded(event for row in rows_of(body) for event in _events(row))


def _events(row: Any) -> list[ProviderEvent]:
    groups = row.get("msys") if isinstance(row, dict) else None
    if not isinstance(groups, dict):
        return [malformed()]
    return [_event(group) if isinstance(group, dict) else malformed() for group in groups.values()]


def _event(row: Row) -> ProviderEvent:
    said, code, why = word(row, "type"), word(row, "bounce_class"), first(row, "raw_reason", "reason", "fbtype")
    kind = _KINDS.get(said, EventKind.UNKNOWN)
    if kind is EventKind.BOUNCED:
        kind = bounce_codes.kind_of(code)
    return ProviderEvent(
        kind,
        moment(row.get("timestamp")),
        recipient=first(row, "raw_rcpt_to", "rcpt_to"),
        message_key=returned_key(row.get("rcpt_meta"), row.get("rcpt_tags")),
        provider_event_id=word(row, "event_id"),
        provider_message_id=word(row, "transmission_id"),
        bounce_class=settle(bounce_codes.class_of(code), why) if kind in _CLASSED else None,
        reason=reason(why),
        url=word(row, "target_link_url"),
        ip=word(row, "ip_address"),
        user_agent=word(row, "user_agent"),
        actor=_actor(part(row, "user_agent_parsed")),
        properties=returned_tags(row.get("rcpt_tags")) | kept(bounce_code=code, event=said if kind is EventKind.UNKNOWN else ""),
    )


def _actor(client: Row) -> Actor | None:
    if client.get("is_prefetched") is True:
        return Actor.MACHINE
    return Actor.PROXY if client.get("is_proxy") is True else None


WEBHOOK = WebhookKind(
    verifier=lambda settings: BasicVerifier(str(settings.get("webhook_username") or ""), str(settings.get("webhook_password") or "")),
    read=read,
    guide=(
        "In SparkPost under Configuration, Webhooks: create a webhook with this address, choose basic authentication with the user name "
        "and password you entered here, and select all message, engagement, generation and unsubscribe events."
    ),
)
