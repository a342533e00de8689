"""Seed addresses: mailboxes of one's own that tests go to."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, IdInPath, Line, Shown
from core.api.paging import DEFAULT, Cursor, Limit, Page, cut
from core.permissions import Permission

router = APIRouter(prefix="/seed-addresses", tags=["Seed addresses"], route_class=Door)
_SEND = needs(Permission.CAMPAIGNS_SEND)


class SeedAddressShown(Shown):
    """A mailbox that tests go to."""

    id: int = Field(examples=[2])
    email: str = Field(examples=["tests.outlook@example.com"])
    label: str = Field(description="What is read there, in words; may be empty.", examples=["Outlook on Windows"])
    created_at: datetime


class NewSeedAddress(Given):
    """An address for the list."""

    email: Line = Field(examples=["tests.outlook@example.com"])
    label: Line = Field("", examples=["Outlook on Windows"])


@router.get("", summary="List seed addresses", openapi_extra=_SEND)
def list_seed_addresses(caller: Asking, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[SeedAddressShown]:
    """Return the seed addresses, in the order they were added."""
    return cut(caller.services.seed_addresses.all(caller.by), limit, cursor, SeedAddressShown.model_validate, lambda one: one.id)


@router.post("", summary="Add a seed address", status_code=201, openapi_extra=_SEND)
def add_seed_address(caller: Asking, given: NewSeedAddress) -> SeedAddressShown:
    """Put an address on the list: the app offers all of it where a test is sent, and a test sent here goes to it with `seeds`."""
    return SeedAddressShown.model_validate(caller.services.seed_addresses.add(caller.by, given.email, given.label))


@router.delete("/{seed_id}", summary="Remove a seed address", status_code=204, openapi_extra=_SEND)
def remove_seed_address(caller: Asking, seed_id: IdInPath) -> None:
    """Take an address off the list."""
    caller.services.seed_addresses.remove(caller.by, seed_id)
