"""The people of the workspace."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from core.accounts.people import Person
from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, Id, IdInPath, Line, Shown
from core.api.paging import DEFAULT, Cursor, Limit, Page, cut
from core.permissions import Permission

router = APIRouter(prefix="/people", tags=["People"], route_class=Door)
_MANAGE = needs(Permission.PEOPLE_MANAGE)


class PersonShown(Shown):
    """Somebody who can sign in to this workspace."""

    id: int = Field(examples=[2])
    email: str = Field(examples=["grace@example.com"])
    name: str = Field(examples=["Grace Hopper"])
    role: str = Field(description="“admin”, “marketer”, “analyst”, or “custom-7” for a role of your own.", examples=["marketer"])
    role_name: str = Field(examples=["Marketer"])
    lists: list[int] | None = Field(description="The only lists whose contacts they see; null for all.")
    disabled_at: datetime | None = Field(description="Since when they are kept out; null while they are in.")
    last_seen_at: datetime | None


class SignedOut(Shown):
    """What was ended."""

    sessions: int = Field(description="How many sessions there were.", examples=[2])


class PersonChange(Given):
    """What is to be changed; what is left out stays."""

    role: Line | None = Field(None, description="The key of their new role.", examples=["analyst"])
    list_ids: list[Id] | None = Field(None, max_length=1_000, description="The only lists whose contacts they may see; null for all.")
    disabled: bool | None = Field(None, description="true keeps them out and ends their sessions, false lets them in again.")


@router.get("", summary="List people", openapi_extra=_MANAGE)
def list_people(caller: Asking, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[PersonShown]:
    """Return everybody who can sign in to this workspace, and who is kept out of it."""
    return cut(caller.services.people.all(caller.by), limit, cursor, _shown, lambda person: person.id)


@router.get("/{person_id}", summary="Get a person", openapi_extra=_MANAGE)
def get_person(caller: Asking, person_id: IdInPath) -> PersonShown:
    """Return one person of the workspace."""
    return _shown(caller.services.people.get(caller.by, person_id))


@router.patch("/{person_id}", summary="Change what a person may do", openapi_extra=_MANAGE)
def change_person(caller: Asking, person_id: IdInPath, given: PersonChange) -> PersonShown:
    """Give somebody another role or other lists, keep them out, or let them in again; it counts from their next click."""
    people, by, named = caller.services.people, caller.by, given.named()
    if given.role is not None:
        people.set_role(by, person_id, given.role)
    if "list_ids" in named:
        people.set_lists(by, person_id, given.list_ids)
    if given.disabled is not None:
        (people.disable if given.disabled else people.enable)(by, person_id)
    return _shown(people.get(by, person_id))


@router.post("/{person_id}/sign-out", summary="Sign a person out", openapi_extra=_MANAGE)
def sign_person_out(caller: Asking, person_id: IdInPath) -> SignedOut:
    """End all of somebody's sessions in this workspace; they can sign in again. API tokens stay."""
    return SignedOut(sessions=caller.services.people.sign_out(caller.by, person_id))


def _shown(person: Person) -> PersonShown:
    names = ("id", "email", "name", "role", "role_name", "disabled_at", "last_seen_at")
    lists = None if person.lists is None else sorted(person.lists)
    return PersonShown(lists=lists, **{name: getattr(person, name) for name in names})
