"""Reports in our own JSON, for whatever else knows what became of mail: an object, or a list of objects, with a bearer token.

Each object has `event` and, as far as known:

| Field | What it holds |
|---|---|
| `event` | a word of `EventKind`: `delivered`, `deferred`, `bounced`, `rejected`, `failed`, `opened`, `clicked`, `complained`, … |
| `at` | when: ISO 8601 with a zone, or seconds since 1970; the time of the report where it is missing |
| `recipient` | the address it is about |
| `message` | the value of the message's header `X-Postwright-Message`; the event belongs to that message |
| `message_id` | the message's `Message-ID` header |
| `provider_message` | the name the sending system gave the message |
| `id` | the event's own name; a second event of the same name is a repetition, and without it one that says the same |
| `bounce_class` | of a bounce: `hard` (no such address), `soft` (full, for now), `block` (about the sender) |
| `reason` | why, in words |
| `url`, `ip`, `user_agent` | of opens and clicks |
| `actor` | `human`, `proxy` or `machine`, where it is known who opened or clicked |

An object with another word is kept as an unknown event, so is an item that is no object; the others of the list count.
"""

from __future__ import annotations

from typing import Any

from core.providers.reading import bare_id, events_of, kept, word
from core.providers.reports import moment
from core.providers.webhooks import BearerVerifier, ProviderEvent, WebhookKind
from core.storage.event_words import Actor, BounceClass, EventKind

_KINDS = {kind.value: kind for kind in EventKind}
_BOUNCES = {bounce.value: bounce for bounce in BounceClass}
_ACTORS = {actor.value: actor for actor in Actor}


def read(body: bytes, _content_type: str) -> list[ProviderEvent]:
    """Return the events of a report.

    Raises:
        UnreadableReport: If it is no JSON object, nor a list.
    """
    return events_of(body, _event)


def _event(row: dict[str, Any]) -> ProviderEvent:
    said = word(row, "event")
    kind = _KINDS.get(said, EventKind.UNKNOWN)
    is_classed = kind is EventKind.BOUNCED
    return ProviderEvent(
        kind,
        moment(row.get("at")),
        recipient=word(row, "recipient"),
        message_key=word(row, "message"),
        rfc_message_id=bare_id(word(row, "message_id")),
        provider_event_id=word(row, "id"),
        provider_message_id=word(row, "provider_message"),
        bounce_class=_BOUNCES.get(word(row, "bounce_class"), BounceClass.UNKNOWN if is_classed else None),
        reason=word(row, "reason"),
        url=word(row, "url"),
        ip=word(row, "ip"),
        user_agent=word(row, "user_agent"),
        actor=_ACTORS.get(word(row, "actor")),
        properties=kept(event=said) if kind is EventKind.UNKNOWN else {},
    )


WEBHOOK = WebhookKind(
    verifier=lambda settings: BearerVerifier(str(settings.get("webhook_token") or "")),
    read=read,
    guide=(
        "Let the other system POST its events to this address as JSON, with the header “Authorization: Bearer” and the token. The README "
        "names the fields."
    ),
)
