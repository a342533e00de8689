"""An email as its reader would see it: on a wide screen, on a phone, as plain text."""

from __future__ import annotations

import streamlit as st

from core.contacts.contacts import Contact
from core.templates.compiling import CompiledTemplate
from core.templates.library import TemplateVersion
from core.templates.rendering import Rendered
from core.ui.page import Page
from core.ui.parts import email_frame
from core.ui.words import plain

_MARGINS, _GAP, _LINE = 120, 16, 24  # pixels: around an email, around a paragraph, and a line of it
_LINE_LENGTH = {"desktop": 56, "phone": 36}
VIEWS = {"desktop": ":material/desktop_windows: Desktop", "phone": ":material/smartphone: Phone", "text": ":material/notes: Text"}
PHONE = 375


def draw(page: Page, version: CompiledTemplate | TemplateVersion, *, key: str, height: int = 640, template_id: int | None = None) -> None:
    """Draw the preview with its choices of view and reader.

    Args:
        page: The page.
        version: What is shown.
        key: Unique on the page.
        height: Of the frame, in pixels.
        template_id: The template whose brand it wears, for one that was just compiled.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        view = st.segmented_control(
            "View",
            list(VIEWS),
            default="desktop",
            required=True,
            format_func=VIEWS.__getitem__,
            key=f"{key}_view",
            label_visibility="collapsed",
        )
        reader = _reader(page, key)
    with page.act():
        mail = page.services.templates.preview(page.by, version, reader, template_id)
        if view == "text":
            st.code(mail.text, language=None, wrap_lines=True, height=height)
            return
        with st.container(width=PHONE if view == "phone" else "stretch", key=f"{key}_frame_box"):
            email_frame(mail.html, title="Preview of the email", height=_height(mail, str(view), height), key=f"{key}_frame")


def _height(mail: Rendered, view: str, most: int) -> int:
    """Return how high the frame of an email is, roughly: the frame is closed to us, so nobody can measure what is in it.

    One with pictures gets all of it, and so does a long one, which scrolls; a few lines don't stand in a large white box.
    """
    if "<img" in mail.html or "url(" in mail.html:
        return most
    paragraphs = (_GAP + _LINE * (1 + len(line) // _LINE_LENGTH[view]) for line in mail.text.splitlines() if line.strip())
    return min(most, _MARGINS + sum(paragraphs))


def _reader(page: Page, key: str) -> Contact | None:
    """Return whose values fill the fields: somebody known, or nobody for a made-up person."""
    typed = (
        st.text_input(
            "Preview as",
            type="search",
            placeholder="As: address of a contact",
            key=f"{key}_reader",
            label_visibility="collapsed",
            width=240,
        )
        or ""
    ).strip()
    if not typed:
        return None
    found = page.services.contacts.find(page.by, typed)
    if found is None:
        st.caption(f":orange[No contact has the address {plain(typed)}; a made-up reader is shown.]")
    return found
