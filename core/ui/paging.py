"""Pages of long tables: only the rows on show are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import streamlit as st

from core.ui.words import counted

PAGE = 50


class Paged(Protocol):
    """Some rows and how many there are in all."""

    @property
    def total(self) -> int:
        """How many there are in all."""
        ...


Row = TypeVar("Row")
Found = TypeVar("Found", bound=Paged)


def read(fetch: Callable[[int, int], Found], *, key: str, size: int = PAGE) -> Found:
    """Return the rows of the page that was chosen, or of the first where there are no longer that many.

    Args:
        fetch: Takes limit and offset.
        key: Unique on the page; the same for `choose`.
        size: Rows a page.
    """
    chosen = int(st.session_state.get(key, 1))
    found = fetch(size, (chosen - 1) * size)
    if chosen > 1 and (chosen - 1) * size >= found.total:
        st.session_state.pop(key, None)
        return fetch(size, 0)
    return found


def cut(rows: Sequence[Row], *, key: str, size: int = PAGE) -> Sequence[Row]:
    """Return the rows of the page that was chosen, of rows that are all at hand.

    Args:
        rows: All of them.
        key: As for `choose`.
        size: Rows a page.
    """
    start = (int(st.session_state.get(key, 1)) - 1) * size
    return rows[start : start + size] or rows[:size]


def choose(total: int, *, key: str, what: tuple[str, str] | str, size: int = PAGE) -> None:
    """Draw how many there are and, where they don't fit on one page, the page numbers.

    Args:
        total: How many rows there are.
        key: As for `read`.
        what: The noun after the number ("campaign"), and its plural where that is not made with an s.
        size: Rows a page.
    """
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        nouns = (what,) if isinstance(what, str) else what
        st.caption(counted(total, *nouns), width="content")
        if total > size:
            st.pagination(-(-total // size), key=key, max_visible_pages=5)
