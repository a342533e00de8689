"""A small email in the look of a brand, as it is read by day and by night."""

from __future__ import annotations

import re

import streamlit as st

from core.errors import PostwrightError
from core.templates.brands.checking import checked_brand
from core.templates.brands.sample import sample_document
from core.templates.compiling.compiler import TemplateKind, compile_template
from core.templates.look.brand import Brand
from core.ui.page import Page
from core.ui.parts import email_frame
from core.ui.words import plain

SCHEMES = {"light": ":material/light_mode: Light", "dark": ":material/dark_mode: Dark"}
_ASKED = re.compile(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)")
_META = re.compile(r'(<meta name="(?:supported-)?color-schemes?" content=")[^"]*"')


def draw(page: Page, brand: Brand, *, key: str, height: int = 640) -> None:
    """Draw the email with the choice between light and dark; where the brand is not complete yet, say what is missing.

    Args:
        page: The page.
        brand: The brand.
        key: Unique on the page.
        height: Of the frame, in pixels.
    """
    scheme = st.segmented_control(
        "Screen",
        list(SCHEMES),
        default="light",
        required=True,
        format_func=SCHEMES.__getitem__,
        key=f"{key}_scheme",
        label_visibility="collapsed",
    )
    try:
        compiled = compile_template(sample_document().as_json(), TemplateKind.BLOCKS, brand=checked_brand(brand))
        mail = page.services.templates.preview(page.by, compiled)
    except PostwrightError as error:
        with st.container(border=True):
            st.markdown(f":material/edit_note: **Not complete yet.** {plain(error.message)}")
            st.caption(plain(error.hint))
        return
    email_frame(in_scheme(mail.html, str(scheme)), title=f"Preview on a {scheme} screen", height=height, key=f"{key}_frame")


def in_scheme(html: str, scheme: str) -> str:
    """Return an email as it looks on a light or a dark screen, whichever this one is."""
    asked = _ASKED.sub("(min-width:0)" if scheme == "dark" else "(max-width:0)", html)
    return _META.sub(lambda found: f'{found[1]}{scheme}"', asked)
