"""The parts pages are made of that Streamlit does not have: empty, denied and failed states, and an email on show."""

from __future__ import annotations

import logging
import traceback
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from core.errors import PostwrightError
from core.ids import random_name
from core.ui.signing_in.auth import session_token
from core.ui.web.frames import FRAMES, Framed, with_links_in_new_tabs
from core.ui.words import harmless

_log = logging.getLogger(__name__)
_SCRIPT = (Path(__file__).parent / "components" / "email_frame.js").read_text("utf-8")
_HTML = '<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer" loading="eager"></iframe>\n'
_CSS = (
    "iframe { width: 100%; box-sizing: border-box; border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);"
    " background: #ffffff; display: block; }\n"
)


@cache
def _frame() -> Any:
    # Made on first use: at import there is no runtime yet that could know it.
    return st.components.v2.component("postwright_email_frame", html=_HTML, css=_CSS, js=_SCRIPT)


def empty_state(icon: str, title: str, text: str, action: str = "", *, key: str = "empty_action") -> bool:
    """Draw what a page shows where there is nothing yet; return whether its button was pressed.

    Args:
        icon: A material symbol, for example "campaign".
        title: One short line.
        text: One sentence: what this is for.
        action: The label of the button that starts it; "" for none.
        key: The button's key.
    """
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        # A picture, not a heading: the page has one title, and a screen reader should not read out the icon's name as another.
        st.badge("", icon=f":material/{icon}:", color="primary")
        st.markdown(f"#### {title}", anchors=False, text_alignment="center", width="content")
        st.markdown(f":gray[{text}]", text_alignment="center", width="content")
        pressed = bool(action) and st.button(action, key=key, type="primary")
        st.space("small")
    return pressed


def remark(text: str) -> None:
    """Say in a line, beneath a field, what is wrong with what stands in it; a caption would fade the colour until it can't be read.

    Args:
        text: Markdown, harmless already.
    """
    st.markdown(f":orange[:small[{text}]]")


def problem(error: Exception) -> None:
    """Show what happened and what to do: a known error in its own words, any other with an id that is also in the log."""
    if isinstance(error, PostwrightError):
        st.error(f"**{harmless(error.message)}** {harmless(error.hint)}".strip(), icon=":material/error:")
        return
    st.error(f"**Something went wrong.** Nothing was lost. Try again; if it stays, tell your admin this id: `{reported(error)}`")


def reported(error: Exception) -> str:
    """Write an unexpected error to the log and return its id; without its message, which may hold somebody's data."""
    error_id = random_name(8)
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-6:]))
    _log.error("unexpected error", extra={"error_id": error_id, "kind": type(error).__name__, "where": where})
    return error_id


def denied(permission: str) -> None:
    """Draw what somebody sees who may not see the page: which permission is missing and who can give it."""
    _closed(f"It needs the permission `{permission}`. An admin of this workspace can give you a role that has it.")


def beyond_lists() -> None:
    """Draw what somebody limited to some lists sees in place of a page that can't be narrowed to them."""
    _closed("It shows more than the lists you may see. An admin of this workspace can give you access to all lists.")


def _closed(text: str) -> None:
    with st.container(border=True, horizontal_alignment="center"):
        st.space("small")
        st.markdown("# :gray[:material/lock:]", text_alignment="center", width="content")
        st.markdown("#### You can’t open this page", anchors=False, text_alignment="center", width="content")
        st.markdown(text, text_alignment="center", width="content")
        st.space("small")


def email_frame(html: str, *, title: str = "Email", height: int = 640, key: str = "email_frame") -> None:
    """Show an email as its reader sees it: no scripts, no access to the app, links open in a new tab, pictures load.

    Args:
        html: The whole message; nothing in it is trusted.
        title: What the frame is called for people who hear the page.
        height: In pixels.
        key: Needed where a page shows several.
    """
    name = FRAMES.put(session_token(), Framed(with_links_in_new_tabs(html)))
    _frame()(key=key, data={"path": f"/frames/{name}", "title": title, "height": height})
