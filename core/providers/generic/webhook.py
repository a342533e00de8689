"""Reports in our own JSON: an object, or a list of objects, with a bearer token.

Each object has `event` (one of the lake's kinds) and, as far as known, `at` (ISO 8601 with zone), `recipient`, `message`
(the value of `X-Postwright-Message`), `message_id` (the Message-ID header), `provider_message` (the name that the sending
system gave the message), `id` (the event's own name; the same for a repetition; without `id` and `at` a report with the
same text is taken for a repetition), `bounce_class` (`hard`, `soft`, `block`), `reason`, `url`, `ip`, `user_agent`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from core.providers.webhooks import BearerVerifier, ProviderEvent, UnreadableReport, WebhookKind
from core.storage.event_words import BounceClass, EventKind

_KINDS = {kind.value: kind for kind in EventKind}
_BOUNCES = frozenset(bounce.value for bounce in BounceClass)


def read(body: bytes, _content_type: str) -> list[ProviderEvent]:
    """Return the events of a report.

    Raises:
        UnreadableReport: If it is no JSON object, nor a list of them.
    """
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UnreadableReport from error
    rows = found if isinstance(found, list) else [found]
    if not all(isinstance(row, dict) for row in rows):
        raise UnreadableReport
    return [_event(row) for row in rows]


def _event(row: Mapping[str, Any]) -> ProviderEvent:
    word, bounce = _word(row, "event"), _word(row, "bounce_class")
    kind = _KINDS.get(word, EventKind.UNKNOWN)
    return ProviderEvent(
        kind,
        _moment(_word(row, "at")),
        recipient=_word(row, "recipient"),
        message_key=_word(row, "message"),
        rfc_message_id=_word(row, "message_id").strip("<> "),
        provider_event_id=_word(row, "id"),
        provider_message_id=_word(row, "provider_message"),
        bounce_class=bounce if bounce in _BOUNCES else BounceClass.UNKNOWN.value if kind is EventKind.BOUNCED else None,
        reason=_word(row, "reason"),
        url=_word(row, "url"),
        ip=_word(row, "ip"),
        user_agent=_word(row, "user_agent"),
        properties={"event": word} if kind is EventKind.UNKNOWN and word else {},
    )


def _word(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _moment(value: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


WEBHOOK = WebhookKind(
    verifier=lambda settings: BearerVerifier(str(settings.get("webhook_token") or "")),
    read=read,
    guide="Let the other system POST its events to this address, with the token in the Authorization header.",
)
