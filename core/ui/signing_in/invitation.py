"""Where an invitation's link leads: a new account, or for somebody who has one, the way into one more workspace."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st

from core.accounts.invitation_rows import Offer
from core.accounts.passwords import LONGEST, SHORTEST
from core.errors import PostwrightError
from core.ui.card import heading
from core.ui.parts import problem
from core.ui.services import services
from core.ui.signing_in import auth
from core.ui.words import plain

PARAMETER = "invitation"


def token() -> str:
    """Return the invitation in the page's address, or "" where there is none."""
    return str(st.query_params.get(PARAMETER, ""))


def way_back() -> str:
    """Return where a browser goes that has just signed out: to the invitation it came with, else to the start."""
    return f"/?{PARAMETER}={quote(token(), safe='')}" if token() else "/"


def answered() -> bool:
    """Draw what somebody signed out is offered; return False where the sign-in form has to follow."""
    if not token():
        return False
    try:
        offer = services().invitations.look(token())
    except PostwrightError as error:
        _bad_link(error, "Go to sign in")
        return True
    if offer.has_account:
        st.session_state.setdefault("sign_in_email", offer.email)
        st.info(
            f"**Join {plain(offer.workspace)}.** You have an account already. Sign in to accept the invitation.", icon=":material/mail:"
        )
        return False
    _new_account(offer)
    return True


def answer_as(visitor: auth.Visitor) -> None:
    """Draw what somebody signed in is offered: to accept, or where it is not theirs, to sign out first."""
    try:
        offer = services().invitations.look(token())
        theirs = services().invitations.is_for(visitor.principal, token())
    except PostwrightError as error:
        _bad_link(error, "Go to the start")
        return
    if theirs:
        _join(visitor, offer)
    else:
        _somebody_else(visitor, offer)


def _new_account(offer: Offer) -> None:
    heading(f"Join {plain(offer.workspace)}", f"You are invited as {plain(offer.role_name)}. Choose a password and you are in.")
    with st.form("invitation", border=False):
        st.text_input("Email", offer.email, disabled=True, autocomplete="username", key="invitation_email")
        name = st.text_input("Your name", offer.name, autocomplete="name", key="invitation_name")
        password = st.text_input("Password", type="password", autocomplete="new-password", key="invitation_password")
        st.caption(f"{SHORTEST} to {LONGEST} characters. Four random words make a good one.")
        pressed = st.form_submit_button("Create account", type="primary", width="stretch", key="invitation_submit")
    if not pressed:
        return
    try:
        accepted = services().invitations.accept_new(token(), name, password, ip=auth.ip())
        auth.welcome(accepted.person_id)
    except PostwrightError as error:
        problem(error)
    else:
        _done()


def _join(visitor: auth.Visitor, offer: Offer) -> None:
    heading(f"Join {plain(offer.workspace)}?", f"You are invited as {plain(offer.role_name)}. You keep your account and its password.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button("Not now", key="invitation_later", on_click=forget)
        pressed = st.button("Join workspace", type="primary", key="invitation_join")
    if not pressed:
        return
    try:
        accepted = services().invitations.accept(visitor.principal, token())
        services().sessions.move(visitor.token, accepted.workspace_id)
    except PostwrightError as error:
        problem(error)
    else:
        _done()


def _somebody_else(visitor: auth.Visitor, offer: Offer) -> None:
    heading(
        "This invitation is for somebody else",
        f"It was sent to {plain(offer.email)}. You are signed in as {plain(visitor.principal.name)}.",
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button("Stay signed in", key="invitation_later", on_click=forget)
        st.button("Sign out and go on", type="primary", key="invitation_sign_out", on_click=auth.leave)


def _bad_link(error: PostwrightError, way_on: str) -> None:
    heading(error.message, error.hint)
    st.button(way_on, type="primary", width="stretch", key="invitation_forget", on_click=forget)


def forget() -> None:
    """Take the invitation out of the page's address; use it as `on_click`, too."""
    st.query_params.pop(PARAMETER, None)


def _done() -> None:
    forget()
    st.rerun()
