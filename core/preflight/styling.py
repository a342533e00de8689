"""How every text of an email looks: its colour, what is behind it, its size, read from inline styles the way mail programs do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from core.preflight.colours import BLACK, LINK_BLUE, TOKEN, WHITE, Colour, colour
from core.preflight.dark import DarkRules, Walked
from core.templates.markup.scanning import VOID_ELEMENTS, Kind, Piece, unescaped

_URL = re.compile(r"url\([^()]*\)", re.IGNORECASE)
_LENGTH = re.compile(r"(\d{0,5}(?:\.\d{1,9})?)\s*(px|pt|em|rem|%)?")
_PX = {"px": 1.0, "pt": 4 / 3, "rem": 16.0, "": 1.0}
_KEYWORDS = {"xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0, "xx-large": 32.0}
_HEADINGS = {"h1": 2.0, "h2": 1.5, "h3": 1.17, "h4": 1.0, "h5": 0.83, "h6": 0.67, "small": 0.83}
_BOLD = frozenset({"b", "strong", "th", *_HEADINGS} - {"small"})
_UNREAD = frozenset({"head", "title", "style", "script", "noscript", "template", "svg"})
# Nobody reads that; it is how hidden preview texts are written. What is inside may be larger again, as in all that MJML makes.
_INVISIBLE = 2.0
_NOTHING = re.compile(r"0(?:px|pt|em|%)?")


@dataclass(frozen=True, slots=True)
class Look:
    """How text looks in an element.

    Args:
        colour: Of its letters; None where that is not known.
        behind: What is behind it; None where that is not known, as with a picture.
        size: In pixels.
        bold: Whether it is bold.
        hidden: Whether nobody sees it.
    """

    colour: Colour | None = BLACK
    behind: Colour | None = WHITE
    size: float = 16.0
    bold: bool = False
    hidden: bool = False

    @property
    def is_large(self) -> bool:
        """Whether it is large text by WCAG 2: 18 pt, or 14 pt in bold."""
        return self.size >= 24 or (self.bold and self.size >= 18.66)


@dataclass(frozen=True, slots=True)
class Shown:
    """A stretch of text and how it looks.

    Args:
        text: As it is read, with placeholders for its Jinja.
        look: How it looks.
        start: Where it begins in the HTML.
    """

    text: str
    look: Look
    start: int = 0


def declarations(style: str) -> dict[str, str]:
    """Return an inline style as properties and values, in lower case, addresses left out."""
    found = {}
    for part in _URL.sub("url", style).split(";"):
        name, colon, value = part.partition(":")
        if colon:
            found[name.strip().lower()] = value.replace("!important", "").strip().lower()
    return found


def pixels(text: str, of: float = 16.0) -> float | None:
    """Return a length in pixels; None where it is none.

    Args:
        text: As in CSS or in an attribute.
        of: What `em` and percent are of.
    """
    found = _LENGTH.fullmatch(text.strip().lower())
    if found is None or not found[1] or found[1] == ".":
        return None
    unit = found[2] or ""
    if unit in ("em", "%"):
        return float(found[1]) * of / (100 if unit == "%" else 1)
    return float(found[1]) * _PX[unit]


def walk(pieces: Iterable[Piece], text: str, dark: DarkRules | None = None) -> Iterator[Shown]:
    """Yield every text of HTML with how it looks.

    Args:
        pieces: The HTML in pieces.
        text: The HTML.
        dark: Its rules for dark screens, to be looked at on one: what nothing is said of has no known colour there.
    """
    root = Look() if dark is None else Look(colour=None, behind=None)
    opened: list[tuple[str, Look, Walked]] = [("", root, dark.outside if dark else ())]
    for piece in pieces:
        if piece.kind is Kind.START and piece.name not in VOID_ELEMENTS and not piece.is_closed:
            _, around, walked = opened[-1]
            if dark is None:
                opened.append((piece.name, looked(piece, around), walked))
            else:
                opened.append((piece.name, *_looked_on_dark(piece, around, dark, walked)))
        elif piece.kind is Kind.END:
            _close(opened, piece.name)
        elif piece.kind is Kind.TEXT and (words := text[piece.start : piece.end]).strip():
            look = opened[-1][1]
            yield Shown(unescaped(words), look if look.size > _INVISIBLE else replace(look, hidden=True), piece.start)


def looked(piece: Piece, around: Look) -> Look:
    """Return how text looks in an element.

    Args:
        piece: Its start tag.
        around: How it looks around it.
    """
    values = {each.name: each.value for each in piece.attributes}
    return _looked(piece.name, values, declarations(values.get("style", "")), around, LINK_BLUE)


def _looked_on_dark(piece: Piece, around: Look, dark: DarkRules, walked: Walked) -> tuple[Look, Walked]:
    values = {each.name: each.value for each in piece.attributes}
    inside, plain, important = dark.of(piece.name, frozenset(values.get("class", "").split()), walked)
    style = plain | declarations(values.get("style", ""))
    if "background" in important:
        style.pop("background-color", None)
    return _looked(piece.name, values, style | important, around, None), inside


def _looked(name: str, values: Mapping[str, str], style: Mapping[str, str], around: Look, links: Colour | None) -> Look:
    look = replace(around, size=_size(name, style, around.size), behind=_behind(values, style, around.behind))
    look = replace(look, bold=_bold(name, style, around.bold))
    hidden = around.hidden or name in _UNREAD or "hidden" in values or _is_hidden(style)
    return replace(look, colour=_colour(name, values, style, look, links), hidden=hidden)


def _close(opened: list[tuple[str, Look, Walked]], name: str) -> None:
    """Close an element and all that were left open in it; an end tag that closes nothing is passed over, as browsers do."""
    for depth in range(len(opened) - 1, 0, -1):
        if opened[depth][0] == name:
            del opened[depth:]
            return
        if opened[depth][0] == "table" and name != "table":
            return  # nothing outside a table is closed from inside


def _size(name: str, style: Mapping[str, str], around: float) -> float:
    given = style.get("font-size", "")
    if given in _KEYWORDS:
        return _KEYWORDS[given]
    found = pixels(given, around)
    if found is None:
        return around * _HEADINGS.get(name, 1.0) if name == "small" else (16.0 * _HEADINGS[name] if name in _HEADINGS else around)
    return found


def _bold(name: str, style: Mapping[str, str], around: bool) -> bool:
    given = style.get("font-weight", "")
    if given.isascii() and given.isdigit() and len(given) < 5:
        return int(given) >= 600
    return {"bold": True, "bolder": True, "normal": False, "lighter": False}.get(given, around or name in _BOLD)


def _behind(values: Mapping[str, str], style: Mapping[str, str], around: Colour | None) -> Colour | None:
    behind = around
    if given := values.get("bgcolor"):
        behind = colour(given, around) or around
    if values.get("background"):
        behind = None
    for name in ("background", "background-color", "background-image"):
        given = style.get(name, "")
        if "url" in given or "gradient" in given:
            behind = None
        elif name != "background-image" and given:
            named = [found for each in TOKEN.findall(given) if (found := colour(each, around))]
            behind = named[0] if named else behind
    return behind


def _colour(name: str, values: Mapping[str, str], style: Mapping[str, str], look: Look, links: Colour | None) -> Colour | None:
    inherited = links if name == "a" and "href" in values else look.colour
    given = style.get("color") or (values.get("color", "") if name == "font" else "")
    if not given or given in ("inherit", "currentcolor"):
        return look.colour if given else inherited
    return colour(given, look.behind)


def _is_hidden(style: Mapping[str, str]) -> bool:
    if style.get("display") == "none" or style.get("visibility") == "hidden" or style.get("mso-hide") == "all":
        return True
    return bool(_NOTHING.fullmatch(style.get("max-height", "")) or _NOTHING.fullmatch(style.get("opacity", "")))
