"""Who is looking at a page: the password was checked once (`core.ui.signing_in.engine`), a row in `sessions` says who is signed in now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import streamlit as st

from core.accounts.sign_in import SecondFactorNeeded
from core.errors import Denied
from core.permissions import Principal
from core.ui.services import services, sign_in
from core.ui.web.cookies import session_cookie

# The token may be put here by whoever holds the script run itself (tests); a browser can't reach it.
TOKEN_KEY = "postwright.session_token"  # noqa: S105 - a key, not a token
TICKET_KEY = "postwright.sign_in_ticket"
LEAVING_KEY = "postwright.signing_out"
CODE_KEY = "postwright.code_due"
CODE_LIFE = timedelta(minutes=5)


@dataclass(frozen=True)
class Visitor:
    """Somebody signed in.

    Args:
        principal: Who they are and what they may do now.
        token: Their session's token.
    """

    principal: Principal
    token: str


@dataclass(frozen=True)
class CodeDue:
    """Somebody who is past the password or their identity provider, and whose code is missing.

    It is kept on the server, where the browser can't change it.

    Args:
        person_id: Who.
        until: When they have to begin anew.
    """

    person_id: int
    until: datetime


def visitor() -> Visitor | None:
    """Return who is signed in, asked of the database on every run, so that ending a session works at once."""
    token = session_token()
    principal = services().sessions.resolve(token) if token else None
    return Visitor(principal, token) if principal else None


def session_token() -> str:
    """Return the token the browser sent with its websocket, or "" if there is none."""
    name = session_cookie(_text(st.context.headers.get("Origin"))).name
    return _text(st.session_state.get(TOKEN_KEY)) or _text(st.context.cookies.get(name))


def check_password(email: str, password: str) -> None:
    """Check a sign-in; the next run hands the browser its ticket, or asks for a code.

    Raises:
        Denied: In the same words for every kind of failure.
    """
    from core.ui.signing_in.engine import (
        Engine,  # imported here: the package draws components while it is imported, which needs a script run
    )

    gate = sign_in()
    try:
        st.session_state[TICKET_KEY] = gate.ticket(gate.attempt(email, password, ip(), Engine(gate.credentials).check))
    except SecondFactorNeeded as needed:
        ask_for_code(needed.person_id)


def ask_for_code(person_id: int) -> None:
    """Let the next run ask for the code of somebody who is past the password or their identity provider."""
    st.session_state[CODE_KEY] = CodeDue(person_id, services().clock.now() + CODE_LIFE)


def is_code_due() -> bool:
    """Return whether somebody in this tab has shown who they are less than five minutes ago and still owes the code."""
    due = st.session_state.get(CODE_KEY)
    if due is not None and due.until <= services().clock.now():
        forget_code()
    return CODE_KEY in st.session_state


def check_code(code: str) -> None:
    """Check the code after the password; the next run hands the browser its ticket.

    Raises:
        Denied: If it is not right, or it took too long.
    """
    if not is_code_due():
        raise Denied("This sign-in took too long.", hint="Start over.")
    gate = sign_in()
    st.session_state[TICKET_KEY] = gate.ticket(gate.second_factor(st.session_state[CODE_KEY].person_id, code, ip()))
    forget_code()


def forget_code() -> None:
    """Go back to the password; use it as `on_click`."""
    st.session_state.pop(CODE_KEY, None)


def ip() -> str:
    """Return where the browser is, or "" where that is not known."""
    return _text(st.context.ip_address)


def welcome(person_id: int) -> None:
    """Sign in somebody who has just proved who they are in another way (the set-up code, their identity provider)."""
    st.session_state[TICKET_KEY] = sign_in().ticket_for(person_id)


def leave() -> None:
    """End the session of this browser; the next run clears its cookie."""
    services().sessions.revoke(session_token())
    st.session_state.pop(TOKEN_KEY, None)
    st.session_state.pop(TICKET_KEY, None)
    forget_code()
    st.session_state[LEAVING_KEY] = True


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
