"""Colours as mail HTML writes them, and how well one is read on another (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re
from typing import NamedTuple

# Of the names CSS knows, those that are seen in mail.
_NAMES = """
black=000000 white=ffffff red=ff0000 green=008000 blue=0000ff yellow=ffff00 gray=808080 grey=808080 silver=c0c0c0
maroon=800000 olive=808000 lime=00ff00 aqua=00ffff cyan=00ffff teal=008080 navy=000080 fuchsia=ff00ff magenta=ff00ff
purple=800080 orange=ffa500 gold=ffd700 pink=ffc0cb brown=a52a2a crimson=dc143c coral=ff7f50 tomato=ff6347 indigo=4b0082
violet=ee82ee orchid=da70d6 khaki=f0e68c ivory=fffff0 beige=f5f5dc linen=faf0e6 snow=fffafa lavender=e6e6fa whitesmoke=f5f5f5
gainsboro=dcdcdc lightgray=d3d3d3 lightgrey=d3d3d3 darkgray=a9a9a9 darkgrey=a9a9a9 dimgray=696969 dimgrey=696969
lightblue=add8e6 skyblue=87ceeb steelblue=4682b4 royalblue=4169e1 dodgerblue=1e90ff darkblue=00008b midnightblue=191970
darkgreen=006400 lightgreen=90ee90 seagreen=2e8b57 darkred=8b0000 firebrick=b22222 salmon=fa8072 chocolate=d2691e tan=d2b48c
wheat=f5deb3 slategray=708090 slategrey=708090 darkslategray=2f4f4f darkslategrey=2f4f4f darkorange=ff8c00 hotpink=ff69b4
deeppink=ff1493 lightyellow=ffffe0 aliceblue=f0f8ff mintcream=f5fffa honeydew=f0fff0 ghostwhite=f8f8ff rebeccapurple=663399
"""
_NAMED = {name: int(code, 16) for name, _, code in (pair.partition("=") for pair in _NAMES.split())}
_HEX = re.compile(r"#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
# Runs of spaces are read once each, and never given back: the text may be anybody's.
_RGB = re.compile(r"rgba?\(\s*+(\d++)(?:\s*+,|\s)\s*+(\d++)(?:\s*+,|\s)\s*+(\d++)\s*+(?:[,/]\s*+([\d.]++)(%?)\s*+)?\)")
TOKEN = re.compile(r"#[0-9a-f]{3,8}\b|rgba?\([^()]*\)|\b[a-z]{3,20}\b")


class Colour(NamedTuple):
    """A colour without transparency.

    Args:
        red: 0 to 255.
        green: 0 to 255.
        blue: 0 to 255.
    """

    red: int
    green: int
    blue: int

    def __str__(self) -> str:
        """Return it as CSS writes it."""
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"


WHITE, BLACK, LINK_BLUE = Colour(255, 255, 255), Colour(0, 0, 0), Colour(0, 0, 238)


def colour(text: str, beneath: Colour | None = WHITE) -> Colour | None:
    """Return the colour a text names, laid over what is beneath it where one sees through it; None where it names none.

    Args:
        text: As in CSS, or in `bgcolor`.
        beneath: What shows through; None where that is not known.
    """
    plain = text.strip().lower()
    if plain == "transparent":
        return beneath
    if plain in _NAMED:
        code = _NAMED[plain]
        return Colour(code >> 16, code >> 8 & 255, code & 255)
    if found := _HEX.fullmatch(plain):
        return _of_hex(found[1], beneath)
    if found := _RGB.fullmatch(plain):
        red, green, blue = (min(255, int(found[n][:4])) for n in (1, 2, 3))
        return _over(Colour(red, green, blue), _alpha(found[4], found[5]), beneath)
    return None


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _of_hex(digits: str, beneath: Colour | None) -> Colour | None:
    if len(digits) < 6:
        digits = "".join(each * 2 for each in digits)
    red, green, blue, alpha = (int(f"{digits}ff"[n : n + 2], 16) for n in (0, 2, 4, 6))
    return _over(Colour(red, green, blue), alpha / 255, beneath)


def _alpha(number: str | None, percent: str | None) -> float:
    if not number:
        return 1.0
    try:
        value = float(number) / (100 if percent else 1)
    except ValueError:
        return 1.0
    return min(1.0, value)


def _over(above: Colour, alpha: float, beneath: Colour | None) -> Colour | None:
    if alpha >= 1:
        return above
    if beneath is None:
        return None
    red, green, blue = (round(top * alpha + under * (1 - alpha)) for top, under in zip(above, beneath, strict=True))
    return Colour(red, green, blue)


def _luminance(of: Colour) -> float:
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in (each / 255 for each in of))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
