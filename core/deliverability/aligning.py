"""Alignment: whether what proves a message belongs to the address people see, which is what DMARC asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.deliverability.models import Alignment
from core.deliverability.names import is_aligned
from core.deliverability.records import Setting
from core.deliverability.senders import Sender

STRICT = "s"


def alignments(about: Setting, modes: Mapping[str, str], *, is_signing: bool, seen: frozenset[str] = frozenset()) -> tuple[Alignment, ...]:
    """Return what DMARC makes of mail from a domain, for everything that carries it.

    Args:
        about: The domain and what carries its mail.
        modes: How its DMARC record wants "spf" and "dkim" aligned ("r" or "s"); empty where there is none.
        is_signing: Whether we sign its mail.
        seen: The providers whose keys were found in its DNS.
    """
    # What leaves through a provider by SMTP has our signature; whether the provider adds its own makes no difference.
    theirs = [one for one in about.senders if not one.is_own and not (one.by_smtp and is_signing)]
    return (*_by_us(about, modes, is_signing), *(_by_provider(about, one, seen) for one in theirs))


def _by_us(about: Setting, modes: Mapping[str, str], is_signing: bool) -> Iterator[Alignment]:
    if about.senders and not any(one.by_smtp for one in about.senders):
        return
    strict = modes.get("dkim") == STRICT
    words = "We sign as this very domain" + (", so even strict alignment holds." if strict else ".")
    if not is_signing:
        words = "We sign as this very domain as soon as a check has found the key."
    yield Alignment("DKIM, signed by us", about.domain, is_signing or None, words)
    if not about.senders or any(one.is_own for one in about.senders):
        yield _return_path(about, strict=modes.get("spf") == STRICT)


def _return_path(about: Setting, *, strict: bool) -> Alignment:
    host = about.return_path or about.domain
    aligned = is_aligned(host, about.domain, strict=strict)
    if host == about.domain:
        words = "Bounces come back to this domain, so SPF proves the domain people see."
    elif aligned:
        words = f"Bounces go to {host}, which belongs to the same owner. That is enough for relaxed alignment."
    else:
        words = f"Your DMARC record asks for strict alignment (aspf=s), and {host} is not the same name as {about.domain}."
    return Alignment("SPF, by the return path", host, aligned, words)


def _by_provider(about: Setting, sender: Sender, seen: frozenset[str]) -> Alignment:
    if sender.kind in seen:
        return Alignment(
            f"DKIM, signed by {sender.label}", about.domain, True, f"{sender.label} has keys in this domain and can sign as it."
        )
    words = f"Until you add its DKIM records, {sender.label} signs and takes bounces as its own domain: neither counts for yours."
    return Alignment(f"DKIM, signed by {sender.label}", about.domain, None, words)
