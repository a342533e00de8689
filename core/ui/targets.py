"""What a page is about, as its address says: `?id=7`. Whatever stands there is a guess until it was found."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from core.errors import NotFound
from core.permissions import Principal
from core.ui.page import Page
from core.ui.parts import empty_state

Found = TypeVar("Found")


def wanted_id(name: str = "id") -> int | None:
    """Return the number in the address, or None where there is none or it is no number a row can have."""
    text = st.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def find(page: Page, read: Callable[[Principal, int], Found], *, what: str, back: tuple[str, str]) -> Found:
    """Return what the address names; where there is no such thing, say so, offer the way back and draw nothing more.

    Args:
        page: The page.
        read: Reads one by its number.
        what: The noun ("campaign").
        back: Label and file of the page to go back to.
    """
    target = wanted_id()
    try:
        if target is not None:
            return read(page.by, target)
    except NotFound:
        pass
    words = f"It may have been deleted, or it is not yours to see. The list shows every {what} you can open."
    if empty_state("search_off", f"There is no such {what}", words, f"Go to {back[0].lower()}", key="not_found"):
        st.switch_page(back[1])
    st.stop()
    raise AssertionError("st.stop does not return")
