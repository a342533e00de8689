"""Rows of a list as cards: a name that leads somewhere, what it is, and a few figures; they wrap on a phone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import streamlit as st

from core.ui.words import plain

FIGURE = 92  # wide enough for "unsubscribed"; equal, so that figures of rows stand beneath each other
END = 110


@contextmanager
def row(
    name: str, file: str, query: Mapping[str, str], *, caption: str = "", figures: Sequence[tuple[str, str]] = (), key: str, end: int = END
) -> Iterator[None]:
    """Draw a row; what is drawn inside the context stands at its right end.

    Args:
        name: The name, shown as typed.
        file: The page it leads to.
        query: What that page is told in its address.
        caption: A quieter line beneath the name; Markdown.
        figures: A few (value, label) pairs.
        key: Unique on the page.
        end: How wide the right end is, in pixels.
    """
    with st.container(border=True, horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key=key):
        with st.container(gap=None, width="stretch"):
            title(name, file, query, key=f"open_{key}")
            if caption:
                st.caption(caption)
        with st.container(horizontal=True, width="content", vertical_alignment="center"):
            for value, label in figures:
                st.markdown(f"**{value}**  \n:small[:gray[{label}]]", width=FIGURE)
            with st.container(horizontal=True, horizontal_alignment="right", width=end, vertical_alignment="center", gap="small"):
                yield


def title(name: str, file: str, query: Mapping[str, str], *, key: str) -> None:
    """Draw a name that leads to a page when it is pressed."""
    if st.button(f"**{plain(name)}**", type="tertiary", key=key, wrap=True):
        st.switch_page(file, query_params=dict(query))
