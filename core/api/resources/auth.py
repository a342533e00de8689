"""Signing in without a browser: tokens for a password, new ones for old ones, and the end of them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Response
from pydantic import Field

from core.accounts.access_tokens import TokenPair
from core.api.callers import Knocking
from core.api.door import EVERYBODY, Door
from core.api.fields import Given, Id, Line, Shown
from core.api.passwords import refused, signed_in

router = APIRouter(prefix="/auth", tags=["Sign-in"], route_class=Door)


class PasswordGrant(Given):
    """A password for tokens."""

    grant_type: Literal["password"]
    email: Line = Field(examples=["ada@example.com"])
    password: Line = Field(examples=["correct horse battery"], json_schema_extra={"format": "password"})
    code: Annotated[str, Field(max_length=64)] = Field("", description="Of the authenticator app, or a recovery code, where one is set up.")
    workspace_id: Id | None = Field(None, description="Where to; your first workspace if left out.")


class RefreshGrant(Given):
    """A refresh token for the next pair."""

    grant_type: Literal["refresh_token"]
    refresh_token: Line


class Revocation(Given):
    """A refresh token whose session is to end."""

    refresh_token: Line


class Tokens(Shown):
    """Two tokens."""

    access_token: str = Field(description="A JWT for `Authorization: Bearer …`.")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: int = Field(description="Seconds until the access token ends.", examples=[900])
    refresh_token: str = Field(description="Good once, for the next pair.")
    workspace_id: int = Field(description="The workspace both are for.")


@router.post("/token", summary="Get tokens", openapi_extra=EVERYBODY)
def get_tokens(
    stranger: Knocking, given: Annotated[PasswordGrant | RefreshGrant, Body(discriminator="grant_type")], response: Response
) -> Tokens:
    """Exchange a password, or a refresh token, for an access token of 15 minutes and a refresh token.

    A refresh token is good once. One that comes twice has been stolen from somebody, so its session ends. For programs that run
    unattended an API token is simpler. Idempotency keys don't count here.
    """
    response.headers["Cache-Control"] = "no-store"
    if isinstance(given, PasswordGrant):
        return _shown(signed_in(stranger, given.email, given.password, given.code, given.workspace_id))
    pair = stranger.services.access_tokens.refresh(given.refresh_token)
    if pair is None:
        raise refused()
    return _shown(pair)


@router.post("/revoke", summary="End a session", status_code=204, openapi_extra=EVERYBODY)
def revoke(stranger: Knocking, given: Revocation) -> None:
    """End the session of a refresh token; its access tokens end with it. A token that is unknown is not an error (RFC 7009)."""
    stranger.services.access_tokens.revoke(given.refresh_token)


def _shown(pair: TokenPair) -> Tokens:
    return Tokens.model_validate(pair)
