"""Parts of pages that are drawn anew by themselves: more rarely where a look takes long, so that an open page is no load."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

import streamlit as st

LONG = 1.0
_RARELY = 60.0


def follow(draw: Callable[[], None], key: str, every: float | None, now: Callable[[], float] = monotonic) -> None:
    """Draw something, and again and again.

    Args:
        draw: Draws it.
        key: Its name, one for all that is looked at in it.
        every: After how many seconds; None for never. Where it took long, it is a minute.
        now: Seconds that only go up.
    """
    given = seconds(key, every)

    def body() -> None:
        if seconds(key, every) != given:
            st.rerun()  # of the whole page: only that changes after how many seconds
        began = now()
        draw()
        if now() - began > LONG:
            st.session_state[_name(key)] = True

    st.fragment(run_every=given)(body)()


def seconds(key: str, every: float | None) -> float | None:
    """Return after how many seconds something is drawn anew."""
    return max(every, _RARELY) if every and st.session_state.get(_name(key)) else every


def _name(key: str) -> str:
    return f"_took_long_{key}"
