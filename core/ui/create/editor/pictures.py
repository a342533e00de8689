"""Choosing a picture: upload one, take one that is there, or name an address."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.ui.create import picture_picker
from core.ui.create.editor.fields import Fields
from core.ui.page import Page


def draw(page: Page, fields: Fields, name: str = "src") -> None:
    """Draw what chooses a picture, and its address.

    Args:
        page: The page.
        fields: The fields of the part.
        name: The value that holds the address.
    """
    fields.line(name, "Address of the picture", placeholder="https://")
    found = choose(page, fields.key(name)) if fields.enabled else None
    if found:
        fields.takes(**{name: found.url}, alt=found.alt or fields.part.alt)


def choose(page: Page, key: str) -> picture_picker.Chosen | None:
    """Draw the button that opens the pictures, and return the one that was chosen in this run, or None.

    Args:
        page: The page.
        key: Begins the keys of what is drawn.
    """
    how: dict[str, Any] = {"icon": ":material/add_photo_alternate:", "width": "stretch", "on_change": "rerun"}
    chooser = st.popover("Choose or upload a picture", key=f"{key}_choose", **how)
    if not chooser.open:  # the pictures are read only while somebody chooses
        return None
    with chooser:
        return picture_picker.pick(page, f"{key}_pick")
