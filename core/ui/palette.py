"""The colours of figures: each means the same thing on every page, in light and dark, also to colour-blind eyes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import streamlit as st


class Meaning(StrEnum):
    """What a line or bar counts."""

    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    CONVERTED = "converted"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"


@dataclass(frozen=True)
class Palette:
    """One look's colours.

    Args:
        colours: A colour per meaning.
        background: What they are drawn on.
        text: Words in charts.
        quiet: Axis words, at least 4.5 : 1 on the background.
        line: Grid lines.
    """

    colours: dict[Meaning, str]
    background: str
    text: str
    quiet: str
    line: str


# Chosen by search: under protanopia, deuteranopia and tritanopia any two stay at least 18 CIE76 units apart (tests/ui/test_palette.py).
LIGHT = Palette(
    {
        Meaning.DELIVERED: "#475067",
        Meaning.OPENED: "#4f46e5",
        Meaning.CLICKED: "#12a3ac",
        Meaning.CONVERTED: "#14661a",
        Meaning.UNSUBSCRIBED: "#d07a00",
        Meaning.BOUNCED: "#e5404e",
    },
    background="#ffffff",
    text="#1f2433",
    quiet="#5f667a",
    line="#e2e5ee",
)
DARK = Palette(
    {
        Meaning.DELIVERED: "#667085",
        Meaning.OPENED: "#818cf8",
        Meaning.CLICKED: "#a5ebe8",
        Meaning.CONVERTED: "#4ade80",
        Meaning.UNSUBSCRIBED: "#e58e12",
        Meaning.BOUNCED: "#dc2f3c",
    },
    background="#11131a",
    text="#e6e8f0",
    quiet="#9aa1b5",
    line="#2b2f3d",
)


def current() -> Palette:
    """Return the palette of the look the reader's browser shows."""
    return DARK if getattr(st.context.theme, "type", None) == "dark" else LIGHT


def faded(colour: str, share: float) -> str:
    """Return a colour at a share of its strength, as plotly wants it.

    Args:
        colour: Like "#4f46e5".
        share: From 0, invisible, to 1.
    """
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share:g})"
