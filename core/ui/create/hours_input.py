"""Fields for hours: a window of the week, and quiet hours."""

from __future__ import annotations

from datetime import time

import streamlit as st

from core.errors import PostwrightError
from core.hours import WHOLE_DAY, Quiet, Window
from core.ui.parts import problem

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_OFFICE = Window(9 * 60, 18 * 60, frozenset(range(5)))
_NIGHT = Quiet(21 * 60, 8 * 60)


def window(known: Window | None, key: str) -> Window | None:
    """Draw the hours something may happen in; None while that is any hour, or what is chosen is none (which is said)."""
    if not st.toggle("Only at certain hours", known is not None, key=f"{key}_on", help="Outside of them it waits by itself."):
        return None
    shown = known or _OFFICE
    days = st.pills(
        "Days", range(7), selection_mode="multi", default=sorted(shown.weekdays), format_func=DAYS.__getitem__, key=f"{key}_days"
    )
    opens, closes = _two(("From", shown.opens), ("Until", shown.closes), key)
    try:
        return Window(opens, closes or WHOLE_DAY, frozenset(days))
    except PostwrightError as error:
        problem(error)
        return known


def quiet(known: Quiet | None, key: str) -> Quiet | None:
    """Draw hours in which nothing may happen; None for none."""
    if not st.toggle("Quiet hours", known is not None, key=f"{key}_on", help="By each person’s own clock."):
        return None
    shown = known or _NIGHT
    starts, ends = _two(("From", shown.starts), ("Until", shown.ends), key)
    return Quiet(starts, ends)


def words(chosen: Window) -> str:
    """Return a window in words: "Mon, Tue, Wed 09:00–18:00"."""
    hours = chosen.as_json()
    days = sorted(chosen.weekdays)
    runs_through = len(days) > 2 and days == list(range(days[0], days[-1] + 1))
    named = f"{DAYS[days[0]]}–{DAYS[days[-1]]}" if runs_through else ", ".join(DAYS[day] for day in days)
    return f"{'every day' if len(days) == 7 else named}, {hours['opens']}–{hours['closes']}"


def _two(first: tuple[str, int], second: tuple[str, int], key: str) -> tuple[int, int]:
    left, right = st.columns(2)
    chosen = [
        place.time_input(label, time(minute // 60 % 24, minute % 60), key=f"{key}_{label.lower()}", step=900)
        for place, (label, minute) in ((left, first), (right, second))
    ]
    return chosen[0].hour * 60 + chosen[0].minute, chosen[1].hour * 60 + chosen[1].minute
