"""Privacy: what people ask about their data, and erasing them; all about a person comes as a file, from the page or the command line."""

from __future__ import annotations

from datetime import date, datetime

from fastapi import APIRouter
from pydantic import Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, IdInPath, Line, Shown, Text
from core.api.paging import DEFAULT, Cursor, Limit, Page, cut
from core.permissions import Permission
from core.privacy.due import Law, RequestKind
from core.privacy.requests import RequestState

router = APIRouter(prefix="/privacy", tags=["Privacy"], route_class=Door)
_MANAGE = needs(Permission.PRIVACY_MANAGE)
_MOST = 10_000


class PrivacyRequestShown(Shown):
    """What somebody asked for."""

    id: int = Field(examples=[3])
    kind: RequestKind
    law: Law
    email: str = Field(description="Empty once they are erased.", examples=["ada@example.com"])
    contact_id: int | None
    notes: str
    received_on: date
    due_on: date = Field(description="The last day on which they must have an answer.")
    days_left: int = Field(description="Below 0 is overdue.")
    extended_because: str = Field(description="Why it takes longer; empty where it does not.")
    state: RequestState
    exported_at: datetime | None
    erased_at: datetime | None
    closed_at: datetime | None


class NewPrivacyRequest(Given):
    """What somebody asks for."""

    email: Line = Field(examples=["ada@example.com"])
    kind: RequestKind
    law: Law = Law.GDPR
    received_on: date | None = Field(None, description="The day it came in, from which the time runs; today if left out.")
    notes: Text = ""


class Extension(Given):
    """Why it takes longer."""

    because: Line = Field(examples=["Their data is spread over several systems."])


class Closing(Given):
    """What became of it."""

    refused: bool = Field(False, description="Whether it was refused.")


class ErasureShown(Shown):
    """How far an erasure is."""

    id: int = Field(examples=[2])
    contact_id: int | None
    is_done: bool = Field(description="Whether files and events are done, too; the profile goes at once.")
    counts: dict[str, int] = Field(description="What went, by where it was.")
    created_at: datetime
    finished_at: datetime | None


class NewErasure(Given):
    """Who is to be erased."""

    email: Line = Field(examples=["ada@example.com"])
    confirm: Line = Field(description="The address once more: it can’t be undone.", examples=["ada@example.com"])


@router.get("/requests", summary="List what people ask about their data", openapi_extra=_MANAGE)
def list_privacy_requests(caller: Asking, limit: Limit = DEFAULT, cursor: Cursor = None, closed: bool = False) -> Page[PrivacyRequestShown]:
    """Return requests that wait for an answer, or those that are answered."""
    found = caller.services.privacy_requests.page(caller.by, is_open=not closed, limit=_MOST).rows
    return cut(found, limit, cursor, PrivacyRequestShown.model_validate, lambda request: request.id)


@router.post("/requests", summary="Enter a request", status_code=201, openapi_extra=_MANAGE)
def open_privacy_request(caller: Asking, given: NewPrivacyRequest) -> PrivacyRequestShown:
    """Enter what somebody asks about their data, whether they are a contact or not."""
    register = caller.services.privacy_requests
    opened = register.open(caller.by, given.email, given.kind, given.law, received_on=given.received_on, notes=given.notes)
    return PrivacyRequestShown.model_validate(opened)


@router.get("/requests/{privacy_request_id}", summary="Get a request", openapi_extra=_MANAGE)
def get_privacy_request(caller: Asking, privacy_request_id: IdInPath) -> PrivacyRequestShown:
    """Return one request."""
    return PrivacyRequestShown.model_validate(caller.services.privacy_requests.get(caller.by, privacy_request_id))


@router.post("/requests/{privacy_request_id}/extend", summary="Take longer", openapi_extra=_MANAGE)
def extend_privacy_request(caller: Asking, privacy_request_id: IdInPath, given: Extension) -> PrivacyRequestShown:
    """Note that it takes longer and that they were told why: once, before it is due, where the law allows it."""
    extended = caller.services.privacy_requests.extend(caller.by, privacy_request_id, given.because)
    return PrivacyRequestShown.model_validate(extended)


@router.post("/requests/{privacy_request_id}/close", summary="Close a request", openapi_extra=_MANAGE)
def close_privacy_request(caller: Asking, privacy_request_id: IdInPath, given: Closing) -> PrivacyRequestShown:
    """Note that they have an answer."""
    state = RequestState.REFUSED if given.refused else RequestState.DONE
    return PrivacyRequestShown.model_validate(caller.services.privacy_requests.close(caller.by, privacy_request_id, state))


@router.post("/erasures", summary="Erase somebody", status_code=202, openapi_extra=_MANAGE)
def erase(caller: Asking, given: NewErasure) -> ErasureShown:
    """Erase somebody for good: the profile at once, events, emails and files within minutes."""
    return ErasureShown.model_validate(caller.services.erasures.erase(caller.by, given.email, confirmed=given.confirm))


@router.get("/erasures/{erasure_id}", summary="See how far an erasure is", openapi_extra=_MANAGE)
def get_erasure(caller: Asking, erasure_id: IdInPath) -> ErasureShown:
    """Return what went so far."""
    return ErasureShown.model_validate(caller.services.erasures.get(caller.by, erasure_id))
