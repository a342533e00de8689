"""From a mail in the bounce mailbox to events: bounces, delays, complaints. Everything else there is no event.

Anybody can write to the address that bounces come back to. So nothing counts but what names one of our messages by its key,
which nobody can make without the installation's secret key; the address a mail complains about is never enough. What has no
key becomes `unknown`, which has no effect; a key that is not genuine is found out where messages are looked up.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.providers.reading import kept
from core.providers.smtp.arf import read_feedback
from core.providers.smtp.dsn import read_dsn
from core.providers.smtp.mail import Mail
from core.providers.smtp.other_bounces import is_automatic_reply, read_other
from core.providers.webhooks import ProviderEvent, UnreadableReport
from core.storage.event_words import EventKind

CONTENT_TYPE = "message/rfc822"


def read(body: bytes, _content_type: str) -> list[ProviderEvent]:
    """Return the events of a mail; none for what is no bounce, no complaint and no answer to a message of ours.

    Raises:
        UnreadableReport: If it is no mail.
    """
    mail = Mail(body)
    for form in (read_dsn, read_feedback):
        events = form(mail)
        if events is not None:
            return _trusted(events)
    if is_automatic_reply(mail):
        return _other(mail, "automatic_reply")
    events = read_other(mail)
    return _trusted(events) if events is not None else _other(mail, "other")


def is_about_us(body: bytes) -> bool:
    """Return whether a mail says something that is kept as an event; also where nobody can tell, which is worth a look."""
    try:
        return bool(read(body, CONTENT_TYPE))
    except UnreadableReport:
        return False
    except Exception:  # a mail nobody thought of must not keep the others waiting
        return True


def _trusted(events: Sequence[ProviderEvent]) -> list[ProviderEvent]:
    """Return events as far as they may count: about the message they name, or about nothing."""
    for event in events:
        if event.message_key:
            event.recipient = ""  # the ledger knows who it went to; whoever wrote this may say anything
        elif event.kind is not EventKind.UNKNOWN:
            event.properties |= kept(reported=event.kind.value)
            event.kind, event.bounce_class = EventKind.UNKNOWN, None
    return list(events)


def _other(mail: Mail, form: str) -> list[ProviderEvent]:
    """Return what an answer to one of our messages is kept as; what is about none of them is not kept."""
    return [ProviderEvent(EventKind.UNKNOWN, mail.at, message_key=mail.key, properties=kept(form=form))] if mail.key else []
