"""Why messages did not get through, with what differs from one to the next left out, so that those alike can be counted together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from core.providers.bounce_classes import classify
from core.storage.event_words import BounceClass

LONGEST = 160
_GONE = "…"
_ADDRESS = re.compile(r"<?[^\s<>@:]+@[^\s<>,;:]+>?")
_IPV4 = re.compile(r"\[?(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)\]?")
_IPV6 = re.compile(r"\[?(?:[0-9a-f]{1,4}:){2,}[0-9a-f:]*\]?", re.IGNORECASE)
_QUERY = re.compile(r"(https?://[^\s?#]+)[?#]\S*")
_NUMBER = re.compile(r"\b(?=[\w-]*\d)[A-Za-z0-9_-]{8,}\b|\b\d{5,}\b")  # of queues, sessions and messages
_SEVERAL = re.compile(r"…(?:[\s.,;:/-]*…)+")

# A provider may write a number of its own into each of hundreds of thousands of refusals, and people look at them again and again.
_MOST_KNOWN = 400_000
_known: dict[int, tuple[str, bool]] = {}  # by the hash of a reason: the reasons themselves would take five times the memory
_same: dict[tuple[str, bool], tuple[str, bool]] = {}


def gist(reason: str) -> str:
    """Return a reason without addresses, numbers of queues and the like: the same for all that failed in the same way."""
    return _read(reason)[0]


def _read(reason: str) -> tuple[str, bool]:
    """Return the gist of a reason, and whether it says that the address is no good."""
    key = hash(reason)
    found = _known.get(key)
    if found is None:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
            _same.clear()
        read = (_gist(reason), classify(reason) is BounceClass.HARD)
        found = _known[key] = _same.setdefault(read, read)
    return found


def _gist(reason: str) -> str:
    """Do it, looking only for what can be there: in this order, as an address is one thing, not a word and a host."""
    if "://" in reason:
        reason = _QUERY.sub(r"\1", reason)
    if "@" in reason:
        reason = _ADDRESS.sub(_GONE, reason)
    if reason.count(".") >= 3:
        reason = _IPV4.sub(_GONE, reason)
    if reason.count(":") >= 2:
        reason = _IPV6.sub(_GONE, reason)
    reason = _NUMBER.sub(_GONE, reason)
    if reason.count(_GONE) >= 2:
        reason = _SEVERAL.sub(_GONE, reason)
    reason = " ".join(reason.split())
    return reason if len(reason) <= LONGEST else f"{reason[: LONGEST - 1]}{_GONE}"


def together(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts by gist, the most frequent first, of counts by reason."""
    added: dict[str, int] = {}
    for reason, count in counts.items():
        said = gist(reason)
        added[said] = added.get(said, 0) + count
    return dict(sorted(added.items(), key=lambda each: (-each[1], each[0])))


def meaning(gists: Iterable[str], reasons: Iterable[str]) -> list[str]:
    """Return those of some reasons that come down to one of these gists."""
    wanted = frozenset(gists)
    return [reason for reason in reasons if gist(reason) in wanted]


def is_for_good(reason: str) -> bool:
    """Return whether a refusal says that the address is no good, so that it must not be tried again."""
    return _read(reason)[1]
