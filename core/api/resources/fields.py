"""Fields: what is kept about contacts besides address and name."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, Line, Shown
from core.contacts.attributes import MAX_NAME, AttributeType
from core.contacts.fields import CustomField
from core.permissions import Permission

router = APIRouter(prefix="/fields", tags=["Fields"], route_class=Door)
_VIEW, _EDIT = needs(Permission.CONTACTS_VIEW), needs(Permission.CONTACTS_EDIT)

NameInPath = Annotated[str, Path(pattern=r"^[a-z0-9_]+$", max_length=MAX_NAME, examples=["shoe_size"])]


class FieldShown(Shown):
    """A field."""

    name: str = Field(description="What templates and rules call it; never changes.", examples=["shoe_size"])
    label: str = Field(examples=["Shoe size"])
    type: AttributeType
    description: str
    created_at: datetime


class FieldsShown(Shown):
    """All fields."""

    data: list[FieldShown]


class NewField(Given):
    """A field to be added."""

    label: Line = Field(description="Its name is made of this.", examples=["Shoe size"])
    type: AttributeType = AttributeType.TEXT
    description: Line = ""


class FieldChange(Given):
    """What is to be changed; what is left out stays."""

    label: Line | None = Field(None, examples=["Shoe size"])
    type: AttributeType | None = Field(None, description="Only if every value fits it.")
    description: Line | None = None


@router.get("", summary="List fields", openapi_extra=_VIEW)
def list_fields(caller: Asking) -> FieldsShown:
    """Return the fields, by label; a workspace has at most a hundred."""
    return FieldsShown(data=[_shown(one) for one in caller.services.fields.all(caller.by)])


@router.post("", summary="Add a field", status_code=201, openapi_extra=_EDIT)
def add_field(caller: Asking, given: NewField, response: Response) -> FieldShown:
    """Add a field."""
    made = caller.services.fields.add(caller.by, given.label, given.type, given.description)
    response.headers["Location"] = f"/api/v1/fields/{made.name}"
    return _shown(made)


@router.get("/{field}", summary="Get a field", openapi_extra=_VIEW)
def get_field(caller: Asking, field: NameInPath) -> FieldShown:
    """Return a field."""
    return _shown(caller.services.fields.get(caller.by, field))


@router.patch("/{field}", summary="Change a field", openapi_extra=_EDIT)
def change_field(caller: Asking, field: NameInPath, given: FieldChange) -> FieldShown:
    """Change a field’s label, description or type; its name stays."""
    fields, by = caller.services.fields, caller.by
    known = fields.get(by, field)
    if given.type is not None:
        fields.retype(by, field, given.type)
    label = known.label if given.label is None else given.label
    return _shown(fields.describe(by, field, label, known.description if given.description is None else given.description))


@router.delete("/{field}", summary="Delete a field", status_code=204, openapi_extra=_EDIT)
def delete_field(caller: Asking, field: NameInPath) -> None:
    """Delete a field with everybody’s values. One that a segment asks for stays."""
    caller.services.fields.delete(caller.by, field)


def _shown(one: CustomField) -> FieldShown:
    return FieldShown.model_validate(one)
