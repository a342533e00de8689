"""The card in the middle of the screen: what somebody sees before they are in, and where one thing has to be done first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from core.errors import PostwrightError
from core.ui.parts import problem

STATIC = Path(__file__).parent / "static"
ICON = STATIC / "icon.png"
LOGO = STATIC / "logo.svg"  # changes its ink with the system's colour scheme by itself

_SAY_ONCE = "postwright.card_says"

Act = Callable[[], None]


@contextmanager
def card(title: str) -> Iterator[None]:
    """Draw the logo and a card under it; everything drawn inside stands in the card.

    Args:
        title: Of the browser's tab.
    """
    st.set_page_config(page_title=f"{title} · Postwright", page_icon=str(ICON), layout="centered")
    st.space("medium")
    with st.container(horizontal_alignment="center"):
        st.image(str(LOGO), width=190, alt="Postwright")
        with st.container(border=True, width=420, key="sign_in_card"):
            yield


def heading(title: str, text: str) -> None:
    """Draw the card's heading and a sentence under it, and what an earlier card left to be said."""
    st.markdown(f"### {title}", anchors=False)
    st.markdown(f":gray[{text}]")
    if said := st.session_state.pop(_SAY_ONCE, ""):
        st.success(said, icon=":material/check_circle:")


def attempt(act: Act, *, say: str = "") -> None:
    """Do what was asked for and draw what comes next; a failure is shown, and what was typed stays.

    Args:
        act: What was asked for.
        say: What the next card says if it worked.
    """
    try:
        act()
    except PostwrightError as error:
        problem(error)
    else:
        st.session_state[_SAY_ONCE] = say
        st.rerun()
