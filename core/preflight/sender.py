"""The sender: whether others will believe that the email comes from who it says. Only what is on record is looked at, never the DNS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.contacts.addresses import domain_of, normalise
from core.deliverability.models import Need, SenderDomain, State, Verdict
from core.deliverability.names import belongs_to, readable
from core.errors import InvalidInput
from core.preflight.catalogue import found
from core.preflight.findings import SENDER, Finding, Rule

# Mailboxes for everybody. Their DMARC records ask for mail from elsewhere to be refused or put into spam (p=reject or quarantine).
_FREE_NAMES = """
gmail.com googlemail.com yahoo.com yahoo.co.uk yahoo.de yahoo.fr ymail.com aol.com hotmail.com hotmail.de hotmail.co.uk outlook.com
outlook.de live.com msn.com icloud.com me.com mac.com gmx.de gmx.net gmx.at gmx.ch gmx.com web.de t-online.de freenet.de mail.ru
yandex.ru proton.me protonmail.com orange.fr free.fr laposte.net libero.it qq.com 163.com zoho.com mail.com fastmail.com
"""
_FREE = frozenset(_FREE_NAMES.split())
_LABELS = {"spf": "SPF", "dkim": "DKIM", "dmarc": "DMARC", "mx": "MX", "return_path": "return path", "tracking": "tracking"}


def address(sender: str | None) -> Iterator[Finding]:
    """Find that the sender is missing, no address, or at a domain that others own."""
    if sender is None:
        return
    if not sender.strip():
        yield found(Rule.SENDER_MISSING, "The email has no sender.", place=SENDER)
        return
    domain = _domain(sender)
    if not domain:
        yield found(Rule.SENDER_MISSING, "The sender is no email address.", hint="Correct it.", place=SENDER)
    elif domain in _FREE:
        message = f"The sender is at {domain}, whose owner asks other servers to refuse mail that it did not send itself (DMARC)."
        yield found(Rule.SENDER_FREEMAIL, message, place=SENDER)


def standing(sender: str | None, domains: Sequence[SenderDomain]) -> Iterator[Finding]:
    """Find what the last check of the sender's domain said about its SPF, DKIM and DMARC records.

    Args:
        sender: The sender's address.
        domains: The workspace's sender domains.
    """
    domain = _domain(sender or "")
    if not domain or domain in _FREE:
        return
    mine = max((one for one in domains if belongs_to(domain, one.domain)), key=lambda one: len(one.domain), default=None)
    if mine is None:
        yield found(Rule.SENDER_UNKNOWN, f"Nothing is known about {readable(domain)}: it is none of your sender domains.", place=SENDER)
    elif mine.verdict in (Verdict.UNCHECKED, Verdict.UNKNOWN):
        how = "was never checked" if mine.checked_at is None else "has to be checked again"
        yield found(Rule.SENDER_UNCHECKED, f"The domain {readable(mine.domain)} {how}.", place=SENDER)
    elif mine.verdict is Verdict.NOT_READY:
        message = f"The domain {readable(mine.domain)} is not set up: {_wrong(mine, Need.REQUIRED)}."
        yield found(Rule.SENDER_NOT_READY, message, place=SENDER)
    elif mine.verdict is Verdict.IMPROVABLE:
        message = f"The domain {readable(mine.domain)} could be set up better: {_wrong(mine, Need.RECOMMENDED)}."
        yield found(Rule.SENDER_IMPROVABLE, message, place=SENDER)


def _wrong(domain: SenderDomain, need: Need) -> str:
    """Return which records are missing or wrong: "SPF is missing, DKIM is wrong"."""
    bad = [one for one in domain.records if one.record.need is need and one.state in (State.MISSING, State.WRONG)]
    return ", ".join(dict.fromkeys(f"{_LABELS[one.record.purpose.value]} is {one.state}" for one in bad))


def _domain(sender: str) -> str:
    try:
        return domain_of(normalise(sender))
    except InvalidInput:
        return ""
