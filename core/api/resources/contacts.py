"""Contacts: the people written to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, Id, IdInPath, IdInQuery, Line, Shown
from core.api.paging import DEFAULT, Cursor, Limit, Page, page_of, place_of
from core.contacts.choosing import Choice
from core.contacts.consent.consent import ConsentStatus
from core.contacts.lookup import Contact
from core.errors import Conflict
from core.permissions import Permission

router = APIRouter(prefix="/contacts", tags=["Contacts"], route_class=Door)
_EXPORT = needs(Permission.CONTACTS_EXPORT)
_PARQUET = "application/vnd.apache.parquet"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_VIEW, _EDIT = needs(Permission.CONTACTS_VIEW), needs(Permission.CONTACTS_EDIT)

Value = str | bool | int | float | None
Name = Annotated[str, Field(min_length=1, max_length=2_000)]
Attributes = Annotated[dict[str, Value], Field(max_length=200)]


class ContactShown(Shown):
    """Somebody who is written to."""

    id: int = Field(examples=[7])
    email: str = Field(examples=["grace@example.com"])
    first_name: str = Field(examples=["Grace"])
    last_name: str = Field(examples=["Hopper"])
    attributes: dict[str, Any] = Field(
        description="Declared attributes: text, numbers, booleans, ISO dates.", examples=[{"city": "Hamburg"}]
    )
    consent: ConsentStatus = Field(description="Only the subscribed get campaigns.")
    created_at: datetime
    updated_at: datetime


class NewContact(Given):
    """A contact to be made."""

    email: Line = Field(examples=["grace@example.com"])
    first_name: Line = Field("", examples=["Grace"])
    last_name: Line = Field("", examples=["Hopper"])
    attributes: Attributes = Field(default={}, description="New names are declared by their first value.", examples=[{"city": "Hamburg"}])
    list_ids: list[Id] = Field(default=[], max_length=100, description="Lists to be put on.")
    consent: ConsentStatus = Field(ConsentStatus.UNKNOWN, description="What they agreed to. Say “subscribed” only if they did.")
    consent_held: bool = Field(False, description="Say true only if you can show that they agreed; else lists may ask by mail first.")


class ContactChange(Given):
    """What is to be changed; what is left out stays, and so does a value given as null or empty."""

    first_name: Name | None = Field(None, examples=["Grace"])
    last_name: Name | None = Field(None, examples=["Hopper"])
    attributes: Attributes | None = Field(None, description="Values by name; others stay.", examples=[{"city": "Hamburg"}])
    list_ids: list[Id] | None = Field(None, max_length=100, description="Lists to be put on as well.")
    consent: Literal["subscribed", "unsubscribed"] | None = Field(None, description="“subscribed” is put on record as told by you.")


@router.get("", summary="List contacts", openapi_extra=_VIEW)
def list_contacts(
    caller: Asking,
    search: Annotated[str, Query(max_length=200, description="Part of the address or a name.", examples=["grace"])] = "",
    list_id: IdInQuery = None,
    consent: Annotated[ConsentStatus | None, Query(description="Only people who stand so.")] = None,
    tag_id: IdInQuery = None,
    suppressed: Annotated[bool | None, Query(description="Only those whose address is suppressed, or only the others.")] = None,
    source: Annotated[str, Query(max_length=100, description="Where they came from.", examples=["import", "form:3"])] = "",
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Page[ContactShown]:
    """Return contacts, the newest first."""
    choice = Choice(search, list_id, tag_id, consent, suppressed, source)
    found = caller.services.directory.before(caller.by, place_of(cursor), limit + 1, choice)
    return page_of(found, limit, lambda row: _shown(row.contact), lambda row: (row.contact.id,))


@router.post("", summary="Make a contact", status_code=201, openapi_extra=_EDIT)
def make_contact(caller: Asking, given: NewContact, response: Response) -> ContactShown:
    """Make a contact. An address that is known already is refused: change that contact instead."""
    contacts, by = caller.services.contacts, caller.by
    if contacts.find(by, given.email) is not None:
        raise Conflict("There is a contact with this address already.", hint="Find it with `search` and change it.")
    made = contacts.save(by, given.email, source="api", **(_named(given) | {"consent": given.consent}))
    response.headers["Location"] = f"/api/v1/contacts/{made.id}"
    return _shown(made)


_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file, sent while it is read.", "content": {kind: {} for kind in ("text/csv", _PARQUET, _XLSX)}}
}


@router.get("/export", summary="Export contacts", response_class=StreamingResponse, responses=_FILE, openapi_extra=_EXPORT)
def export_contacts(
    caller: Asking,
    format: Annotated[Literal["csv", "parquet", "xlsx"], Query(description="How people are written.")] = "csv",
    columns: Annotated[
        str,
        Query(max_length=10_000, description="Keys of columns, separated by commas; the usual ones if empty.", examples=["email,lists"]),
    ] = "",
    list_id: IdInQuery = None,
    segment_id: IdInQuery = None,
    tag_id: IdInQuery = None,
    search: Annotated[str, Query(max_length=200, description="Part of the address or a name.", examples=["grace"])] = "",
    consent: Annotated[ConsentStatus | None, Query(description="Only people who stand so.")] = None,
) -> StreamingResponse:
    """Return contacts as a file, the oldest first. A CSV of this kind can be imported again and changes nobody."""
    services, by = caller.services, caller.by
    ids = None if segment_id is None else services.segments.contact_ids(by, services.segments.get(by, segment_id).rules)
    names = [name.strip() for name in columns.split(",") if name.strip()]
    choice = Choice(search.strip(), list_id, tag_id, consent)
    found = services.exports.stream(by, format=format, columns=names, contact_ids=ids, choice=choice)
    headers = {"Content-Disposition": f'attachment; filename="contacts.{format}"', "X-Accel-Buffering": "no"}
    return StreamingResponse(found.pieces, media_type=found.media_type, headers=headers)


@router.get("/{contact_id}", summary="Get a contact", openapi_extra=_VIEW)
def get_contact(caller: Asking, contact_id: IdInPath) -> ContactShown:
    """Return a contact."""
    return _shown(caller.services.contacts.get(caller.by, contact_id))


@router.patch("/{contact_id}", summary="Change a contact", openapi_extra=_EDIT)
def change_contact(caller: Asking, contact_id: IdInPath, given: ContactChange) -> ContactShown:
    """Change a contact. The address stays: it is what they agreed with."""
    contacts, by = caller.services.contacts, caller.by
    known = contacts.get(by, contact_id)
    # Without a word about consent a save keeps what is on record, as it does for “subscribed”: that is given by name below.
    withdrawn = ConsentStatus.UNSUBSCRIBED if given.consent == "unsubscribed" else ConsentStatus.SUBSCRIBED
    contacts.save(by, known.email, source="api", **(_named(given) | {"consent": withdrawn}))
    if given.consent == "subscribed":
        caller.services.consent.give(by, contact_id, "api")
    return _shown(contacts.get(by, contact_id))


@router.delete("/{contact_id}", summary="Delete a contact", status_code=204, openapi_extra=_EDIT)
def delete_contact(caller: Asking, contact_id: IdInPath) -> None:
    """Delete a contact. The address of somebody who had unsubscribed is kept from being written to again."""
    caller.services.contacts.delete(caller.by, contact_id)


def _named(given: NewContact | ContactChange) -> dict[str, Any]:
    """Return what was sent in the words of `Contacts.save`; null keeps what is there."""
    names = ("first_name", "last_name", "attributes", "list_ids", "consent_held")
    return {name: value for name, value in given.named().items() if name in names and value is not None}


def _shown(contact: Contact) -> ContactShown:
    attributes: Mapping[str, Any] = contact.attributes
    return ContactShown.model_construct(**{**vars(contact), "attributes": dict(attributes)})
