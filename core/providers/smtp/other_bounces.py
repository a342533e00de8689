"""Bounces of servers that keep to no standard: the many forms that `flufl.bounce` knows, and Exim's header."""

from __future__ import annotations

import logging
import re

from core.providers.bounce_classes import classify
from core.providers.reading import kept, reason
from core.providers.smtp.mail import Mail
from core.providers.smtp.parsing import parsed
from core.providers.webhooks import ProviderEvent
from core.storage.event_words import BounceClass, EventKind

# It tells of every pattern it tries, for every mail.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

# Its patterns are tried line by line; a mail that is longer says what happened at its beginning.
_LONGEST, _MOST_LINES = 64 * 1024, 2_000
_MOST_RECIPIENTS = 20
_DAEMON = re.compile(r"mailer-?daemon|postmaster|mail delivery|mail-daemon|delivery sub-?system", re.IGNORECASE)
_ABSENT = re.compile(r"out of (the )?office|automatic reply|auto-?reply|autoreply|vacation|abwesen|absence|away from", re.IGNORECASE)
# Where the message itself begins in what comes back: nothing below says why.
_RETURNED = re.compile(
    r"^(?:-{2,}+.{0,80}(?:copy of|original|returned|unsent|below this line).{0,80}"
    r"|(?:Received|Return-Path|X-Postwright-Message): .{0,200})$",
    re.IGNORECASE | re.MULTILINE,
)
_LISTED = re.compile(r"(?<![^\s,<>@])[^\s,<>@]+@[^\s,<>@]+")
_REPLY = re.compile(r"(?<![\d.])(?:[45]\d\d[ -]|#?[45]\.\d{1,3}\.\d{1,3})(?!\d)")


def is_automatic_reply(mail: Mail) -> bool:
    """Return whether somebody's mailbox answers for them (RFC 3834): that says nothing about the address."""
    if mail.header("X-Failed-Recipients") or mail.report_type:
        return False
    if mail.header("X-Autoreply") or mail.header("X-Autorespond") or mail.header("X-Auto-Response-Suppress"):
        return not _is_from_server(mail)
    precedence, told = mail.header("Precedence").lower(), mail.header("Auto-Submitted").lower()
    if precedence == "auto_reply" or _ABSENT.search(mail.header("Subject")):
        return not _is_daemon(mail)  # a server's subject may quote ours; people's replies have no return path either
    return told.startswith("auto-replied") and not _is_from_server(mail)


def read_other(mail: Mail) -> list[ProviderEvent] | None:
    """Return the events of a bounce in no standard form; None if it looks like none."""
    if not _is_from_server(mail):
        return None  # people write about bounces too
    late, failed = _found(mail.data)
    listed = _LISTED.findall(mail.header("X-Failed-Recipients"))[:_MOST_RECIPIENTS]
    failed = failed or listed
    if not failed and not late:
        return None
    said = _why(mail.words)
    events = [_event(mail, EventKind.BOUNCED, address, said) for address in failed]
    return events + [_event(mail, EventKind.DEFERRED, address, said) for address in late if address not in failed]


def _event(mail: Mail, kind: EventKind, address: str, said: str) -> ProviderEvent:
    bounce_class: BounceClass | None = classify(said) if kind is EventKind.BOUNCED else None
    return ProviderEvent(
        kind,
        mail.at,
        recipient=address[:320],
        message_key=mail.key,
        bounce_class=bounce_class.value if bounce_class else None,
        reason=reason(said),
        properties=kept(form="other"),
    )


def _is_from_server(mail: Mail) -> bool:
    """Return whether a mail server wrote it: it has no return path itself, or a sender that no person has."""
    return mail.header("Return-Path") == "<>" or bool(mail.header("X-Failed-Recipients")) or _is_daemon(mail)


def _is_daemon(mail: Mail) -> bool:
    return bool(_DAEMON.search(mail.header("From")[:200]))


def _found(data: bytes) -> tuple[list[str], list[str]]:
    """Return which addresses are late and which have failed, as far as the patterns tell."""
    from flufl.bounce import all_failures  # here, because the receiver reads this module's catalogue and needs none of it

    try:
        late, failed = all_failures(parsed(data[:_LONGEST], most_lines=_MOST_LINES))
    except Exception:  # its patterns meet what nobody thought of; what it can't read is no bounce
        return [], []
    return _texts(late), _texts(failed)


def _texts(addresses: frozenset[bytes] | set[bytes]) -> list[str]:
    return sorted(one.decode("utf-8", "replace") for one in addresses)[:_MOST_RECIPIENTS]


def _why(words: str) -> str:
    """Return the line that says why, as servers quote each other: the first with a reply code, else what is said at the beginning."""
    returned = _RETURNED.search(words)
    own = words[: returned.start()] if returned else words
    lines = [" ".join(line.split()) for line in own[:8_000].split("\n") if line.strip()]
    place = next((number for number, line in enumerate(lines) if _REPLY.search(line)), None)
    if place is not None:
        return " ".join(lines[place : place + 3])[:500]
    return " ".join(lines[:20])[:1_000]
