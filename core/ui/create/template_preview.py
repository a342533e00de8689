"""An email as its reader would see it: on a wide screen, on a phone, on a dark screen, as plain text."""

from __future__ import annotations

import re

import streamlit as st

from core.contacts.choosing import Choice
from core.contacts.contacts import Contact
from core.permissions import Permission
from core.templates.compiling.compiler import CompiledTemplate
from core.templates.library.templates import TemplateVersion
from core.templates.rendering.renderer import Rendered
from core.ui.page import Page
from core.ui.parts import email_frame, remark
from core.ui.words import number, plain

_MARGINS, _GAP, _LINE = 120, 16, 24  # pixels: around an email, around a paragraph, and a line of it
_LINE_LENGTH = {"desktop": 56, "dark": 56, "phone": 36}
VIEWS = {
    "desktop": "Desktop",
    "phone": "Phone",
    "dark": "Dark",
    "text": "Text",
}
PHONE = 375
_ON_DARK = re.compile(r"@media\s*\(\s*prefers-color-scheme\s*:\s*dark\s*\)", re.IGNORECASE)
_HEAD_END = re.compile(r"</head\s*>", re.IGNORECASE)
_SCHEME = "<style>:root{{color-scheme:{}}}</style>"


def draw(page: Page, version: CompiledTemplate | TemplateVersion, *, key: str, height: int = 640, template_id: int | None = None) -> None:
    """Draw the preview with its choices of view and reader.

    Args:
        page: The page.
        version: What is shown.
        key: Unique on the page.
        height: Of the frame, in pixels.
        template_id: The template whose brand it wears, for one that was just compiled.
    """
    view, reader = choose(page, key)
    show(page, version, view, reader, key=key, height=height, template_id=template_id)


def choose(page: Page, key: str) -> tuple[str, Contact | None]:
    """Draw the choices of a preview; return the view, one of `VIEWS`, and the reader.

    Args:
        page: The page.
        key: Unique on the page.
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
        wanted = _wanted(page, key)
    return str(view), _reader(page, wanted)


def show(
    page: Page,
    version: CompiledTemplate | TemplateVersion,
    view: str,
    reader: Contact | None,
    *,
    key: str,
    height: int,
    template_id: int | None = None,
) -> None:
    """Draw an email as a reader sees it; what is chosen comes from `choose`, the rest is as in `draw`."""
    with page.act():
        mail = page.services.templates.preview(page.by, version, reader, template_id)
        if view == "text":
            st.code(mail.text, language=None, wrap_lines=True)  # as high as it is: what scrolls in it no key would reach
            return
        html = as_on_dark(mail.html) if view == "dark" else as_on_light(mail.html)
        with (
            st.container(horizontal_alignment="center"),
            st.container(width=PHONE if view == "phone" else "stretch", key=f"{key}_frame_box"),
        ):
            email_frame(html, title="Preview of the email", height=_height(mail, view, height), key=f"{key}_frame")


def as_on_dark(html: str) -> str:
    """Return an email as a mail program on a dark screen shows it, whatever this screen is: its rules for dark screens always hold."""
    return _HEAD_END.sub(f"{_SCHEME.format('dark')}</head>", _ON_DARK.sub("@media all", html), count=1)


def as_on_light(html: str) -> str:
    """Return an email as it is on a light screen, whatever this screen is."""
    return _HEAD_END.sub(f"{_SCHEME.format('light')}</head>", _ON_DARK.sub("@media not all", html), count=1)


def _height(mail: Rendered, view: str, most: int) -> int:
    """Return how high the frame of an email is, roughly: the frame is closed to us, so nobody can measure what is in it.

    One with pictures gets all of it, and so does a long one, which scrolls; a few lines don't stand in a large white box.
    """
    if "<img" in mail.html or "url(" in mail.html:
        return most
    paragraphs = (_GAP + _LINE * (1 + len(line) // _LINE_LENGTH[view]) for line in mail.text.splitlines() if line.strip())
    return min(most, _MARGINS + sum(paragraphs))


def _wanted(page: Page, key: str) -> str:
    """Return the address or name of the reader who is asked for; empty for a made-up one."""
    if not page.may(Permission.CONTACTS_VIEW):
        return ""
    return (
        st.text_input(
            "Preview as",
            type="search",
            placeholder="As: address or name of a contact",
            key=f"{key}_reader",
            label_visibility="collapsed",
            width=240,
        )
        or ""
    ).strip()


def _reader(page: Page, typed: str) -> Contact | None:
    """Return whose values fill the fields: somebody known, or nobody for a made-up person."""
    if not typed:
        return None
    if found := page.services.contacts.find(page.by, typed):
        return found
    near = page.services.directory.page(page.by, Choice(search=typed), limit=1)
    if not near.rows:
        remark(f"No contact has the address {plain(typed)}, or is called like that; a made-up reader is shown.")
        return None
    first = near.rows[0].contact
    others = f", the first of {number(near.total)} who are called like that" if near.total > 1 else ""
    remark(f"As {plain(first.email)} sees it{others}.")
    return first
