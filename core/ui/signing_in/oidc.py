"""Signing in with an identity provider, as the sign-in form offers it; Streamlit does the talking (`st.login`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.accounts.identities import Recognised
from core.errors import PostwrightError
from core.settings import Settings
from core.ui.parts import problem
from core.ui.services import services
from core.ui.signing_in import auth, invitation
from core.ui.web.provider_doors import CALLBACK, FAILURE, Failure
from core.ui.words import plain

if TYPE_CHECKING:
    from streamlit.runtime.secrets import SecretsValue

_TAKEN_UP = "postwright.provider_taken_up"
_REFUSED = "postwright.provider_refused"

_WORDS = {
    Failure.DECLINED: ("You did not sign in there.", "Try again, or use your password."),
    Failure.UNAVAILABLE: ("Your identity provider doesn’t answer.", "Try again in a moment, or use your password."),
    Failure.UNFINISHED: ("This sign-in was not finished.", "It may have taken too long. Try again, or use your password."),
}


def secrets(settings: Settings, cookie_secret: str) -> dict[str, SecretsValue]:
    """Return what Streamlit needs to know of the provider; kept in memory, so that it lies in no further file.

    Args:
        settings: How this installation runs.
        cookie_secret: Signs the cookie that carries the provider's word.
    """
    if not settings.oidc_issuer:
        return {}
    provider: dict[str, SecretsValue] = {
        "redirect_uri": settings.app_url + CALLBACK,
        "cookie_secret": cookie_secret,
        "client_id": settings.oidc_client_id,
        "client_secret": settings.oidc_client_secret.get_secret_value(),
        "server_metadata_url": settings.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration",
    }
    return {"auth": provider}


def take_up() -> None:
    """Sign in whom the provider has just sent, or say why not."""
    if services().identities.provider is None:
        return
    _note_failure()
    if st.user.get("is_logged_in") is True and not st.session_state.get(_TAKEN_UP):
        st.session_state[_TAKEN_UP] = True
        try:
            _enter(services().identities.recognise(st.user.to_dict(), auth.ip()))
        except PostwrightError as error:
            st.session_state[_REFUSED] = error
        else:
            st.rerun()
    if refused := st.session_state.pop(_REFUSED, None):  # said once: whatever is tried next has its own answer
        problem(refused)


def button() -> None:
    """Draw the way to the provider, where there is one."""
    provider = services().identities.provider
    if provider is None:
        return
    st.caption("or", text_alignment="center")
    if st.button(f"Continue with {plain(provider.name)}", icon=":material/login:", width="stretch", key="continue_with_provider"):
        st.login()


def _enter(found: Recognised) -> None:
    if found.owes_code:  # the provider stands in for the password only
        auth.ask_for_code(found.person_id)
    else:
        auth.welcome(found.person_id)
    if found.is_new:
        invitation.forget()  # it is accepted


def _note_failure() -> None:
    """Remember why somebody came back, and take the reason out of the address: it is over once it was read."""
    said = st.query_params.get(FAILURE)
    if said is None:
        return
    del st.query_params[FAILURE]
    if said in set(Failure):
        message, hint = _WORDS[Failure(said)]
        st.session_state[_REFUSED] = PostwrightError(message, hint=hint)
