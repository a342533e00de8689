"""Rows of a list as cards: a name that leads somewhere, what it is, and a few figures; they wrap on a phone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from core.ui.words import plain


@contextmanager
def row(name: str, file: str, target: int, *, caption: str = "", figures: Sequence[tuple[str, str]] = (), key: str) -> Iterator[None]:
    """Draw a row; what is drawn inside the context stands at its right end.

    Args:
        name: The name, shown as typed.
        file: The page it leads to.
        target: The `id` given to that page.
        caption: A quieter line beneath the name; Markdown.
        figures: A few (value, label) pairs.
        key: Unique on the page.
    """
    with st.container(border=True, horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key=key):
        with st.container(gap=None, width=WORDS):
            st.page_link(file, label=f"**{plain(name)}**", query_params={"id": str(target)})
            if caption:
                st.caption(caption)
        with st.container(horizontal=True, width="content", vertical_alignment="center", gap="medium"):
            for value, label in figures:
                with st.container(gap=None, width="content"):
                    st.markdown(f"**{value}**  \n:small[:gray[{label}]]", width="content")
            yield


WORDS = 380
