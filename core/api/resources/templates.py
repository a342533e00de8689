"""Templates: what is written. Each save that changes something makes a version that never changes again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, IdInPath, Line, Shown, Text
from core.api.paging import DEFAULT, Cursor, Limit, Page, cut
from core.errors import Conflict, NotFound
from core.permissions import Permission, Principal
from core.templates.compiling import TemplateKind
from core.templates.library import Templates, TemplateVersion

router = APIRouter(prefix="/templates", tags=["Templates"], route_class=Door)
_VIEW, _EDIT = needs(Permission.TEMPLATES_VIEW), needs(Permission.TEMPLATES_EDIT)
_EXAMPLE = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>Hello {{ contact.first_name }}</mj-text></mj-column></mj-section></mj-body></mjml>"
)


class TemplateShown(Shown):
    """A template in a list."""

    id: int = Field(examples=[5])
    name: str = Field(examples=["Welcome"])
    latest_number: int = Field(description="The number of its newest version, from 1.", examples=[3])
    updated_at: datetime


class TemplateWithSource(TemplateShown):
    """A template with its newest version."""

    version_id: int = Field(description="Names this version for ever.", examples=[12])
    kind: TemplateKind = Field(description="What the source is written in.")
    source: str = Field(examples=[_EXAMPLE])
    links: list[str] = Field(description="Where its links lead.", examples=[["https://example.com/tea"]])
    fields: list[str] = Field(description="The merge fields it uses.", examples=[["contact.first_name"]])


class Source(Given):
    """A version to be saved."""

    source: Text = Field(examples=[_EXAMPLE])
    kind: TemplateKind | None = Field(None, description="Found out from the source if left out.")


class NewTemplate(Source):
    """A template to be made."""

    name: Line = Field(description="Unique in the workspace.", examples=["Welcome"])


@router.get("", summary="List templates", openapi_extra=_VIEW)
def list_templates(caller: Asking, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[TemplateShown]:
    """Return the templates, the oldest first."""
    return cut(caller.services.templates.all(caller.by), limit, cursor, TemplateShown.model_validate, lambda one: one.id)


@router.post("", summary="Make a template", status_code=201, openapi_extra=_EDIT)
def make_template(caller: Asking, given: NewTemplate, response: Response) -> TemplateWithSource:
    """Make a template. Whether it can be sent is checked now: unknown merge fields and broken MJML are refused with their line."""
    templates, by = caller.services.templates, caller.by
    if _is_taken(templates, by, given.name):
        raise Conflict("There is a template of this name already.", hint="Save a new version of it with PUT.")
    version = templates.save(by, given.name, given.source, kind=given.kind)
    response.headers["Location"] = f"/api/v1/templates/{version.template_id}"
    return _with_source(caller, version)


@router.get("/{template_id}", summary="Get a template", openapi_extra=_VIEW)
def get_template(caller: Asking, template_id: IdInPath) -> TemplateWithSource:
    """Return a template with its newest version."""
    return _with_source(caller, caller.services.templates.latest(caller.by, template_id))


@router.put("/{template_id}", summary="Save a new version", openapi_extra=_EDIT)
def save_version(caller: Asking, template_id: IdInPath, given: Source) -> TemplateWithSource:
    """Save a new version. A source that is there already makes none; campaigns that were launched keep theirs."""
    templates, by = caller.services.templates, caller.by
    name = templates.get(by, template_id).name
    return _with_source(caller, templates.save(by, name, given.source, kind=given.kind))


def _is_taken(templates: Templates, by: Principal, name: str) -> bool:
    try:
        templates.by_name(by, " ".join(name.split()))
    except NotFound:
        return False
    return True


def _with_source(caller: Asking, version: TemplateVersion) -> TemplateWithSource:
    template = caller.services.templates.get(caller.by, version.template_id)
    shown: dict[str, Any] = {**vars(template), "version_id": version.id}
    return TemplateWithSource(**shown, **{name: getattr(version, name) for name in ("kind", "source", "links", "fields")})
