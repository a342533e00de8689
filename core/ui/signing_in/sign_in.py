"""What somebody sees who is not signed in: the sign-in form, or on the first run the set-up page."""

from __future__ import annotations

import streamlit as st

from core.accounts.passwords import LONGEST, SHORTEST
from core.ui.card import attempt, card, heading
from core.ui.services import services
from core.ui.signing_in import auth, invitation, oidc, password_reset
from core.ui.web.bridge import carry_sign_in, carry_sign_out


def show() -> None:
    """Draw what is due: the hand-over of a cookie, the set-up, a new password, or the sign-in form."""
    with card("Sign in"):
        if st.session_state.pop(auth.LEAVING_KEY, False):
            carry_sign_out(invitation.way_back())
        elif ticket := st.session_state.get(auth.TICKET_KEY):
            carry_sign_in(ticket)
        elif services().setup.is_needed():
            _set_up()
        elif password_reset.is_asked():
            password_reset.show()
        elif auth.is_code_due():
            _code()
        else:
            oidc.take_up()
            if not invitation.answered():
                _sign_in()
            oidc.button()


def show_invitation(visitor: auth.Visitor) -> None:
    """Draw what an invitation's link offers somebody who is signed in."""
    with card("Invitation"):
        invitation.answer_as(visitor)


def _sign_in() -> None:
    heading("Sign in", "Welcome back.")
    with st.form("sign_in", border=False):
        email = st.text_input("Email", autocomplete="username", key="sign_in_email")
        password = st.text_input("Password", type="password", autocomplete="current-password", key="sign_in_password")
        pressed = st.form_submit_button("Sign in", type="primary", width="stretch", key="sign_in_submit")
    if pressed:
        attempt(lambda: auth.check_password(email or "", password or ""))
    with st.container(horizontal_alignment="center"):
        st.button("Forgot your password?", type="tertiary", key="forgot", on_click=password_reset.ask)


def _code() -> None:
    heading("One more step", "Enter the code your authenticator app shows.")
    with st.form("code", border=False):
        code = st.text_input("Code", placeholder="123 456", autocomplete="one-time-code", max_chars=40, key="code")
        pressed = st.form_submit_button("Go on", type="primary", width="stretch", key="code_submit")
    if pressed:
        attempt(lambda: auth.check_code(code or ""))
    st.caption("Without your phone, enter one of your recovery codes instead.", text_alignment="center")
    with st.container(horizontal_alignment="center"):
        st.button("Start over", type="tertiary", key="code_back", on_click=auth.forget_code)


def _set_up() -> None:
    heading("Set up Postwright", "Two minutes, then you can send. The set-up code is in the terminal where you started the server.")
    with st.form("set_up", border=False):
        code = st.text_input("Set-up code", placeholder="XXXX-XXXX-XXXX", autocomplete="one-time-code", key="set_up_code")
        workspace = st.text_input("Workspace", placeholder="Your company", autocomplete="organization", key="set_up_workspace")
        name = st.text_input("Your name", autocomplete="name", key="set_up_name")
        email = st.text_input("Email", placeholder="you@company.com", autocomplete="username", key="set_up_email")
        password = st.text_input("Password", type="password", autocomplete="new-password", key="set_up_password")
        st.caption(f"{SHORTEST} to {LONGEST} characters. Four random words make a good one.")
        pressed = st.form_submit_button("Create workspace", type="primary", width="stretch", key="set_up_submit")
    if pressed:
        attempt(lambda: _complete(code, workspace, email, name, password))


def _complete(code: str, workspace: str, email: str, name: str, password: str) -> None:
    given = {"workspace_name": workspace, "email": email, "name": name, "password": password}
    auth.welcome(services().setup.complete(code, **given, ip=auth.ip()).id)
