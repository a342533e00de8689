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
    policy = (tags.get("sp") if is_inherited else None) or tags.get("p", "")
    found = Policy(policy.lower(), tags.get("adkim", "r").lower(), tags.get("aspf", "r").lower(), is_inherited)
    broken = _broken(record, tags, found)
    advice = "" if tags.get("rua") else "Add rua=mailto:… to get the reports."
    return Policy(found.policy, found.dkim, found.spf, is_inherited, broken, advice)


def _broken(record: str, tags: dict[str, str], found: Policy) -> str:
    if not re.match(r"v\s*=\s*DMARC1\s*(;|$)", record):
        return "it must begin with v=DMARC1; in capitals"
    if "p" not in tags:
        return "it names no policy (p=none is one)"
    if found.policy not in MEANING:
        return f"“{found.policy[:30]}” is no policy"
    if {found.dkim, found.spf} - _MODES:
        return "adkim and aspf can be r or s only"
    if any(not address.lower().startswith("mailto:") for address in tags.get("rua", "").split(",") if address):
        return "the address for reports (rua) must begin with mailto:"
    return ""
