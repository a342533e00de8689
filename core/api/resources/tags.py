"""Tags: words put on contacts."""

from __future__ import annotations

from fastapi import APIRouter, Response

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import IdInPath
from core.api.paging import DEFAULT, Cursor, Limit, Page, cut
from core.api.resources.groups import GroupName, GroupShown, People, PeopleAdded
from core.errors import NotFound
from core.permissions import Permission

router = APIRouter(prefix="/tags", tags=["Tags"], route_class=Door)
_VIEW, _EDIT = needs(Permission.CONTACTS_VIEW), needs(Permission.CONTACTS_EDIT)


@router.get("", summary="List tags", openapi_extra=_VIEW)
def list_tags(caller: Asking, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[GroupShown]:
    """Return the tags, the oldest first."""
    return cut(caller.services.tags.all(caller.by), limit, cursor, GroupShown.model_validate, lambda one: one.id)


@router.post("", summary="Make a tag", status_code=201, openapi_extra=_EDIT)
def make_tag(caller: Asking, given: GroupName, response: Response) -> GroupShown:
    """Make a tag. Names that differ in case or spaces only are one."""
    made = caller.services.tags.create(caller.by, given.name)
    response.headers["Location"] = f"/api/v1/tags/{made.id}"
    return GroupShown.model_validate(made)


@router.get("/{tag_id}", summary="Get a tag", openapi_extra=_VIEW)
def get_tag(caller: Asking, tag_id: IdInPath) -> GroupShown:
    """Return a tag."""
    return GroupShown.model_validate(caller.services.tags.get(caller.by, tag_id))


@router.patch("/{tag_id}", summary="Rename a tag", openapi_extra=_EDIT)
def rename_tag(caller: Asking, tag_id: IdInPath, given: GroupName) -> GroupShown:
    """Give a tag another name; whoever has it keeps it."""
    return GroupShown.model_validate(caller.services.tags.rename(caller.by, tag_id, given.name))


@router.delete("/{tag_id}", summary="Delete a tag", status_code=204, openapi_extra=_EDIT)
def delete_tag(caller: Asking, tag_id: IdInPath) -> None:
    """Delete a tag; the people who had it stay."""
    caller.services.tags.delete(caller.by, tag_id)


@router.post("/{tag_id}/contacts", summary="Tag contacts", openapi_extra=_EDIT)
def tag_contacts(caller: Asking, tag_id: IdInPath, given: People) -> PeopleAdded:
    """Put a tag on contacts; who has it keeps it, and ids nobody has are passed over."""
    tag = caller.services.tags.get(caller.by, tag_id)
    return PeopleAdded(added=caller.services.tags.add(caller.by, given.contact_ids, tag.name))


@router.delete("/{tag_id}/contacts/{contact_id}", summary="Take a tag off a contact", status_code=204, openapi_extra=_EDIT)
def untag_contact(caller: Asking, tag_id: IdInPath, contact_id: IdInPath) -> None:
    """Take a tag off a contact."""
    if not caller.services.tags.remove(caller.by, [contact_id], tag_id):
        raise NotFound("This contact does not have the tag.")
