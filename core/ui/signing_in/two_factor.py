"""Setting up a second factor, on the account page and, where the workspace asks for one, before anything else is shown."""

from __future__ import annotations

import io

import segno
import streamlit as st

from core.accounts.two_factor import Enrolment
from core.errors import Conflict, PostwrightError
from core.permissions import Principal
from core.ui.card import card, heading
from core.ui.parts import problem
from core.ui.services import services
from core.ui.signing_in import auth

_ENROLMENT = "postwright.two_factor_enrolment"
_CODES = "postwright.recovery_codes"
_HELD = "postwright.two_factor_first"  # the person was kept from the workspace until this is done


def is_due(by: Principal) -> bool:
    """Return whether the second factor comes before everything else: it is missing, or its recovery codes are still on show."""
    if by.needs_two_factor:
        st.session_state[_HELD] = True
        return True
    return _HELD in st.session_state and has_codes()


def show_first(by: Principal) -> None:
    """Draw the only thing somebody may do before they have a second factor."""
    with card("Second factor"):
        if has_codes():
            heading("Keep these codes", "Each signs you in once when your phone is not at hand. They are shown only now.")
            show_codes("I have kept them")
            return
        heading("Set up a second factor", "This workspace asks everybody for one. It takes a minute.")
        set_up(by)
        with st.container(horizontal_alignment="center"):
            st.button("Sign out", type="tertiary", key="sign_out", on_click=auth.leave)


def set_up(by: Principal) -> None:
    """Draw the QR code and the form that confirms the first code."""
    enrolment = _enrolment(by)
    if enrolment is None:
        st.rerun()
    st.markdown("**1. Scan this** with an authenticator app, for example the one in your password manager.")
    with st.container(horizontal_alignment="center"):
        st.image(qr_code(enrolment.uri), width=200, alt="QR code for your authenticator app")
    with st.expander("Can’t scan it?"):
        st.caption("Type this key into the app instead.")
        st.code(
            " ".join(enrolment.secret[start : start + 4] for start in range(0, len(enrolment.secret), 4)), language=None, wrap_lines=True
        )
    with st.form("two_factor_confirm", border=False):
        code = st.text_input("**2. Enter the code it shows**", placeholder="123 456", autocomplete="one-time-code", key="two_factor_code")
        pressed = st.form_submit_button("Turn on", type="primary", width="stretch", key="two_factor_confirm")
    if pressed:
        _confirm(by, code or "")


def qr_code(text: str) -> str:
    """Return a QR code as SVG, dark on white in either colour scheme: many cameras can't read it the other way round."""
    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(drawn, kind="svg", scale=5, border=4, dark="#151927", light="#ffffff", xmldecl=False)
    return drawn.getvalue().decode()


def keep_codes(codes: tuple[str, ...]) -> None:
    """Have recovery codes shown until the person says they have kept them."""
    st.session_state[_CODES] = codes
    st.session_state.pop(_ENROLMENT, None)


def has_codes() -> bool:
    """Return whether there are recovery codes the person has not said to have kept."""
    return _CODES in st.session_state


def show_codes(done: str) -> None:
    """Draw the recovery codes and the button that takes them away.

    Args:
        done: The button's label.
    """
    codes = st.session_state[_CODES]
    st.code("\n".join(codes), language=None)
    text = "Postwright recovery codes. Each is good once.\n\n" + "\n".join(codes) + "\n"
    with st.container(horizontal=True):
        st.download_button("Download", text, "postwright-recovery-codes.txt", "text/plain", icon=":material/download:", on_click="ignore")
        st.button(done, type="primary", key="codes_kept", on_click=_forget_codes)


def _enrolment(by: Principal) -> Enrolment | None:
    """Return what was begun in this tab, or begin; None where the second factor was turned on elsewhere meanwhile."""
    known = st.session_state.get(_ENROLMENT)
    if known is None or known[0] != by.person_id:
        try:
            known = (by.person_id, services().two_factor.begin(by))
        except Conflict:
            return None
        st.session_state[_ENROLMENT] = known
    enrolment: Enrolment = known[1]
    return enrolment


def _confirm(by: Principal, code: str) -> None:
    try:
        keep_codes(services().two_factor.confirm(by, code))
    except PostwrightError as error:
        problem(error)
    else:
        st.rerun()


def _forget_codes() -> None:
    st.session_state.pop(_CODES, None)
    st.session_state.pop(_HELD, None)
