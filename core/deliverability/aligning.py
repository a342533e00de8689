"""Alignment: whether what proves a message belongs to the address people see, which is what DMARC asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.deliverability.models import Alignment
from core.deliverability.names import is_aligned
from core.deliverability.records import Setting
from core.deliverability.senders import Sender

STRICT = "s"


@dataclass(frozen=True)
class Known:
    """What a check has found out.

    Args:
        modes: How the DMARC record wants "spf" and "dkim" aligned ("r" or "s"); empty where there is none.
        is_signing: Whether we sign the domain's mail.
        providers: The providers whose keys were found.
        spf_hosts: The hosts whose SPF record is right.
    """

    modes: Mapping[str, str]
    is_signing: bool
    providers: frozenset[str] = frozenset()
    spf_hosts: frozenset[str] = frozenset()


def alignments(about: Setting, known: Known) -> tuple[Alignment, ...]:
    """Return what DMARC makes of mail from a domain, for everything that carries it."""
    # What leaves through a provider by SMTP has our signature; whether the provider adds its own makes no difference.
    theirs = [one for one in about.senders if not one.is_own and not (one.by_smtp and known.is_signing)]
    returning = (_return_path(about.domain, host, known) for host in about.bounce_hosts)
    return (*_by_us(about, known), *returning, *(_by_provider(about, one, known.providers) for one in theirs))


def _by_us(about: Setting, known: Known) -> Iterator[Alignment]:
    if not about.signs:
        return
    strict = known.modes.get("dkim") == STRICT
    words = "We sign as this very domain" + (", so even strict alignment holds." if strict else ".")
    if not known.is_signing:
        words = "We sign as this very domain as soon as a check has found the key."
    yield Alignment("DKIM, signed by us", about.domain, known.is_signing or None, words)


def _return_path(domain: str, host: str, known: Known) -> Alignment:
    if not is_aligned(host, domain, strict=known.modes.get("spf") == STRICT):
        words = f"Bounces go to {host}, which belongs to somebody else than {domain}."
        if is_aligned(host, domain):
            words = f"Your DMARC record asks for strict alignment (aspf=s), and {host} is not the same name as {domain}."
        return Alignment("SPF, by the return path", host, False, words)
    words = "Bounces come back to this domain, so SPF proves the domain people see."
    if host != domain:
        words = f"Bounces go to {host}, which belongs to the same owner. That is enough for relaxed alignment."
    if host in known.spf_hosts:
        return Alignment("SPF, by the return path", host, True, words)
    return Alignment("SPF, by the return path", host, None, f"{words} It counts once its SPF record is right.")


def _by_provider(about: Setting, sender: Sender, seen: frozenset[str]) -> Alignment:
    if sender.kind in seen:
        words = f"{sender.label} has keys in this domain and can sign as it."
        return Alignment(f"DKIM, signed by {sender.label}", about.domain, True, words)
    words = f"Until you add its DKIM records, {sender.label} signs and takes bounces as its own domain: neither counts for yours."
    return Alignment(f"DKIM, signed by {sender.label}", about.domain, None, words)
