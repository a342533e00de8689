"""From a provider's report, kept raw in the journal, to the events in it; each is checked like a line of our own."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from core.events.event import EARLIEST, Drop, DropReason, Event, Step
from core.events.parsing import as_json, ip_prefix, moment, number_id, text
from core.events.report_keys import ReportKeys
from core.ids import stable_id
from core.providers.webhook_catalogue import READ_FROM_MAIL, reader_of
from core.providers.webhooks import ProviderEvent, Reader, UnreadableReport

_log = logging.getLogger(__name__)
# A provider's clock that runs ahead, or a forged time, must not put events into the future.
_SKEW = timedelta(minutes=5)


def is_report(record: Mapping[str, Any] | None) -> bool:
    """Return whether a journal line is a provider's report."""
    return record is not None and record.get("kind") == "webhook"


def unpack(file: str, offset: int, record: Mapping[str, Any]) -> Iterator[Event | Drop]:
    """Yield the events of a provider's report.

    Args:
        file: The journal file's name.
        offset: The byte at which the line begins.
        record: The line; see `tracking_receiver.webhooks` for who writes it.
    """
    workspace_id = number_id(record.get("workspace_id")) or 0
    received_at, read = moment(record.get("at")), reader_of(str(record.get("provider")))
    if received_at is None or read is None or not workspace_id:
        yield Drop(DropReason.INVALID, Step.PARSE, workspace_id)
        return
    whose = _Whose(workspace_id, number_id(record.get("connection_id")), str(record["provider"]), received_at)
    try:
        yield from _events(file, offset, record, read, whose)
    except UnreadableReport:
        yield Drop(DropReason.UNREADABLE, Step.UNPACK, workspace_id)
    except Exception as error:  # one report nobody thought of must not keep all others waiting; it stays in the journal
        _log.error("a report of %s trips its reader, it is left out: %s", whose.provider, type(error).__name__)
        yield Drop(DropReason.UNREADABLE, Step.UNPACK, workspace_id)


def _events(file: str, offset: int, record: Mapping[str, Any], read: Reader, whose: _Whose) -> list[Event]:
    """Return all events of a report: where one can't be read, none counts, and the report can be processed again later."""
    body = body_of(record)
    keys = ReportKeys(whose.workspace_id, whose.provider, body)
    reported = read(body, str(record.get("content_type") or ""))
    return [_event(stable_id(f"{file}#{place}", offset), whose, each, keys.of(each, place)) for place, each in enumerate(reported)]


def body_of(record: Mapping[str, Any]) -> bytes:
    """Return the body of a report, byte for byte as it came.

    Raises:
        UnreadableReport: If the line does not hold one.
    """
    body, encoded = record.get("body"), record.get("body_base64")
    if isinstance(body, str):
        return body.encode()
    try:
        return base64.b64decode(str(encoded), validate=True)
    except binascii.Error as error:
        raise UnreadableReport from error


class _Whose(NamedTuple):
    workspace_id: int
    connection_id: int | None
    provider: str
    received_at: datetime


def _event(event_id: int, whose: _Whose, each: ProviderEvent, report_keys: tuple[int, ...]) -> Event:
    ip = text(each.ip) if each.ip else None
    return Event(
        event_id=event_id,
        kind=each.kind,
        at=_plausible(each.at, whose.received_at),
        received_at=whose.received_at,
        source="webhook",
        workspace_id=whose.workspace_id,
        connection_id=whose.connection_id,
        provider=whose.provider,
        report_keys=report_keys,
        is_reported=True,
        must_name_message=whose.provider in READ_FROM_MAIL,
        message_key=text(each.message_key) if each.message_key else None,
        rfc_message_id=text(each.rfc_message_id) if each.rfc_message_id else None,
        recipient=text(each.recipient) if each.recipient else None,
        provider_event_id=text(each.provider_event_id) if each.provider_event_id else None,
        provider_message_id=text(each.provider_message_id) if each.provider_message_id else None,
        bounce_class=each.bounce_class,
        reason=text(each.reason) if each.reason else None,
        url=text(each.url) if each.url else None,
        ip=ip,
        ip_prefix=ip_prefix(ip),
        user_agent=text(each.user_agent) if each.user_agent else None,
        machine=each.actor,
        properties=as_json(each.properties),
    )


def _plausible(at: datetime | None, received_at: datetime) -> datetime:
    """Return when it happened: days late is believed, the future and the time before e-mail marketing are not."""
    if at is None or at > received_at + _SKEW or at < EARLIEST:
        return received_at
    return at if at.tzinfo is UTC else at.astimezone(UTC)
