"""Notes: what colleagues write about contacts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, IdInPath, Shown
from core.api.paging import DEFAULT, Cursor, Limit, Page, cut
from core.contacts.notes import MAX_TEXT
from core.permissions import Permission

router = APIRouter(tags=["Notes"], route_class=Door)
_VIEW, _EDIT = needs(Permission.CONTACTS_VIEW), needs(Permission.CONTACTS_EDIT)


class NoteShown(Shown):
    """A note."""

    id: int = Field(examples=[12])
    text: str = Field(examples=["Asked for the winter catalogue"])
    author: str = Field(description="Who wrote it; may be empty.", examples=["Grace"])
    created_at: datetime


class NewNote(Given):
    """A note to be written."""

    text: Annotated[str, Field(max_length=MAX_TEXT)] = Field(examples=["Asked for the winter catalogue"])


@router.get("/contacts/{contact_id}/notes", summary="List notes about a contact", openapi_extra=_VIEW)
def list_notes(caller: Asking, contact_id: IdInPath, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[NoteShown]:
    """Return the notes about a contact, the oldest first."""
    return cut(caller.services.notes.all(caller.by, contact_id), limit, cursor, NoteShown.model_validate, lambda one: one.id)


@router.post("/contacts/{contact_id}/notes", summary="Write a note about a contact", status_code=201, openapi_extra=_EDIT)
def add_note(caller: Asking, contact_id: IdInPath, given: NewNote) -> NoteShown:
    """Write a note about a contact."""
    return NoteShown.model_validate(caller.services.notes.add(caller.by, contact_id, given.text))


@router.delete("/notes/{note_id}", summary="Delete a note", status_code=204, openapi_extra=_EDIT)
def delete_note(caller: Asking, note_id: IdInPath) -> None:
    """Delete a note of your own."""
    caller.services.notes.delete(caller.by, note_id)
