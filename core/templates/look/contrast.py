"""How well words can be read on a colour (WCAG 2.2, 1.4.3), and the nearest colour that reads well enough."""

from __future__ import annotations

from dataclasses import dataclass

from core.templates.look.brand import Brand, Token
from core.templates.look.night import DARK, lighter

# What WCAG asks of text of the usual size (level AA). Of the shape of a button whose words can be read it asks nothing (1.4.11); with
# less than half as much again as what is behind it, it can't be made out.
ENOUGH, ENOUGH_FOR_A_SHAPE = 4.5, 1.5
_STEPS = 100
_LIGHT, _DARK = (255, 255, 255), (0, 0, 0)

Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Contrast:
    """How words stand out from what is behind them.

    Args:
        what: Which words, for people.
        front: The colour of the words, which is the one to change.
        behind: The colour behind them.
        ratio: From 1 (the same) to 21 (black on white).
        suggestion: The nearest colour for the words that can be read, empty where this one can.
        ink: The colour of the words as it is there, `#rrggbb`.
        paper: The colour behind them, likewise.
        least: The ratio that is enough.
    """

    what: str
    front: Token
    behind: Token
    ratio: float
    suggestion: str = ""
    ink: str = ""
    paper: str = ""
    least: float = ENOUGH

    @property
    def passes(self) -> bool:
        """Whether the words can be read well enough."""
        return not self.suggestion


def contrasts(brand: Brand) -> list[Contrast]:
    """Return how well the words of a brand can be read: text, links, words on buttons, and what stands in the footer."""
    button = (Token.BUTTON_TEXT, Token.PRIMARY) if brand.button.is_filled else (Token.PRIMARY, Token.SURFACE)
    pairs = [
        ("Text on the sheet", Token.TEXT, Token.SURFACE),
        ("Links on the sheet", Token.PRIMARY, Token.SURFACE),
        ("Words on a button", *button),
        ("Quiet text on the background", Token.MUTED, Token.BACKGROUND),
    ]
    return [_contrast(brand, what, front, behind) for what, front, behind in pairs]


def dark(brand: Brand) -> list[Contrast]:
    """Return how well what has the main colour can be seen where the reader's screen is dark; everything else has colours of ours there.

    Links are made lighter there by themselves, and so are buttons that are not filled; a filled button stays as it is, so that a dark
    one has nothing to be seen by on the dark sheet.
    """
    paper = DARK[Token.SURFACE]
    words = ("Links on a dark screen", lighter(brand.colours.primary), ENOUGH)
    shape = ("Buttons on a dark screen", brand.colours.primary, ENOUGH_FOR_A_SHAPE)
    outline = ("Buttons on a dark screen", lighter(brand.colours.primary), ENOUGH)
    return [
        _judged(what, Token.PRIMARY, Token.SURFACE, ink, paper, least)
        for what, ink, least in (words, shape if brand.button.is_filled else outline)
    ]


def ratio(one: str, other: str) -> float:
    """Return the contrast of two colours, each `#rrggbb`."""
    return _ratio(_parts(one), _parts(other))


def nearest(front: str, behind: str, least: float = ENOUGH) -> str:
    """Return the colour nearest to one that can be read on another; the same where it can be read already.

    Args:
        front: The colour of the words.
        behind: The colour behind them.
        least: The contrast that is enough; 4.58 can be reached on every colour, by black or by white.
    """
    ink, paper = _parts(front), _parts(behind)
    for step in range(_STEPS + 1):
        # Both directions are tried before going further, so the first that is enough has moved least.
        mixed = [_mixed(ink, end, step / _STEPS) for end in (_DARK, _LIGHT)]
        enough = [one for one in mixed if _ratio(one, paper) >= least]
        if enough:
            return _hex(min(enough, key=lambda one: sum(abs(a - b) for a, b in zip(one, ink, strict=True))))
    return _hex(max((_DARK, _LIGHT), key=lambda one: _ratio(one, paper)))


def _contrast(brand: Brand, what: str, front: Token, behind: Token) -> Contrast:
    return _judged(what, front, behind, brand.colours.of(front), brand.colours.of(behind), ENOUGH)


def _judged(what: str, front: Token, behind: Token, ink: str, paper: str, least: float) -> Contrast:
    found = ratio(ink, paper)
    return Contrast(what, front, behind, found, "" if found >= least else nearest(ink, paper, least), ink, paper, least)


def _ratio(one: Rgb, other: Rgb) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Rgb) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)


def _mixed(colour: Rgb, end: Rgb, share: float) -> Rgb:
    red, green, blue = (round(part + (goal - part) * share) for part, goal in zip(colour, end, strict=True))
    return (red, green, blue)


def _parts(colour: str) -> Rgb:
    return (int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16))


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
