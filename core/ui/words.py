"""Figures and times in words people read: thousands separators, honest percentages, "3 min ago"."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.analytics.rates import ENOUGH as ENOUGH
from core.analytics.rates import NOT_ENOUGH as NOT_ENOUGH
from core.analytics.rates import percent as percent


def number(value: int | float) -> str:
    """Return a count with thousands separators: 42694 -> "42,694"."""
    return f"{value:,.0f}"


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun: 1 -> "1 version", 1200 -> "1,200 versions"."""
    return f"{number(count)} {one if count == 1 else many or f'{one}s'}"


def of_the_lists(count: int) -> str:
    """Return what somebody limited to some lists is told about that: how much they see, and that this is not everybody."""
    if not count:
        return "You see none of the lists yet. An admin of this workspace can give you some."
    return f"You see {number(count)} of the lists, and only the people on {'it' if count == 1 else 'them'}."


def when(moment: datetime | None, now: datetime) -> str:
    """Return how long ago (or ahead) a moment is, in few words: "just now", "3 min ago", "in 2 days"; "never" for None."""
    if moment is None:
        return "never"
    distance = abs(now - moment)
    if distance < timedelta(minutes=1):
        return "just now"
    words = _span(distance)
    return f"{words} ago" if moment <= now else f"in {words}"


def exactly(moment: datetime | None, timezone: str) -> str:
    """Return a moment in full in a time zone: "22 Nov 2026, 13:05 CET"; "" for None."""
    if moment is None:
        return ""
    local = moment.astimezone(ZoneInfo(timezone))
    return f"{local.day} {local:%b %Y, %H:%M} {local.tzname() or timezone}"


def plain(text: str) -> str:
    """Return text that Streamlit shows as it is: what somebody else typed must not become links, pictures or formulas."""
    escaped = "".join(f"\\{character}" if character in _MARKS else character for character in " ".join(text.split()))
    return _ADDRESS_START.sub("\\g<0>\u2060", escaped).replace("@", ":color[@]")


def harmless(text: str) -> str:
    """Return a message of ours that may quote what somebody typed: `code` stays code, nothing becomes a link, a picture or a formula."""
    parts = _CODE.split(text)
    return "".join(part if _CODE.fullmatch(part) else _made_harmless(part) for part in parts)


def _made_harmless(text: str) -> str:
    escaped = "".join(f"\\{character}" if character in _LEADING_AWAY else character for character in text)
    return _BARE_ADDRESS.sub("\\g<0>\u2060", escaped)


# Exactly what Markdown itself takes for code: one mark, what it encloses, one mark, none of them escaped.
_CODE = re.compile(r"((?<![`\\])`[^`\n]+`(?!`))")
_LEADING_AWAY = frozenset("\\*_[]<>:$~|")
_BARE_ADDRESS = re.compile(r"(?:www\.|\\:/)", re.IGNORECASE)
# Markdown makes links of bare addresses even where every mark is escaped; an invisible word joiner keeps them words. An
# email address must stay one that can be copied: there a colourless colour around the @ does the same.
_ADDRESS_START = re.compile(r"(?:www\\\.|\\:/)", re.IGNORECASE)
_MARKS = frozenset("\\`*_{}[]()<>#+-.!|~:$^=&")


def _span(distance: timedelta) -> str:
    minutes = int(distance.total_seconds() // 60)
    for size, unit in ((365 * 24 * 60, "year"), (30 * 24 * 60, "month"), (24 * 60, "day")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{minutes // 60} h" if minutes >= 60 else f"{minutes} min"
