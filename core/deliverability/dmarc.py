"""Reading DMARC records (RFC 7489)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from core.deliverability.tags import tags_of

MEANING = {
    "none": "The policy is none: receivers report, but let everything through.",
    "quarantine": "The policy is quarantine: what is not proved goes to spam.",
    "reject": "The policy is reject: what is not proved is refused.",
}
_MODES = frozenset({"r", "s"})


@dataclass(frozen=True)
class Policy:
    """What a DMARC record asks for.

    Args:
        policy: none, quarantine or reject, for the domain that was asked for.
        dkim: How DKIM must be aligned: "r" relaxed, "s" strict.
        spf: How SPF must be aligned.
        is_inherited: Whether it is the record of the organisation's domain.
        broken: What makes receivers ignore it; "" for nothing.
        advice: What would be better; may be empty.
    """

    policy: str
    dkim: str
    spf: str
    is_inherited: bool
    broken: str = ""
    advice: str = ""


def dmarc_records(texts: Iterable[str]) -> tuple[str, ...]:
    """Return those of a name's texts that are DMARC records, or are meant to be."""
    return tuple(text for text in texts if re.match(r"\s*v\s*=\s*DMARC1\b", text, re.IGNORECASE))


def read(record: str, *, is_inherited: bool) -> Policy:
    """Return what a record asks for.

    Args:
        record: The text.
        is_inherited: Whether it stands at the organisation's domain, and its policy for domains beneath counts.
    """
    tags = tags_of(record)
    policy = ((tags.get("sp") if is_inherited else None) or tags.get("p", "")).lower()
    reports = [address for address in tags.get("rua", "").split(",") if re.match(r"[a-z][a-z0-9+.-]*:.", address, re.IGNORECASE)]
    flaws = _flaws(tags, is_mailed=any(address.lower().startswith("mailto:") for address in reports))
    broken = _broken(record, tags, policy, can_report=bool(reports))
    if {tags.get("p", "").lower(), tags.get("sp", "none").lower()} - set(MEANING):
        policy = "none"  # as receivers then read it
        flaws = ["Receivers read it as p=none: it names no policy that there is.", *flaws]
    modes = [mode if mode in _MODES else "r" for mode in (tags.get("adkim", "r").lower(), tags.get("aspf", "r").lower())]
    return Policy(policy, modes[0], modes[1], is_inherited, broken, "" if broken else " ".join(flaws))


def _broken(record: str, tags: dict[str, str], policy: str, *, can_report: bool) -> str:
    """Return why no receiver goes by a record: without a policy only an address for reports makes it count (RFC 7489, 6.6.3)."""
    if not re.match(r"v\s*=\s*DMARC1\s*(;|$)", record):
        return "it must begin with v=DMARC1; in capitals"
    if can_report:
        return ""
    if "p" not in tags:
        return "it names no policy (p=none is one)"
    wrong = next((one for one in (policy, tags["p"].lower(), tags.get("sp", "none").lower()) if one not in MEANING), None)
    return "" if wrong is None else f"“{wrong[:30]}” is no policy"


def _flaws(tags: dict[str, str], *, is_mailed: bool) -> list[str]:
    """Return what receivers pass over (RFC 7489, 6.3), so that it does not do what was meant."""
    flaws = []
    if {tags.get("adkim", "r").lower(), tags.get("aspf", "r").lower()} - _MODES:
        flaws.append("adkim and aspf can be r or s only; receivers take anything else for r.")
    if not is_mailed:
        said = "Receivers send reports by email only: write rua=mailto:…" if tags.get("rua") else "Add rua=mailto:… to get the reports."
        flaws.append(said)
    return flaws
