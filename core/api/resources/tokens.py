"""API tokens."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import Field

from core.accounts.api_tokens import DEFAULT_PER_MINUTE, GRANTABLE, LONGEST_LIFE_DAYS, MOST_PER_MINUTE, ApiToken
from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, IdInPath, Line, Shown
from core.api.paging import DEFAULT, Cursor, Limit, Page, cut
from core.permissions import Permission

router = APIRouter(prefix="/tokens", tags=["API tokens"], route_class=Door)
_MANAGE = needs(Permission.TOKENS_MANAGE)


class TokenShown(Shown):
    """An API token, without its secret."""

    id: int = Field(examples=[3])
    name: str = Field(examples=["Shop"])
    person_id: int = Field(description="For whom it acts.", examples=[1])
    person_name: str = Field(examples=["Ada Lovelace"])
    scopes: list[Permission] = Field(description="What it may do at most; what counts is what its person may do as well.")
    requests_per_minute: int = Field(examples=[600])
    created_at: datetime
    expires_at: datetime | None = Field(description="When it ends by itself; null for never.")
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenMade(TokenShown):
    """A new API token with its secret, which is shown this once."""

    token: str = Field(description="For `Authorization: Bearer …`. Keep it now: nobody can read it again.", examples=["pw_3_…"])


class NewToken(Given):
    """A token to be made."""

    name: Line = Field(description="What uses it.", examples=["Shop"])
    scopes: list[Permission] = Field(
        min_length=1,
        max_length=len(GRANTABLE),
        description="What it may do; no more than you may.",
        examples=[["contacts.view", "contacts.edit"]],
    )
    expires_in_days: int | None = Field(None, ge=1, le=LONGEST_LIFE_DAYS, description="null for never.", examples=[90])
    requests_per_minute: int = Field(DEFAULT_PER_MINUTE, ge=1, le=MOST_PER_MINUTE)


@router.get("", summary="List tokens", openapi_extra=_MANAGE)
def list_tokens(caller: Asking, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[TokenShown]:
    """Return the workspace's tokens, everybody's; revoked ones are left out."""
    return cut(caller.services.api_tokens.all(caller.by), limit, cursor, _shown, lambda token: token.id)


@router.post("", summary="Make a token", status_code=201, openapi_extra=_MANAGE)
def make_token(caller: Asking, given: NewToken, response: Response) -> TokenMade:
    """Make a token that acts for you. Its text is in this answer and nowhere else."""
    made, text = caller.services.api_tokens.create(
        caller.by, given.name, given.scopes, expires_in_days=given.expires_in_days, requests_per_minute=given.requests_per_minute
    )
    response.headers["Location"] = f"/api/v1/tokens/{made.id}"
    return TokenMade(token=text, **_shown(made).model_dump())


@router.get("/{token_id}", summary="Get a token", openapi_extra=_MANAGE)
def get_token(caller: Asking, token_id: IdInPath) -> TokenShown:
    """Return a token without its secret, also a revoked one."""
    return _shown(caller.services.api_tokens.get(caller.by, token_id))


@router.delete("/{token_id}", summary="Revoke a token", status_code=204, openapi_extra=_MANAGE)
def revoke_token(caller: Asking, token_id: IdInPath) -> None:
    """End a token at once."""
    caller.services.api_tokens.revoke(caller.by, token_id)


def _shown(token: ApiToken) -> TokenShown:
    return TokenShown.model_validate({**vars(token), "scopes": sorted(token.scopes)})
