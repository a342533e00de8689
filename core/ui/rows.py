"""Rows of a list as cards: a name that leads somewhere, what it is, and a few figures; they wrap on a phone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from core.ui.words import NOT_ENOUGH, plain

FIGURE = 96  # wide enough for "unsubscribed"; equal, so that figures of rows stand beneath each other


def row(
    name: str,
    file: str,
    query: Mapping[str, str],
    *,
    caption: str = "",
    badge: Callable[[], None] | None = None,
    figures: Sequence[tuple[str, str]] = (),
    actions: Callable[[], None] | None = None,
    key: str,
) -> None:
    """Draw a row.

    Args:
        name: The name, shown as typed.
        file: The page it leads to.
        query: What that page is told in its address.
        caption: A quieter line beneath the name; Markdown.
        badge: Draws where the thing is, in front of the caption.
        figures: A few (value, label) pairs.
        actions: Draws the buttons at the right end.
        key: Unique on the page.
    """
    with st.container(border=True, horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key=key):
        with st.container(gap="xsmall", width="stretch"):
            title(name, file, query, key=f"open_{key}")
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                if badge:
                    badge()
                if caption:
                    st.caption(caption, width="content")
        with st.container(horizontal=True, width="content", vertical_alignment="center"):
            for value, label in figures:
                shown = f":small[{value}]" if value == NOT_ENOUGH else f"**{value}**"
                st.markdown(f"{shown}  \n:small[:gray[{label}]]", width=FIGURE)
            if actions:
                actions()


def title(name: str, file: str, query: Mapping[str, str], *, key: str) -> None:
    """Draw a name that leads to a page when it is pressed."""
    if st.button(f"**{plain(name)}**", type="tertiary", key=key, wrap=False):
        st.switch_page(file, query_params=dict(query))
