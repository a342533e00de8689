"""What somebody sees who is not signed in: the sign-in form, or on the first run the set-up page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from core.accounts.passwords import LONGEST, SHORTEST
from core.errors import PostwrightError
from core.ui import auth, invitation
from core.ui.bridge import carry_sign_in, carry_sign_out
from core.ui.parts import problem
from core.ui.services import services

STATIC = Path(__file__).parent / "static"
ICON = STATIC / "icon.png"
LOGO = STATIC / "logo.svg"  # changes its ink with the system's colour scheme by itself


def show() -> None:
    """Draw what is due: the hand-over of a cookie, the set-up, or the sign-in form."""
    st.set_page_config(page_title="Sign in · Postwright", page_icon=str(ICON), layout="centered")
    with _card():
        if st.session_state.pop(auth.LEAVING_KEY, False):
            carry_sign_out(invitation.way_back())
        elif ticket := st.session_state.get(auth.TICKET_KEY):
            carry_sign_in(ticket)
        elif services().setup.is_needed():
            _set_up()
        elif not invitation.answered():
            _sign_in()


def show_invitation(visitor: auth.Visitor) -> None:
    """Draw what an invitation's link offers somebody who is signed in."""
    st.set_page_config(page_title="Invitation · Postwright", page_icon=str(ICON), layout="centered")
    with _card():
        invitation.answer_as(visitor)


def _sign_in() -> None:
    _heading("Sign in", "Welcome back.")
    with st.form("sign_in", border=False):
        email = st.text_input("Email", autocomplete="username", key="sign_in_email")
        password = st.text_input("Password", type="password", autocomplete="current-password", key="sign_in_password")
        pressed = st.form_submit_button("Sign in", type="primary", width="stretch", key="sign_in_submit")
    if pressed:
        _try(lambda: auth.check_password(email, password))
    st.caption("Forgot your password? Whoever runs this server can set a new one.", text_alignment="center")


def _set_up() -> None:
    _heading("Set up Postwright", "Two minutes, then you can send. The set-up code is in the terminal where you started the server.")
    with st.form("set_up", border=False):
        code = st.text_input("Set-up code", placeholder="XXXX-XXXX-XXXX", autocomplete="one-time-code", key="set_up_code")
        workspace = st.text_input("Workspace", placeholder="Your company", autocomplete="organization", key="set_up_workspace")
        name = st.text_input("Your name", autocomplete="name", key="set_up_name")
        email = st.text_input("Email", placeholder="you@company.com", autocomplete="username", key="set_up_email")
        password = st.text_input("Password", type="password", autocomplete="new-password", key="set_up_password")
        st.caption(f"{SHORTEST} to {LONGEST} characters. Four random words make a good one.")
        pressed = st.form_submit_button("Create workspace", type="primary", width="stretch", key="set_up_submit")
    if pressed:
        _try(lambda: _complete(code, workspace, email, name, password))


def _complete(code: str, workspace: str, email: str, name: str, password: str) -> None:
    person = services().setup.complete(code, workspace_name=workspace, email=email, name=name, password=password)
    auth.welcome(person.id)


def _try(act: auth.Act) -> None:
    try:
        act()
    except PostwrightError as error:
        problem(error)
    else:
        st.rerun()


@contextmanager
def _card() -> Iterator[None]:
    st.space("medium")
    with st.container(horizontal_alignment="center"):
        st.image(str(LOGO), width=190)
        with st.container(border=True, width=420, key="sign_in_card"):
            yield


def _heading(title: str, text: str) -> None:
    st.markdown(f"### {title}", anchors=False)
    st.markdown(f":gray[{text}]")
