"""Choosing a picture: upload one, take one that is there, or name an address."""

from __future__ import annotations

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
    if not fields.enabled:
        return
    # The pictures are read only while somebody chooses.
    chooser = st.popover(
        "Choose or upload a picture",
        icon=":material/add_photo_alternate:",
        width="stretch",
        key=fields.key(f"{name}_choose"),
        on_change="rerun",
    )
    if not chooser.open:
        return
    with chooser:
        found = picture_picker.pick(page, fields.key(f"{name}_pick"))
    if found:
        fields.takes(**{name: found.url}, alt=found.alt or fields.part.alt)
