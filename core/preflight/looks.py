"""How it reads: contrast, size of letters, and tables wider than a mail program has room for."""

from __future__ import annotations

from collections.abc import Iterator

from core.preflight.catalogue import found
from core.preflight.colours import Colour, contrast
from core.preflight.emails import UNKNOWN, Email, quoted
from core.preflight.findings import Finding, Rule
from core.preflight.styling import declarations, pixels

_CONTRAST, _CONTRAST_OF_LARGE = 4.5, 3.0
_SMALLEST = 12.0
_WIDEST = 700.0


def contrasts(email: Email) -> Iterator[Finding]:
    """Find texts whose colour is too near to what is behind them, one finding for each pair of colours."""
    seen: set[tuple[Colour, Colour]] = set()
    for one in email.shown:
        letters, behind = one.look.colour, one.look.behind
        if one.look.hidden or letters is None or behind is None or (letters, behind) in seen or not _is_read(one.text, email):
            continue
        ratio, least = contrast(letters, behind), _CONTRAST_OF_LARGE if one.look.is_large else _CONTRAST
        if ratio < least:
            seen.add((letters, behind))
            message = f"“{quoted(email.filled(one.text), 40)}” is hard to read: {letters} on {behind} has a contrast of {ratio:.1f} to 1."
            yield found(Rule.LOW_CONTRAST, message, place=email.place_of_text(one), about=f"{letters} on {behind}")


def dark_contrasts(email: Email) -> Iterator[Finding]:
    """Find texts that are hard to read on a dark screen by the email's own rules for one, where they aren't everywhere already."""
    light = {one.start: (one.look.colour, one.look.behind) for one in email.shown}
    seen: set[tuple[Colour, Colour]] = set()
    for one in email.shown_on_dark:
        letters, behind = one.look.colour, one.look.behind
        if one.look.hidden or letters is None or behind is None or (letters, behind) in seen or not _is_read(one.text, email):
            continue
        ratio, least = contrast(letters, behind), _CONTRAST_OF_LARGE if one.look.is_large else _CONTRAST
        if ratio < least and (letters, behind) != light.get(one.start):
            seen.add((letters, behind))
            text = quoted(email.filled(one.text), 40)
            message = f"“{text}” is hard to read on a dark screen: {letters} on {behind} has a contrast of {ratio:.1f} to 1."
            yield found(Rule.DARK_CONTRAST, message, place=email.place_of_text(one), about=f"{letters} on {behind}")


def letters(email: Email) -> Iterator[Finding]:
    """Find texts that are too small to read, one finding for each size."""
    seen: set[float] = set()
    for one in email.shown:
        size = one.look.size
        if one.look.hidden or size >= _SMALLEST or size in seen or not _is_read(one.text, email):
            continue
        seen.add(size)
        message = f"“{quoted(email.filled(one.text), 40)}” is written in {size:g} px."
        yield found(Rule.SMALL_TEXT, message, place=email.place_of_text(one), about=f"{size:g} px")


def tables(email: Email) -> Iterator[Finding]:
    """Find tables that are wider than there is room, one finding for each width."""
    seen: set[float] = set()
    for piece in email.starts("table", "td"):
        style = declarations(email.value(piece, "style") or "")
        given = [email.value(piece, "width") or "", style.get("width", ""), style.get("min-width", "")]
        width = max((pixels(each) or 0.0 for each in given if not each.endswith("%")), default=0.0)
        if width > _WIDEST and width not in seen:
            seen.add(width)
            place = email.place(piece.start, f'"{width:g}"', f"{width:g}px")
            yield found(Rule.WIDE_TABLE, f"A table is {width:g} px wide.", place=place)


def _is_read(text: str, email: Email) -> bool:
    """Return whether a text has letters, of its own or of a merge field."""
    return any(character.isalnum() or character == UNKNOWN for character in email.filled(text))
