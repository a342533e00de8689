"""Choosing a picture: upload one, take one that is there, or name an address."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.ui.create import picture_picker
from core.ui.create.editor.fields import Fields
from core.ui.page import Page
from core.ui.parts import remark


def draw(page: Page, fields: Fields, name: str = "src") -> None:
    """Draw what chooses a picture, and its address.

    Args:
        page: The page.
        fields: The fields of the part.
        name: The value that holds the address.
    """
    fields.line(name, "Address of the picture", placeholder="https://")
    if said := complaint(fields.values[name]):
        remark(said)
    found = choose(page, fields.key(name)) if fields.enabled else None
    if found:
        fields.takes(**{name: found.url}, alt=found.alt or fields.part.alt)


def complaint(address: str) -> str:
    """Return what is wrong with the address of a picture, as preflight will see it; empty if nothing is, or nothing stands there yet."""
    address = address.strip().lower()
    if not address or address.startswith(("https://", "{{", "{%")):
        return ""
    if address.startswith("data:"):
        return "The picture is in the email itself: Gmail and Outlook don’t show it so. Upload it instead."
    if address.startswith("http://"):
        return "This address is not encrypted: https:// is safer."
    return "This is not a complete address. Begin it with https://, or upload the picture."


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
