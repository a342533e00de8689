"""streamlit-authenticator as the engine that checks passwords, over the table of people.

The package's own cookie can be read by scripts and still works after signing out, so its cookie manager is left out:
what it would keep in the browser is kept in the database here (`core.accounts.sessions`).
"""

from __future__ import annotations

import streamlit as st
import streamlit_authenticator
from streamlit_authenticator.controllers import AuthenticationController

from core.accounts.credentials import Credentials

# What the package leaves in the session's state; nothing is decided by it, so it is taken out again.
_LEFT_BEHIND = ("name", "authentication_status", "username", "email", "roles", "logout")


class Engine(streamlit_authenticator.Authenticate):  # type: ignore[misc]
    """streamlit-authenticator over the table of people, without its cookie."""

    def __init__(self, credentials: Credentials) -> None:
        # The package's own __init__ is left out: it starts the cookie manager.
        self.authentication_controller = AuthenticationController({"usernames": {}}, auto_hash=False)
        self.authentication_controller.authentication_model.credentials = {"usernames": credentials}

    def check(self, email: str, prepared: str) -> bool:
        """Return whether the prepared password belongs to the address."""
        try:
            return self.authentication_controller.login(email, prepared) is True
        finally:
            for name in _LEFT_BEHIND:
                st.session_state.pop(name, None)
