"""Parts of the account page: the second factor, and where somebody is signed in."""

from __future__ import annotations

import streamlit as st

from core.accounts.own_account import Account
from core.accounts.sessions import API, OwnSession
from core.accounts.two_factor import TwoFactorState
from core.ui import dialogs
from core.ui.page import Page
from core.ui.signing_in import two_factor
from core.ui.words import counted, plain

_FEW = 3  # recovery codes left, below which the page says so
_SET_UP, _RENEW, _TURN_OFF = "set_up_two_factor", "renew_recovery_codes", "turn_off_two_factor"


def second_factor(page: Page, account: Account) -> None:
    """Draw whether the second factor is on, and the ways to change it."""
    state = page.services.two_factor.state(page.by)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("#### Second factor", anchors=False, width="content")
            st.badge("On" if state.enabled_at else "Off", color="green" if state.enabled_at else "gray")
        if two_factor.has_codes():
            st.markdown("**Keep these recovery codes.** Each signs you in once when your phone is not at hand. They are shown only now.")
            two_factor.show_codes("I have kept them")
        elif state.enabled_at:
            _is_on(page, state)
        else:
            st.markdown(":gray[A code from your phone besides the password: who finds out the password still can’t get in.]")
            st.button("Set up", type="primary", key=_SET_UP, icon=":material/shield_lock:", on_click=dialogs.show, args=(_SET_UP,))
    if not state.enabled_at:
        dialogs.dialog(_SET_UP, "Set up a second factor", lambda: _set_up(page))
    else:
        dialogs.dialog(_RENEW, "New recovery codes", lambda: _renew(page))
        dialogs.dialog(_TURN_OFF, "Turn off the second factor", lambda: _turn_off(page, account))


def sessions(page: Page) -> None:
    """Draw where somebody is signed in, each with a way to end it."""
    mine = page.services.sessions.mine(page.by)
    with st.container(border=True):
        st.markdown("#### Where you are signed in", anchors=False)
        for session in mine:
            _session(page, session)
        if [session for session in mine if not session.is_this]:
            if st.button("Sign out everywhere else", key="revoke_others", icon=":material/logout:"):
                with page.act("Signed out everywhere else."):
                    page.services.sessions.revoke_others(page.by)
                    st.rerun()
        else:
            st.markdown(":gray[Nowhere else.]")


def _session(page: Page, session: OwnSession) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key=f"session_{session.id}"):
        with st.container(gap=None, width="stretch"):
            icon = ":material/terminal:" if session.kind == API else ":material/devices:"
            st.markdown(f"{icon} **{plain(session.browser)}**" + (" :green-badge[This one]" if session.is_this else ""))
            seen = "Now" if session.is_this else f"Last used {page.when(session.last_seen_at)}"
            words = [seen, f"signed in {page.when(session.created_at)}", *([session.ip] if session.ip else [])]
            st.caption(" · ".join(map(plain, words)), help=f"Signed in {page.exactly(session.created_at)}")
        if not session.is_this and st.button("Sign out", key=f"revoke_{session.id}"):
            with page.act("Signed out there."):
                page.services.sessions.revoke_one(page.by, session.id)
                st.rerun()


def _is_on(page: Page, state: TwoFactorState) -> None:
    left = counted(state.recovery_codes_left, "recovery code")
    st.markdown(f":gray[On since {page.exactly(state.enabled_at)}. You have {left} left.]")
    if state.recovery_codes_left < _FEW:
        st.warning("Few recovery codes are left. Make new ones before you need them.", icon=":material/warning:")
    with st.container(horizontal=True):
        st.button("New recovery codes", key=_RENEW, on_click=dialogs.show, args=(_RENEW,))
        st.button("Turn off", key=_TURN_OFF, type="tertiary", on_click=dialogs.show, args=(_TURN_OFF,))


def _set_up(page: Page) -> None:
    two_factor.set_up(page.by)
    if two_factor.has_codes():
        dialogs.done()


def _renew(page: Page) -> None:
    st.markdown("The ten codes you have now stop working.")
    with st.form("renew_codes", border=False):
        code = st.text_input("Code from your app", placeholder="123 456", autocomplete="one-time-code", key="renew_code")
        pressed = st.form_submit_button("Make new codes", type="primary", key="renew_submit")
    if pressed:
        with page.act():
            two_factor.keep_codes(page.services.two_factor.renew_recovery_codes(page.by, code or ""))
            dialogs.done()


def _turn_off(page: Page, account: Account) -> None:
    st.markdown("Your password alone signs you in then. Your recovery codes stop working.")
    with st.form("two_factor_off", border=False):
        password = ""
        if account.has_password:
            password = st.text_input("Password", type="password", autocomplete="current-password", key="off_password") or ""
        code = st.text_input("Code from your app, or a recovery code", autocomplete="one-time-code", key="off_code")
        pressed = st.form_submit_button("Turn off", type="primary", key="off_submit")
    if pressed:
        with page.act("Your second factor is off."):
            page.services.two_factor.disable(page.by, password, code or "")
            dialogs.done()
