"""The one place where the API checks a password: the same check, locks and words as the sign-in form."""

from __future__ import annotations

from core.accounts.access_tokens import TokenPair
from core.accounts.sign_in import SecondFactorNeeded
from core.api.callers import Stranger
from core.api.problems import Refusal
from core.errors import Denied

# Said for an unknown address, a wrong password or code, a locked account and a workspace they are not in alike.
_REFUSED = "These credentials can't be used."
_HINT = "Check all of them. After several tries you have to wait a little before the next one counts."


def signed_in(stranger: Stranger, email: str, password: str, code: str, workspace_id: int | None) -> TokenPair:
    """Return a pair of tokens for somebody who proves who they are.

    Args:
        stranger: Who asks.
        email: As sent.
        password: As sent.
        code: Of the second factor, or "".
        workspace_id: Where they want in; None for their first workspace.

    Raises:
        Refusal: 401, the same for every reason; only somebody with the right password is told that a code is missing.
    """
    services = stranger.services
    try:
        found = services.sign_in.attempt(email, password, stranger.ip, code=code)
        chosen = found.workspace_id if workspace_id is None else workspace_id
        return services.access_tokens.open(found.person_id, chosen, ip=stranger.ip, user_agent=stranger.user_agent)
    except SecondFactorNeeded as error:
        raise _refusal(error.message, "Send it as `code`.") from None
    except Denied:
        raise refused() from None


def refused() -> Refusal:
    """Return the one answer to credentials that can't be used."""
    return _refusal(_REFUSED, _HINT)


def _refusal(detail: str, hint: str) -> Refusal:
    return Refusal("unauthenticated", detail, hint=hint, headers={"WWW-Authenticate": 'Bearer realm="postwright"'})
