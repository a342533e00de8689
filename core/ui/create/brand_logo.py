"""The logo of a brand: an address, or one of the workspace's pictures."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from core.templates.look.brand import Logo
from core.ui import dialogs
from core.ui.create import picture_picker
from core.ui.page import Page

_WIDEST, _NARROWEST, _USUAL = 600, 16, 200  # pixels: what a logo may be, and how wide a large picture is shown at first


def draw(page: Page, known: Logo, key: str, *, disabled: bool) -> dict[str, Any]:
    """Draw the fields and what chooses a picture; return what is in them.

    Args:
        page: The page.
        known: The logo as it is kept.
        key: Begins the fields' keys.
        disabled: Whether nothing may be changed.
    """
    url, alt, width = (f"{key}_logo_{part}" for part in ("url", "alt", "width"))
    # Fields can be filled in before they are drawn only, and the picture is chosen in a dialog, which is drawn later.
    st.session_state.update(st.session_state.pop(f"{key}_logo_chosen", {}))
    for name, value in ((url, known.url), (alt, known.alt), (width, known.width)):
        st.session_state.setdefault(name, value)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input("Address of the logo", key=url, placeholder="https://www.example.com/logo.png", disabled=disabled)
        st.button(
            "Choose a picture", icon=":material/image:", key=f"{key}_logo_pick", on_click=dialogs.show, args=("logo",), disabled=disabled
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input("What it shows, for people who don’t see it", key=alt, placeholder=page.workspace.name, disabled=disabled)
        pixels = st.number_input("Width in pixels", _NARROWEST, _WIDEST, step=10, key=width, disabled=disabled, width=150)
    dialogs.dialog("logo", "Choose a picture", partial(_pick, page, key), width="large")
    return {"url": (typed or "").strip(), "alt": words or "", "width": int(pixels or known.width)}


def _pick(page: Page, key: str) -> None:
    chosen = picture_picker.pick(page, f"{key}_logo_picture")
    if chosen:
        width = max(_NARROWEST, min(chosen.width, _USUAL))
        st.session_state[f"{key}_logo_chosen"] = {
            f"{key}_logo_url": chosen.url,
            f"{key}_logo_alt": chosen.alt,
            f"{key}_logo_width": width,
        }
        dialogs.done()
