"""Suppressions: addresses nobody may write to, whatever list they are on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, Line, Shown
from core.api.paging import DEFAULT, Cursor, Limit, Page, page_of, place_of
from core.contacts.suppression.suppression import Suppression, SuppressionReason
from core.errors import NotFound
from core.permissions import Permission

router = APIRouter(prefix="/suppressions", tags=["Suppressions"], route_class=Door)
_VIEW, _EDIT = needs(Permission.CONTACTS_VIEW), needs(Permission.CONTACTS_EDIT)
MOST_AT_ONCE = 1_000

Address = Annotated[str, Path(min_length=1, max_length=320, examples=["grace@example.com"])]


class SuppressionShown(Shown):
    """An address nobody may write to."""

    email: str = Field(examples=["grace@example.com"])
    reason: SuppressionReason
    source: str = Field(description="What led to it.", examples=["message:12"])
    created_at: datetime
    is_everywhere: bool = Field(description="Whether the whole installation may not write to it.")


class NewSuppressions(Given):
    """Addresses to be suppressed."""

    emails: list[Line] = Field(min_length=1, max_length=MOST_AT_ONCE, examples=[["grace@example.com"]])
    source: Line = Field("api", description="Where they come from, in words.", examples=["asked by letter"])


class RefusedAddress(Shown):
    """An address that can't be used."""

    position: int = Field(description="Its place in what was sent, from 1.")
    reason: str


class SuppressedNow(Shown):
    """What became of them."""

    added: int = Field(description="How many were not suppressed before.", examples=[1])
    refused: list[RefusedAddress] = Field(description="The first 100 that can't be addresses.")


@router.get("", summary="List suppressed addresses", openapi_extra=_VIEW)
def list_suppressions(
    caller: Asking,
    search: Annotated[str, Query(max_length=200, description="Part of the address.", examples=["grace"])] = "",
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Page[SuppressionShown]:
    """Return the suppressed addresses of the workspace, the newest first."""
    found = caller.services.suppressions.before(caller.by, place_of(cursor), limit + 1, search=search)
    return page_of(found, limit, SuppressionShown.model_validate, lambda one: (one.id,))


@router.post("", summary="Suppress addresses", openapi_extra=_EDIT)
def suppress(caller: Asking, given: NewSuppressions) -> SuppressedNow:
    """Suppress addresses; one that is suppressed already keeps its reason."""
    # As one reads a pasted list: a heading, then an address a line; what separates columns there can stand in no address.
    text = "\n".join(["email", *(one.replace(",", " ") for one in given.emails)])
    pasted = caller.services.suppressions.add_all(caller.by, text, given.source)
    refused = [RefusedAddress(position=line - 1, reason=why) for line, why in pasted.refused]
    return SuppressedNow(added=pasted.added, refused=refused)


@router.get("/{email}", summary="Look an address up", openapi_extra=_VIEW)
def get_suppression(caller: Asking, email: Address) -> SuppressionShown:
    """Return why and since when an address is suppressed, by the workspace or for the whole installation."""
    return SuppressionShown.model_validate(_found(caller.services.suppressions.find(caller.by, email)))


@router.delete("/{email}", summary="Lift a suppression", status_code=204, openapi_extra=_EDIT)
def lift_suppression(caller: Asking, email: Address) -> None:
    """Let campaigns reach an address again, as far as its person agreed. Think twice about complaints."""
    caller.services.suppressions.remove(caller.by, email)


def _found(one: Suppression | None) -> Suppression:
    if one is None:
        raise NotFound("This address is not suppressed.")
    return one
