"""What tells one reported event from another, so that a provider that reports it again is not believed twice.

Providers report again when our answer was late: the same event in another batch, and some give it a new name then. So an
event goes by two names: the provider's own, and what happened to which message and when. Where either has been seen, it is
a repetition. Reports that say neither when nor by which name are told apart by their whole text.
"""

from __future__ import annotations

import hashlib

from core.events.parsing import as_json
from core.ids import hashed_id
from core.providers.webhooks import ProviderEvent
from core.storage.event_words import EventKind

# How long the names are kept at least. The longest that a provider is known to try again is five days.
REMEMBERED_DAYS = 14


_BY_SOMEBODY = frozenset({EventKind.OPENED, EventKind.CLICKED})


class ReportKeys:
    """Makes the keys of the events in one report.

    Args:
        workspace_id: Whose report.
        provider: Which provider's.
        body: The report as it came.
    """

    def __init__(self, workspace_id: int, provider: str, body: bytes) -> None:
        self._body = body
        # One text each, because two are made for every event.
        self._what, self._name, self._text = (f"{word}\x1f{workspace_id}\x1f{provider}\x1f" for word in ("what", "name", "text"))
        self._text_hash = ""

    def of(self, each: ProviderEvent, place: int) -> tuple[int, ...]:
        """Return the numbers of 63 bits that name an event.

        Args:
            each: The event.
            place: Which in the report it is.
        """
        happened, named = _what_happened(each), each.provider_event_id
        what = (hashed_id(f"{self._what}{each.kind}\x1f{happened}"),) if happened else ()
        name = (hashed_id(f"{self._name}{each.kind}\x1f{named}"),) if named else ()
        return what + name or (hashed_id(f"{self._text}{self._whole_text()}\x1f{place}"),)

    def _whole_text(self) -> str:
        if not self._text_hash:
            self._text_hash = hashlib.blake2b(self._body, digest_size=16).hexdigest()
        return self._text_hash


def _what_happened(each: ProviderEvent) -> str:
    """Return message, moment and link in one text; empty where they don't tell the event from others."""
    named = each.rfc_message_id or each.provider_message_id
    # Mail that is not ours may go to several people under one name; ours never does.
    message = each.message_key or (f"{named}\x1f{each.recipient.lower()}" if named or each.recipient else "")
    if not message:
        return ""
    if each.kind is EventKind.DELIVERED and (each.message_key or named):
        return message  # it arrives once, whatever the clocks say
    if each.at is None:
        return ""
    # Words that we don't know may be told in the same second of the same message.
    further = as_json(each.properties) if each.kind is EventKind.UNKNOWN else ""
    if each.kind in _BY_SOMEBODY:  # a proxy and a person may open in the same second
        further = f"{each.ip}\x1f{each.user_agent}"
    return f"{message}\x1f{int(each.at.timestamp() * 1_000_000)}\x1f{each.url}\x1f{further}"
