"""Sign-up forms: what they ask for, their addresses, and how many came in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, Id, IdInPath, Line, Shown, Text
from core.api.paging import DEFAULT, Cursor, Limit, Page, cut
from core.contacts.forms import MOST_DAYS, SignUpForm
from core.contacts.hosted.design import MOST_FIELDS, MOST_LISTS, MOST_SITES, FormDesign, FormField
from core.permissions import Permission

router = APIRouter(prefix="/forms", tags=["Forms"], route_class=Door)
_VIEW, _EDIT = needs(Permission.CONTACTS_VIEW), needs(Permission.CONTACTS_EDIT)


class FieldOfForm(Given):
    """One thing a form asks for, besides the address."""

    name: Line = Field(description="`first_name`, `last_name` or a field of your contacts.", examples=["city"])
    label: Line = Field("", description="What stands above it; empty for its name.", examples=["Where do you live?"])
    is_required: bool = Field(False, description="Whether nothing is sent without it.")


class FormShown(Shown):
    """A form."""

    id: int = Field(examples=[3])
    name: str = Field(description="What your team calls it.", examples=["Footer of the shop"])
    state: str = Field(description="`live` or `paused`.", examples=["live"])
    url: str = Field(description="Where people find it.", examples=["https://mail.example.com/f/x5Zq…"])
    received: int = Field(description="How many submissions, ever.", examples=[310])
    wording_version: int = Field(description="The version of what people agree to.", examples=[1])
    title: str
    wording: str
    list_ids: list[int]
    choices: list[int]
    intro: str
    fields: list[FieldOfForm]
    email_label: str
    asks_consent: bool
    button: str
    thanks: str
    redirect_url: str
    language: str
    accent: str
    sites: list[str]
    double_opt_in: bool
    allows_plain: bool
    created_at: datetime
    updated_at: datetime


class FormChange(Given):
    """What a form is made of; what is left out stays."""

    name: Line = Field("", description="What your team calls it.", examples=["Footer of the shop"])
    title: Line = Field("", description="Its heading.", examples=["Get our newsletter"])
    wording: Text = Field("", description="What people agree to, word for word.", examples=["I agree to get marketing email from Acme."])
    list_ids: list[Id] = Field([], max_length=MOST_LISTS, description="The lists everybody gets onto.", examples=[[4]])
    choices: list[Id] = Field([], max_length=MOST_LISTS, description="The lists people may choose from.", examples=[[5]])
    intro: Text = Field("", description="A text under the heading.")
    fields: list[FieldOfForm] = Field([], max_length=MOST_FIELDS, description="What it asks for, besides the address.")
    email_label: Line = Field("", description="What stands above the address; empty for the usual word.")
    asks_consent: bool = Field(True, description="Whether the wording has a box to tick; else it stands above the button.")
    button: Line = Field("", description="What stands on the button; empty for the usual word.")
    thanks: Text = Field("", description="What people read afterwards; empty for the usual words.")
    redirect_url: Line = Field("", description="Where people are led afterwards in place of that.")
    language: Literal["en", "de", "fr", "es"] = Field("en", description="The language of the usual words.")
    accent: Line = Field("#4f46e5", description="The colour of its button.", examples=["#0f766e"])
    sites: list[Line] = Field([], max_length=MOST_SITES, description="The sites that may show it in a frame.")
    double_opt_in: bool = Field(True, description="Whether the address is asked by mail before it counts.")
    allows_plain: bool = Field(False, description="Whether a form of your own HTML may be sent to it.")


class NewForm(FormChange):
    """A form to be made."""

    name: Line = Field(description="What your team calls it.", examples=["Footer of the shop"])
    title: Line = Field(description="Its heading.", examples=["Get our newsletter"])
    wording: Text = Field(description="What people agree to, word for word.", examples=["I agree to get marketing email from Acme."])


class DayOfForm(Shown):
    """A day, in the workspace's time zone."""

    day: date
    received: int = Field(description="How many submissions came in.", examples=[12])


@router.get("", summary="List sign-up forms", openapi_extra=_VIEW)
def list_forms(caller: Asking, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[FormShown]:
    """Return the forms, the oldest first."""
    found = sorted(caller.services.forms.all(caller.by), key=lambda one: one.id)
    return cut(found, limit, cursor, lambda one: _shown(caller, one), lambda one: one.id)


@router.post("", summary="Make a sign-up form", status_code=201, openapi_extra=_EDIT)
def make_form(caller: Asking, given: NewForm, response: Response) -> FormShown:
    """Make a form; it takes people at once."""
    made = caller.services.forms.create(caller.by, given.name, _design(FormDesign("", ""), given))
    response.headers["Location"] = f"/api/v1/forms/{made.id}"
    return _shown(caller, made)


@router.get("/{form_id}", summary="Get a sign-up form", openapi_extra=_VIEW)
def get_form(caller: Asking, form_id: IdInPath) -> FormShown:
    """Return a form."""
    return _shown(caller, caller.services.forms.get(caller.by, form_id))


@router.patch("/{form_id}", summary="Change a sign-up form", openapi_extra=_EDIT)
def change_form(caller: Asking, form_id: IdInPath, given: FormChange) -> FormShown:
    """Change a form; other words to agree to are a new version of them, and earlier consents keep theirs."""
    known = caller.services.forms.get(caller.by, form_id)
    name = given.name if "name" in given.model_fields_set else known.name
    return _shown(caller, caller.services.forms.update(caller.by, form_id, name, _design(known.form.design, given)))


@router.post("/{form_id}/pause", summary="Pause a sign-up form", openapi_extra=_EDIT)
def pause_form(caller: Asking, form_id: IdInPath) -> FormShown:
    """Let a form take nobody until it is resumed."""
    caller.services.forms.pause(caller.by, form_id)
    return _shown(caller, caller.services.forms.get(caller.by, form_id))


@router.post("/{form_id}/resume", summary="Resume a sign-up form", openapi_extra=_EDIT)
def resume_form(caller: Asking, form_id: IdInPath) -> FormShown:
    """Let a form take people again."""
    caller.services.forms.resume(caller.by, form_id)
    return _shown(caller, caller.services.forms.get(caller.by, form_id))


@router.delete("/{form_id}", summary="Delete a sign-up form", status_code=204, openapi_extra=_EDIT)
def delete_form(caller: Asking, form_id: IdInPath) -> None:
    """Take a form away; who signed up by it stays."""
    caller.services.forms.delete(caller.by, form_id)


@router.get("/{form_id}/days", summary="Count sign-ups per day", openapi_extra=_VIEW)
def count_days(caller: Asking, form_id: IdInPath, days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 30) -> list[DayOfForm]:
    """Return how many submissions came in on each of the last days, today last."""
    found = caller.services.forms.received(caller.by, form_id, days)
    return [DayOfForm(day=day, received=number) for day, number in found.items()]


def _design(known: FormDesign, given: FormChange) -> FormDesign:
    """Return a design with what was sent in place of what was known."""
    sent: dict[str, Any] = {name: value for name, value in given.named().items() if name != "name"}
    if "fields" in sent:
        sent["fields"] = tuple(FormField(one.name, one.label, is_required=one.is_required) for one in given.fields)
    return FormDesign(**vars(known) | {name: tuple(value) if isinstance(value, list) else value for name, value in sent.items()})


def _shown(caller: Asking, one: SignUpForm) -> FormShown:
    known = {name: list(value) if isinstance(value, tuple) else value for name, value in vars(one.form.design).items()}
    known["fields"] = [FieldOfForm(name=each.name, label=each.label, is_required=each.is_required) for each in one.form.design.fields]
    url = f"{caller.services.settings.public_url.rstrip('/')}/f/{one.form.key}"
    known |= {"id": one.id, "name": one.name, "created_at": one.created_at, "updated_at": one.updated_at, "received": one.received}
    known |= {"state": one.form.state.value, "url": url, "wording_version": one.form.wording_version}
    return FormShown.model_validate(known)
