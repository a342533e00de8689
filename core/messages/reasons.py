"""Why messages did not get through, with what differs from one to the next left out, so that those alike can be counted together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from core.providers.bounce_classes import classify
from core.storage.event_words import BounceClass

LONGEST = 160
_GONE = "…"
# In this order: an address is one thing, not a word and a host.
_DIFFERS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(https?://[^\s?#]+)[?#]\S*"), r"\1"),
    (re.compile(r"<?[^\s<>@:]+@[^\s<>,;:]+>?"), _GONE),
    (re.compile(r"\[?(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)\]?"), _GONE),
    (re.compile(r"\[?(?:[0-9a-f]{1,4}:){2,}[0-9a-f:]*\]?", re.IGNORECASE), _GONE),
    (re.compile(r"\b(?=[\w-]*\d)[A-Za-z0-9_-]{8,}\b"), _GONE),  # numbers of queues, sessions and messages
    (re.compile(r"\b\d{5,}\b"), _GONE),
    (re.compile(r"…(?:[\s.,;:/-]*…)+"), _GONE),
    (re.compile(r"\s+"), " "),
)


@lru_cache(maxsize=16_384)  # a provider says the same to thousands
def gist(reason: str) -> str:
    """Return a reason without addresses, numbers of queues and the like: the same for all that failed in the same way."""
    for differs, instead in _DIFFERS:
        reason = differs.sub(instead, reason)
    reason = reason.strip()
    return reason if len(reason) <= LONGEST else f"{reason[: LONGEST - 1]}{_GONE}"


def together(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts by gist, the most frequent first, of counts by reason."""
    added: dict[str, int] = {}
    for reason, count in counts.items():
        added[gist(reason)] = added.get(gist(reason), 0) + count
    return dict(sorted(added.items(), key=lambda each: (-each[1], each[0])))


def meaning(gists: Iterable[str], reasons: Iterable[str]) -> list[str]:
    """Return those of some reasons that come down to one of these gists."""
    wanted = frozenset(gists)
    return [reason for reason in reasons if gist(reason) in wanted]


def is_for_good(reason: str) -> bool:
    """Return whether a refusal says that the address is no good, so that it must not be tried again."""
    return classify(reason) is BounceClass.HARD
