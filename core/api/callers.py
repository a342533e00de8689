"""Who asks: the bearer token of a request becomes the principal its services are called with. There are no cookies here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from core.accounts.api_tokens import PREFIX
from core.accounts.throttles import place
from core.api.problems import Refusal
from core.api.rates import PER_ADDRESS, PER_SESSION, Rates, Standing
from core.app import Services
from core.permissions import Principal

_LONGEST_TOKEN = 2048


@dataclass(frozen=True)
class Caller:
    """Who asks, and what answers them.

    Args:
        by: For every service call.
        services: Everything the product can do.
        standing: How many requests they have left.
    """

    by: Principal
    services: Services
    standing: Standing


@dataclass(frozen=True)
class Stranger:
    """Somebody who has not shown who they are, at the few doors that are open to everybody.

    Args:
        services: Everything the product can do.
        standing: How many requests their address has left.
        ip: Where they are.
        user_agent: What they came with.
    """

    services: Services
    standing: Standing
    ip: str
    user_agent: str


def admit(services: Services, rates: Rates, request: Request) -> Caller:
    """Return who sent a request, and count it.

    Raises:
        Refusal: 401 without a good token, 429 for one request too many.
    """
    ip = address_of(request)
    found = _principal(services, request.headers.get("authorization", ""), ip)
    if found is None:
        rates.count(f"ip:{place(ip)}", PER_ADDRESS).require()
        raise _unauthenticated("authorization" in request.headers)
    by, per_minute = found
    standing = rates.count(by.via, per_minute)
    standing.require()
    return Caller(by, services, standing)


def admit_stranger(services: Services, rates: Rates, request: Request) -> Stranger:
    """Return somebody at a door that is open to everybody, and count their request by their address.

    Raises:
        Refusal: 429 for one request too many.
    """
    ip = address_of(request)
    standing = rates.count(f"ip:{place(ip)}", PER_ADDRESS)
    standing.require()
    return Stranger(services, standing, ip, request.headers.get("user-agent", ""))


def address_of(request: Request) -> str:
    """Return the network address a request came from."""
    return request.client.host if request.client else ""


async def caller(request: Request) -> Caller:
    """Return who sent a request, as the door found out."""
    found: Caller = request.state.caller
    return found


async def stranger(request: Request) -> Stranger:
    """Return who knocked at a door that is open to everybody."""
    found: Stranger = request.state.caller
    return found


Asking = Annotated[Caller, Depends(caller)]
Knocking = Annotated[Stranger, Depends(stranger)]


def _principal(services: Services, header: str, ip: str) -> tuple[Principal, int] | None:
    scheme, _, token = header.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > _LONGEST_TOKEN:
        return None
    if token.startswith(f"{PREFIX}_"):
        return services.api_tokens.resolve(token, origin=ip)
    by = services.access_tokens.resolve(token, origin=ip)
    return None if by is None else (by, PER_SESSION)


def _unauthenticated(brought_one: bool) -> Refusal:
    challenge = 'Bearer realm="postwright"' + (', error="invalid_token"' if brought_one else "")
    detail = "This token is unknown, over or revoked." if brought_one else "This needs a token."
    hint = "Make one under Admin → API tokens, and send it as `Authorization: Bearer pw_…`."
    return Refusal("unauthenticated", detail, hint=hint, headers={"WWW-Authenticate": challenge})
