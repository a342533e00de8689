"""Whether the words of a brand can be read on its colours, and the nearest colours with which they can."""

from __future__ import annotations

import streamlit as st

from core.templates.look.brand import Brand, Token
from core.templates.look.contrast import ENOUGH, ENOUGH_FOR_A_SHAPE, Contrast, contrasts, dark

_SAMPLE = (
    '<span style="background:{behind};color:{front};padding:3px 10px;border-radius:6px;border:1px solid rgba(128,128,128,.35);'
    'font-size:14px;font-weight:600">Aa</span>'
)
_SHAPE = (
    '<span style="background:{behind};padding:7px 8px;border-radius:6px;border:1px solid rgba(128,128,128,.35);display:inline-block;'
    'line-height:0"><span style="background:{front};display:inline-block;width:22px;height:10px;border-radius:5px"></span></span>'
)


def key_of(key: str, token: Token) -> str:
    """Return the key of the field that holds a colour."""
    return f"{key}_colour_{token.value}"


def draw(brand: Brand, key: str, *, disabled: bool) -> None:
    """Draw each pair of colours that something is seen by, by day and by night; where it can't be seen, with a colour that can."""
    by_night = dark(brand)
    found = [*contrasts(brand), *by_night]
    unread = [one for one in found if not one.passes]
    with st.container(border=True, gap="small", key=f"{key}_contrast"):
        words = (
            f"{len(unread)} of {len(found)} can be hard to see." if unread else "Everything can be read, on light screens and dark ones."
        )
        asked = f"Text needs {ENOUGH} to 1, the shape of a button {ENOUGH_FOR_A_SHAPE} to 1."
        st.markdown(f"**Contrast**  \n:small[:gray[{words} {asked}]]")
        for one in unread:
            _line(one, key, disabled=disabled)
        if not all(one.passes for one in by_night):
            st.caption("On a dark screen the sheet is dark, and a filled button keeps its colour.")
        with st.grid(2, min_column_width=230, gap="small"):
            for one in found:
                if one.passes:
                    _line(one, key, disabled=disabled)


def _line(one: Contrast, key: str, *, disabled: bool) -> None:
    sample = _SAMPLE if one.least >= ENOUGH else _SHAPE
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(sample.format(behind=one.paper, front=one.ink), width="content")
        icon, colour = ("check_circle", "green") if one.passes else ("warning", "orange")
        # Rounded down, so that what does not pass never reads like what does.
        st.markdown(f":{colour}[:material/{icon}:] :small[{one.what}: {int(one.ratio * 10) / 10:.1f} to 1]", width="content")
        if one.passes:
            return
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            st.html(sample.format(behind=one.paper, front=one.suggestion), width="content")
            given = (key_of(key, one.front), one.suggestion)
            st.button(f"Use {one.suggestion}", key=f"{key}_use_{one.what}", on_click=_use, args=given, disabled=disabled)


def _use(key: str, colour: str) -> None:
    st.session_state[key] = colour
