"""What a brand's colours become where the reader's screen is dark."""

from __future__ import annotations

from collections.abc import Mapping

from core.templates.look.brand import Token

# A fixed colour stays what it is, and so does what is filled with the main colour: a button, a section.
DARK: Mapping[Token, str] = {
    Token.BACKGROUND: "#12141a",
    Token.SURFACE: "#1c1f28",
    Token.TEXT: "#e9ebf2",
    Token.MUTED: "#a6adbd",
    Token.LINE: "#363c4a",
}


def lighter(colour: str, *, least: int = 150) -> str:
    """Return a colour light enough to be read on a dark screen.

    Args:
        colour: `#rrggbb`.
        least: How light its strongest part must be, of 255.
    """
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    share = 0.0
    while share < 1 and sum((0.299, 0.587, 0.114)[place] * one for place, one in enumerate(parts)) < least:
        share += 0.1
        parts = [round(one + (255 - one) * 0.15) for one in parts]
    return "#" + "".join(f"{one:02x}" for one in parts)
