"""What pages say about brand kits: the templates that followed one, and those that could not."""

from __future__ import annotations

import streamlit as st

from core.templates.brands.restyling import Restyled
from core.templates.look.brand import Brand, Token
from core.ui.words import counted, plain

_KEPT = "brand_kept"
_SHOWN = (Token.PRIMARY, Token.TEXT, Token.BACKGROUND, Token.SURFACE)
_LETTERS = (
    '<span style="font-family:{};color:{};background:{};font-weight:700;font-size:15px;line-height:20px;padding:0 7px;margin-left:6px;'
    'border-radius:4px;border:1px solid rgba(128,128,128,.4)">Aa</span>'
)
_BUTTON = (
    '<span style="background:{};color:{};border:1px solid {};border-radius:{}px;font-family:{};font-weight:{};font-size:12px;'
    'line-height:20px;padding:0 9px;margin-left:2px">Button</span>'
)
_DOT = '<span style="width:18px;height:18px;border-radius:9px;border:1px solid rgba(128,128,128,.4);background:{}"></span>'


def done(first: str, restyled: Restyled) -> str:
    """Return what to say when a change worked, and remember for `kept` what did not follow."""
    st.session_state[_KEPT] = restyled.kept
    return followed(first, restyled)


def followed(first: str, restyled: Restyled) -> str:
    """Return what to say when a change worked: "Saved. 3 templates have a new version."."""
    if restyled.waiting or not restyled.changed:  # what waits has a bar of its own
        return first
    return f"{first} {counted(len(restyled.changed), 'template has', 'templates have')} a new version."


def kept() -> None:
    """Draw once which templates could not follow the last change, and why."""
    for one in st.session_state.pop(_KEPT, ()):
        st.warning(
            f"**{plain(one.name)}** can’t be written in the new look and keeps the version it has. {plain(one.reason)}",
            icon=":material/warning:",
        )


def swatches(brand: Brand) -> None:
    """Draw the main colours of a brand, its letters and its button."""
    colours, button = brand.colours, brand.button
    dots = "".join(_DOT.format(colours.of(token)) for token in _SHOWN)
    front, behind = (colours.button_text, colours.primary) if button.is_filled else (colours.primary, colours.surface)
    letters = _LETTERS.format(brand.heading_font.stack, colours.text, colours.surface)
    made = _BUTTON.format(behind, front, colours.primary, min(button.radius, 11), brand.body_font.stack, 600 if button.is_bold else 400)
    st.html(f'<div style="display:flex;gap:4px;align-items:center" aria-hidden="true">{dots}{letters}{made}</div>', width="content")
