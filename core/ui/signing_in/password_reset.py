"""A new password by mail: asking for the link, and the form it leads to."""

from __future__ import annotations

import streamlit as st

from core.accounts.password_resets import PARAMETER
from core.accounts.passwords import LONGEST, SHORTEST
from core.errors import Denied
from core.ui.card import attempt, heading
from core.ui.parts import problem
from core.ui.services import services
from core.ui.signing_in import auth
from core.ui.words import plain

_ASKING = "postwright.reset_asking"
_TOKEN = "postwright.reset_token"  # noqa: S105 - a key, not a token
# The same whether anybody signs in with the address or not.
_SENT = (
    "If somebody signs in with this address, a link is on its way. It works for 30 minutes. "
    "If nothing comes, look among the spam, or ask whoever runs this server."
)


def is_asked() -> bool:
    """Return whether the way to a new password is on show, or a link of a mail was opened.

    The link's secret leaves the address bar at once: it must not stay in the browser's history or be copied with the address.
    """
    if token := st.query_params.get(PARAMETER):
        st.session_state[_TOKEN] = token
        del st.query_params[PARAMETER]
    return _TOKEN in st.session_state or _ASKING in st.session_state


def ask() -> None:
    """Show the form that asks for a link in the next run; use it as `on_click`."""
    st.session_state[_ASKING] = True


def show() -> None:
    """Draw the form that is due."""
    token = st.session_state.get(_TOKEN)
    if token is None:
        _request()
        return
    try:
        email = services().password_resets.look(token)
    except Denied as error:
        heading("Choose a new password", "The link of a mail leads here.")
        problem(error)
        st.button("Send a new link", type="primary", width="stretch", key="reset_again", on_click=_ask_again)
        _back()
    else:
        _choose(token, email)


def _request() -> None:
    heading("Forgot your password?", "Enter the address you sign in with. You get a link to choose a new password.")
    with st.form("reset_request", border=False):
        email = st.text_input("Email", autocomplete="username", key="reset_email")
        pressed = st.form_submit_button("Send link", type="primary", width="stretch", key="reset_send")
    if pressed:
        services().password_resets.request(email or "", auth.ip())
        st.success(_SENT, icon=":material/mail:")
    _back()


def _choose(token: str, email: str) -> None:
    heading("Choose a new password", f"For {plain(email)}. You are signed out everywhere and sign in again with it.")
    with st.form("reset_choose", border=False):
        # Not to be changed: it tells a password manager whose password this is.
        st.text_input("Email", value=email, disabled=True, autocomplete="username", key="reset_for")
        new = st.text_input("New password", type="password", autocomplete="new-password", key="reset_new")
        st.caption(f"{SHORTEST} to {LONGEST} characters. Four random words make a good one.")
        pressed = st.form_submit_button("Set password", type="primary", width="stretch", key="reset_set")
    if pressed:
        attempt(lambda: _complete(token, new or ""), say="Your new password is set. Sign in with it.")
    _back()


def _complete(token: str, new: str) -> None:
    services().password_resets.complete(token, new, auth.ip())
    _leave()


def _back() -> None:
    with st.container(horizontal_alignment="center"):
        st.button("Back to sign in", type="tertiary", key="reset_back", on_click=_leave)


def _leave() -> None:
    st.session_state.pop(_TOKEN, None)
    st.session_state.pop(_ASKING, None)


def _ask_again() -> None:
    _leave()
    ask()
