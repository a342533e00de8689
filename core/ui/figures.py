"""Cards with one figure each: what people did first, what machines added beside it, and the change since the period before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.ui.words import NOT_ENOUGH, number

NARROWEST = 150  # two cards a row on a phone of 390 px


@dataclass(frozen=True)
class Figure:
    """One card.

    Args:
        label: What is counted ("Unique opens").
        value: The figure, ready to show.
        note: A second, quieter line ("31.4 % of delivered").
        change: How it changed since the period before, as a share (0.12 is 12 % more); None where that says nothing.
        help: How it is counted, one sentence.
        less_is_better: Whether a fall is good news (unsubscribes).
    """

    label: str
    value: str
    note: str = ""
    change: float | None = None
    help: str = ""
    less_is_better: bool = False


def draw(figures: Sequence[Figure], *, key: str, since: str = "") -> None:
    """Draw cards in a row that wraps.

    Args:
        figures: What to show.
        key: Unique on the page.
        since: What the changes are measured against ("the 30 days before").
    """
    with st.grid(max(1, len(figures)), min_column_width=NARROWEST, key=key):
        for figure in figures:
            with st.container(border=True, height="stretch", gap="xsmall"):
                _metric(figure, since)
                note = figure.note if _is_known(figure) else NOT_ENOUGH
                if note:
                    st.caption(note)


def change(now: float, before: float) -> float | None:
    """Return by which share a figure changed, or None where there was nothing before."""
    return (now - before) / before if before else None


def with_machines(people: int, everybody: int) -> str:
    """Return the second line of a figure that machines add to; empty where they added nothing."""
    return f"{number(everybody)} incl. machines" if everybody > people else ""


def _metric(figure: Figure, since: str) -> None:
    shown = None if figure.change is None else 0 if abs(figure.change) < 0.0005 else f"{100 * figure.change:+.1f} %"
    help_text = " ".join(filter(None, [figure.help, f"Change against {since}." if shown is not None and since else ""]))
    st.metric(
        figure.label,
        figure.value if _is_known(figure) else "–",
        shown,
        delta_color="inverse" if figure.less_is_better else "normal",
        help=help_text or None,
    )


def _is_known(figure: Figure) -> bool:
    """Return whether there is a value; words instead of one are too long for its size, they go to the line beneath."""
    return figure.value != NOT_ENOUGH
