"""What tells one reported event from another, so that a provider that reports it again is not believed twice.

Providers report again when our answer was late: the same event in another batch, and some give it a new name then. So an
event goes by two names: the provider's own, and what happened to which message and when. Where either has been seen, it is
a repetition. Reports that say neither when nor by which name are told apart by their whole text.
"""

from __future__ import annotations

from core.events.parsing import as_json
from core.ids import stable_id
from core.providers.webhooks import ProviderEvent
from core.storage.event_words import EventKind

# How long the names are kept. The longest that a provider is known to try again is five days.
REMEMBERED_DAYS = 14


class ReportKeys:
    """Makes the keys of the events in one report.

    Args:
        workspace_id: Whose report.
        provider: Which provider's.
        body: The report as it came.
    """

    def __init__(self, workspace_id: int, provider: str, body: bytes) -> None:
        self._workspace_id, self._provider, self._body = workspace_id, provider, body
        self._text_id: int | None = None

    def of(self, each: ProviderEvent, place: int) -> tuple[int, ...]:
        """Return the numbers of 63 bits that name an event.

        Args:
            each: The event.
            place: Which in the report it is.
        """
        keys = []
        happened = _what_happened(each)
        if happened:
            keys.append(stable_id("what", self._workspace_id, each.kind, happened))
        if each.provider_event_id:
            keys.append(stable_id("name", self._workspace_id, self._provider, each.kind, each.provider_event_id))
        return tuple(keys) or (stable_id("text", self._workspace_id, self._whole_text(), place),)

    def _whole_text(self) -> int:
        if self._text_id is None:
            self._text_id = stable_id(self._provider, self._body)
        return self._text_id


def _what_happened(each: ProviderEvent) -> str:
    """Return message, moment and link in one text; empty where they don't tell the event from others."""
    # A provider's name may stand for a whole batch of messages; ours is one person's.
    message = each.message_key or each.rfc_message_id
    if not message and (each.provider_message_id or each.recipient):
        message = f"{each.provider_message_id}\x1f{each.recipient.lower()}"
    if not message:
        return ""
    if each.kind is EventKind.DELIVERED and message[0] != "\x1f":
        return message  # a message arrives once, whatever the clocks say
    if each.at is None:
        return ""
    # Words that we don't know may be told in the same second of the same message.
    further = as_json(each.properties) if each.kind is EventKind.UNKNOWN else ""
    return f"{message}\x1f{each.at.timestamp()}\x1f{each.url}\x1f{further}"
