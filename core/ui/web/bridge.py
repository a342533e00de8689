"""The component that carries a sign-in or sign-out to the route that sets or clears the cookie."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

_SCRIPT = (Path(__file__).parents[1] / "components" / "session_bridge.js").read_text("utf-8")
_HTML = '<p role="status"></p>\n'
_CSS = "p { color: var(--st-text-color); font-family: var(--st-font); text-align: center; margin: 0; }\n"


@cache
def _component() -> Any:
    # Made on first use: at import there is no runtime yet that could know it.
    return st.components.v2.component("postwright_session_bridge", html=_HTML, css=_CSS, js=_SCRIPT)


def carry_sign_in(ticket: str) -> None:
    """Let the browser bring a ticket to `/auth/session`, then load the page again as somebody signed in."""
    _component()(
        key="session_bridge",
        data={
            "path": "/auth/session",
            "ticket": ticket,
            "waiting": "Signing you in …",
            "refused": "The sign-in could not be finished. Load this page again and sign in once more.",
            "dropped": "Your browser did not keep the sign-in cookie. Open the app over https, or allow cookies for this address.",
        },
    )


def carry_sign_out(next_path: str = "/") -> None:
    """Let the browser have its cookie cleared by `/auth/logout`, then go on.

    Args:
        next_path: Where to, a path of ours.
    """
    _component()(
        key="session_bridge_out",
        data={
            "path": "/auth/logout",
            "ticket": "",
            "waiting": "Signing you out …",
            "refused": "You are signed out. Close this tab.",
            "dropped": "",
            "next": next_path,
        },
    )
