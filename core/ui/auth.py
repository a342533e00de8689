"""Who is looking at a page: the password was checked once (`core.ui.engine`), a row in `sessions` says who is signed in now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.permissions import Principal
from core.ui.cookies import session_cookie
from core.ui.services import services, sign_in

# The token may be put here by whoever holds the script run itself (tests); a browser can't reach it.
TOKEN_KEY = "postwright.session_token"  # noqa: S105 - a key, not a token
TICKET_KEY = "postwright.sign_in_ticket"
LEAVING_KEY = "postwright.signing_out"

Act = Callable[[], None]


@dataclass(frozen=True)
class Visitor:
    """Somebody signed in.

    Args:
        principal: Who they are and what they may do now.
        token: Their session's token.
    """

    principal: Principal
    token: str


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
    """Check a sign-in; on success the next run hands the browser its ticket.

    Raises:
        Denied: In the same words for every kind of failure.
    """
    from core.ui.engine import Engine  # imported here: the package draws components while it is imported, which needs a script run

    gate = sign_in()
    ticket = gate.attempt(email, password, _text(st.context.ip_address), Engine(gate.credentials).check)
    st.session_state[TICKET_KEY] = ticket


def welcome(person_id: int) -> None:
    """Sign in somebody who has just proved who they are in another way (the set-up code)."""
    st.session_state[TICKET_KEY] = sign_in().ticket_for(person_id)


def leave() -> None:
    """End the session of this browser; the next run clears its cookie."""
    services().sessions.revoke(session_token())
    st.session_state.pop(TOKEN_KEY, None)
    st.session_state.pop(TICKET_KEY, None)
    st.session_state[LEAVING_KEY] = True


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
