"""Lists: contacts put together by hand."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, Id, IdInPath, Line, Shown
from core.api.paging import DEFAULT, Cursor, Limit, Page, cut
from core.errors import NotFound
from core.permissions import Permission

router = APIRouter(prefix="/lists", tags=["Lists"], route_class=Door)
_VIEW, _EDIT = needs(Permission.CONTACTS_VIEW), needs(Permission.CONTACTS_EDIT)
MOST_AT_ONCE = 1_000


class ListShown(Shown):
    """A list."""

    id: int = Field(examples=[4])
    name: str = Field(examples=["Newsletter"])
    size: int = Field(description="How many people are on it.", examples=[1_204])
    created_at: datetime


class ListName(Given):
    """What a list is called."""

    name: Line = Field(examples=["Newsletter"])


class Members(Given):
    """Contacts to be put on a list."""

    contact_ids: list[Id] = Field(min_length=1, max_length=MOST_AT_ONCE, examples=[[7, 8]])


class Added(Shown):
    """How many joined."""

    added: int = Field(description="How many were not on the list before; unknown ids are passed over.", examples=[2])


@router.get("", summary="List lists", openapi_extra=_VIEW)
def list_lists(caller: Asking, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[ListShown]:
    """Return the lists, the oldest first."""
    return cut(caller.services.lists.all(caller.by), limit, cursor, ListShown.model_validate, lambda one: one.id)


@router.post("", summary="Make a list", status_code=201, openapi_extra=_EDIT)
def make_list(caller: Asking, given: ListName, response: Response) -> ListShown:
    """Make an empty list."""
    made = caller.services.lists.create(caller.by, given.name)
    response.headers["Location"] = f"/api/v1/lists/{made.id}"
    return ListShown.model_validate(made)


@router.get("/{list_id}", summary="Get a list", openapi_extra=_VIEW)
def get_list(caller: Asking, list_id: IdInPath) -> ListShown:
    """Return a list."""
    return ListShown.model_validate(caller.services.lists.get(caller.by, list_id))


@router.patch("/{list_id}", summary="Rename a list", openapi_extra=_EDIT)
def rename_list(caller: Asking, list_id: IdInPath, given: ListName) -> ListShown:
    """Give a list another name."""
    return ListShown.model_validate(caller.services.lists.rename(caller.by, list_id, given.name))


@router.delete("/{list_id}", summary="Delete a list", status_code=204, openapi_extra=_EDIT)
def delete_list(caller: Asking, list_id: IdInPath) -> None:
    """Delete a list; the people on it stay."""
    caller.services.lists.delete(caller.by, list_id)


@router.post("/{list_id}/contacts", summary="Put contacts on a list", openapi_extra=_EDIT)
def add_contacts(caller: Asking, list_id: IdInPath, given: Members) -> Added:
    """Put contacts on a list; who is on it stays, and ids nobody has are passed over."""
    return Added(added=caller.services.lists.add(caller.by, list_id, given.contact_ids))


@router.delete("/{list_id}/contacts/{contact_id}", summary="Take a contact off a list", status_code=204, openapi_extra=_EDIT)
def remove_contact(caller: Asking, list_id: IdInPath, contact_id: IdInPath) -> None:
    """Take a contact off a list; the contact stays."""
    if not caller.services.lists.remove(caller.by, list_id, [contact_id]):
        raise NotFound("This contact is not on the list.")
