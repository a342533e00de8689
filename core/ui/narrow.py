"""A table where there is room for one, and the same as a list on a phone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

_STYLE = (
    "<style>@media (max-width: 640px) {{ .st-key-{key}_wide {{ display: none }} }} "
    "@media (min-width: 641px) {{ .st-key-{key}_narrow {{ display: none }} }} .st-key-{key}_narrow hr {{ margin: 0.6rem 0 }}</style>"
)


def table_or_list(table: Callable[[], object], lines: Sequence[str], *, key: str) -> None:
    """Draw a table, or on a phone the same as lines between thin rules: a wide table would have to be pushed sideways.

    Only the browser knows how wide it is, so both are sent, and only one is shown and read out.

    Args:
        table: Draws the table.
        lines: What stands in it, row by row, as Markdown.
        key: Unique on the page.
    """
    if not lines:
        return
    with st.container(gap=None):  # what is not shown takes no room
        st.html(_STYLE.format(key=key))
        with st.container(key=f"{key}_wide"):
            table()
        _list(lines, key)


def table_or_cards(table: Callable[[], object], cards: Callable[[], object], *, key: str) -> None:
    """Draw a table, or on a phone cards in its place, where what stands in it leads somewhere.

    Args:
        table: Draws the table.
        cards: Draws the cards.
        key: Unique on the page.
    """
    with st.container(gap=None):
        st.html(_STYLE.format(key=key))
        with st.container(key=f"{key}_wide"):
            table()
        with st.container(key=f"{key}_narrow", gap="small"):
            cards()


def _list(lines: Sequence[str], key: str) -> None:
    with st.container(key=f"{key}_narrow", border=True):
        st.markdown("\n\n---\n\n".join(lines))


def line(name: str, value: str, *more: str) -> str:
    """Return a row as a list has it: a name with what matters most of it, and quieter lines beneath.

    Args:
        name: Markdown.
        value: Markdown.
        more: Markdown; what is empty is left out.
    """
    return "  \n".join([f"**{name}** · {value}" if value else f"**{name}**", *(f":small[:gray[{each}]]" for each in more if each)])
