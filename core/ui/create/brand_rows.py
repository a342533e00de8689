"""Rows of a form that can be added and removed; what is typed into the others stays where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st


class Rows:
    """Draws rows and what adds and removes them.

    Args:
        key: Begins the keys, unique on the page.
        known: How many there are at the beginning.
        most: How many there may be.
        disabled: Whether nothing may be changed.
    """

    def __init__(self, key: str, known: int, *, most: int, disabled: bool) -> None:
        self._key, self._most, self._off = key, most, disabled
        self._places: list[int] = st.session_state.setdefault(f"{key}_rows", list(range(known)))

    def draw(self, row: Callable[[int], dict[str, Any]], add: str) -> list[dict[str, Any]]:
        """Draw the rows and the button that adds one; return what each row says.

        Args:
            row: Draws a row by its place, which stays the same while others go.
            add: The words on the button.
        """
        found = []
        for place in self._places:
            with st.container(horizontal=True, vertical_alignment="bottom", key=f"{self._key}_row_{place}"):
                with st.grid(2, min_column_width=150, gap="small", width="stretch"):
                    found.append(row(place))
                st.button(
                    "Remove",
                    icon=":material/close:",
                    key=f"{self._key}_remove_{place}",
                    type="tertiary",
                    on_click=self._remove,
                    args=(place,),
                    disabled=self._off,
                )
        st.button(
            add,
            icon=":material/add:",
            key=f"{self._key}_add",
            on_click=self._add,
            disabled=self._off or len(self._places) >= self._most,
        )
        return found

    def _add(self) -> None:
        # A place is never used twice: a new row must not show what stood in one that was removed.
        used = st.session_state.get(f"{self._key}_used", 0)
        place = max([used, *(one + 1 for one in self._places)])
        st.session_state[f"{self._key}_used"] = place + 1
        st.session_state[f"{self._key}_rows"] = [*self._places, place]

    def _remove(self, place: int) -> None:
        st.session_state[f"{self._key}_used"] = max(st.session_state.get(f"{self._key}_used", 0), max(self._places) + 1)
        st.session_state[f"{self._key}_rows"] = [one for one in self._places if one != place]
