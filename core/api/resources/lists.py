"""Lists: contacts put together by hand."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, IdInPath, Line
from core.api.paging import DEFAULT, Cursor, Limit, Page, cut
from core.api.resources.groups import GroupName, GroupShown, People, PeopleAdded
from core.errors import NotFound
from core.permissions import Permission

router = APIRouter(prefix="/lists", tags=["Lists"], route_class=Door)
_VIEW, _EDIT = needs(Permission.CONTACTS_VIEW), needs(Permission.CONTACTS_EDIT)


class ListShown(GroupShown):
    """A list."""

    double_opt_in: bool = Field(description="Whether whoever is to join is asked by mail first.")
    from_email: str = Field(description="Who that mail is from; may be empty.", examples=["news@example.com"])
    from_name: str = Field(examples=["The newsletter"])


class ListChange(Given):
    """What is to be changed; what is left out stays."""

    name: Line | None = Field(None, examples=["Newsletter"])
    double_opt_in: bool | None = Field(None, description="Whether whoever is to join is asked by mail first; needs `from_email`.")
    from_email: Line | None = Field(None, description="Who the mail that asks is from.", examples=["news@example.com"])
    from_name: Line | None = Field(None, examples=["The newsletter"])


class Members(People):
    """Contacts to be put on a list."""

    consent_held: bool = Field(False, description="Say true only if you can show that they agreed; else a list may ask them by mail first.")


@router.get("", summary="List lists", openapi_extra=_VIEW)
def list_lists(caller: Asking, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[ListShown]:
    """Return the lists, the oldest first."""
    return cut(caller.services.lists.all(caller.by), limit, cursor, ListShown.model_validate, lambda one: one.id)


@router.post("", summary="Make a list", status_code=201, openapi_extra=_EDIT)
def make_list(caller: Asking, given: GroupName, response: Response) -> ListShown:
    """Make an empty list."""
    made = caller.services.lists.create(caller.by, given.name)
    response.headers["Location"] = f"/api/v1/lists/{made.id}"
    return ListShown.model_validate(made)


@router.get("/{list_id}", summary="Get a list", openapi_extra=_VIEW)
def get_list(caller: Asking, list_id: IdInPath) -> ListShown:
    """Return a list."""
    return ListShown.model_validate(caller.services.lists.get(caller.by, list_id))


@router.patch("/{list_id}", summary="Change a list", openapi_extra=_EDIT)
def change_list(caller: Asking, list_id: IdInPath, given: ListChange) -> ListShown:
    """Give a list another name, or say whether it asks by mail first."""
    lists, by = caller.services.lists, caller.by
    known = lists.get(by, list_id)
    settings = {name: getattr(known, name) for name in ("double_opt_in", "from_email", "from_name")}
    wanted = settings | {name: value for name, value in given.named().items() if name in settings and value is not None}
    if wanted != settings:
        lists.set_opt_in(by, list_id, **wanted)
    if given.name is not None:
        lists.rename(by, list_id, given.name)
    return ListShown.model_validate(lists.get(by, list_id))


@router.delete("/{list_id}", summary="Delete a list", status_code=204, openapi_extra=_EDIT)
def delete_list(caller: Asking, list_id: IdInPath) -> None:
    """Delete a list; the people on it stay."""
    caller.services.lists.delete(caller.by, list_id)


@router.post("/{list_id}/contacts", summary="Put contacts on a list", openapi_extra=_EDIT)
def add_contacts(caller: Asking, list_id: IdInPath, given: Members) -> PeopleAdded:
    """Put contacts on a list; who is on it stays, and ids nobody has are passed over.

    Whoever left it of their own will is not put back. A list with double opt-in asks them by mail instead.
    """
    added = caller.services.lists.add(caller.by, list_id, given.contact_ids, consent_held=given.consent_held)
    return PeopleAdded(added=added)


@router.delete("/{list_id}/contacts/{contact_id}", summary="Take a contact off a list", status_code=204, openapi_extra=_EDIT)
def remove_contact(caller: Asking, list_id: IdInPath, contact_id: IdInPath) -> None:
    """Take a contact off a list; the contact stays."""
    if not caller.services.lists.remove(caller.by, list_id, [contact_id]):
        raise NotFound("This contact is not on the list.")
