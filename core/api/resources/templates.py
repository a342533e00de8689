"""Templates: what is written. Each save that changes something makes a version that never changes again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, IdInPath, Line, Shown, Text
from core.api.paging import DEFAULT, Cursor, Limit, Page, cut, pack, place_of
from core.permissions import Permission
from core.templates.compiling.compiler import TemplateKind
from core.templates.library.models import TemplateVersion
from core.templates.library.names import checked_folder, checked_tags

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
    folder: str = Field(description="Where it lies; empty for no folder.", examples=["Newsletters"])
    tags: list[str] = Field(examples=[["spring"]])
    archived_at: datetime | None = Field(description="When it was put away; null while it is in use.")


class TemplateWithSource(TemplateShown):
    """A template with its newest version."""

    version_id: int = Field(description="Names this version for ever.", examples=[12])
    kind: TemplateKind = Field(description="What the source is written in.")
    source: str = Field(examples=[_EXAMPLE])
    links: list[str] = Field(description="Where its links lead.", examples=[["https://example.com/tea"]])
    fields: list[str] = Field(description="The merge fields it uses.", examples=[["contact.first_name"]])
    note: str = Field(description="What is to be remembered about this version.", examples=["Shorter"])


class VersionShown(Shown):
    """A version in a list."""

    id: int = Field(description="Names this version for ever.", examples=[12])
    number: int = Field(description="Its number in the template, from 1.", examples=[3])
    kind: TemplateKind
    note: str = Field(examples=["Shorter"])
    author: str = Field(description="What whoever saved it is called.", examples=["Ada"])
    created_at: datetime


class VersionWithSource(Shown):
    """A version with what it says."""

    id: int = Field(examples=[12])
    number: int = Field(examples=[3])
    kind: TemplateKind
    source: str = Field(examples=[_EXAMPLE])
    links: list[str] = Field(examples=[["https://example.com/tea"]])
    fields: list[str] = Field(examples=[["contact.first_name"]])
    note: str = Field(examples=["Shorter"])
    created_at: datetime


class Source(Given):
    """A version to be saved."""

    source: Text = Field(examples=[_EXAMPLE])
    kind: TemplateKind | None = Field(None, description="Found out from the source if left out.")
    note: Line = Field("", description="What is to be remembered about this version.", examples=["Shorter"])


class NewTemplate(Source):
    """A template to be made."""

    name: Line = Field(description="Unique in the workspace.", examples=["Welcome"])
    folder: Line = Field("", description="Where it is put; empty for no folder.", examples=["Newsletters"])
    tags: list[Line] = Field(default_factory=list, max_length=100, examples=[["spring"]])


class TemplateChange(Given):
    """What is to be changed; what is left out stays."""

    name: Line | None = Field(None, examples=["Welcome"])
    folder: Line | None = Field(None, description="Empty takes it out of its folder.", examples=["Newsletters"])
    tags: list[Line] | None = Field(None, max_length=100, description="These and no others.", examples=[["spring"]])
    archived: bool | None = Field(None, description="Whether it is put away: offered nowhere, while what uses it goes on.")


class CopyName(Given):
    """What a copy is called."""

    name: Line = Field("", description="By default “Copy of …”.", examples=["Welcome, again"])


@router.get("", summary="List templates", openapi_extra=_VIEW)
def list_templates(
    caller: Asking,
    archived: Annotated[bool, Query(description="Those that were put away, and no others.")] = False,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Page[TemplateShown]:
    """Return the templates, the oldest first."""
    found = caller.services.templates.all(caller.by, archived=archived)
    return cut(found, limit, cursor, TemplateShown.model_validate, lambda one: one.id)


@router.post("", summary="Make a template", status_code=201, openapi_extra=_EDIT)
def make_template(caller: Asking, given: NewTemplate, response: Response) -> TemplateWithSource:
    """Make a template. Whether it can be sent is checked now: unknown merge fields and broken MJML are refused with their line."""
    place: dict[str, Any] = {"folder": given.folder, "tags": given.tags, "is_new": True}
    version = caller.services.templates.save(caller.by, given.name, given.source, kind=given.kind, note=given.note, **place)
    response.headers["Location"] = f"/api/v1/templates/{version.template_id}"
    return _with_source(caller, version)


@router.get("/{template_id}", summary="Get a template", openapi_extra=_VIEW)
def get_template(caller: Asking, template_id: IdInPath) -> TemplateWithSource:
    """Return a template with its newest version."""
    return _with_source(caller, caller.services.templates.latest(caller.by, template_id))


@router.put("/{template_id}", summary="Save a new version", openapi_extra=_EDIT)
def save_version(caller: Asking, template_id: IdInPath, given: Source) -> TemplateWithSource:
    """Save a new version. A source that is there already makes none; campaigns that were launched keep theirs."""
    templates = caller.services.templates
    return _with_source(caller, templates.save_version(caller.by, template_id, given.source, kind=given.kind, note=given.note))


@router.patch("/{template_id}", summary="Put a template in order", openapi_extra=_EDIT)
def change_template(caller: Asking, template_id: IdInPath, given: TemplateChange) -> TemplateShown:
    """Rename a template, move it to a folder, tag it, put it away or take it out again. A template is never deleted."""
    shelves, by = caller.services.template_shelves, caller.by
    changed = caller.services.templates.get(by, template_id)
    checked_folder(given.folder or "")  # before anything is changed: all of it is done, or nothing
    checked_tags(given.tags or ())
    if given.name is not None:
        changed = shelves.rename(by, template_id, given.name)
    if given.folder is not None:
        changed = shelves.move(by, template_id, given.folder)
    if given.tags is not None:
        changed = shelves.tag(by, template_id, given.tags)
    if given.archived is not None:
        changed = (shelves.archive if given.archived else shelves.unarchive)(by, template_id)
    return TemplateShown.model_validate(changed)


@router.post("/{template_id}/duplicate", summary="Copy a template", status_code=201, openapi_extra=_EDIT)
def duplicate_template(caller: Asking, template_id: IdInPath, given: CopyName, response: Response) -> TemplateWithSource:
    """Make a template that says what another says now."""
    made = caller.services.template_shelves.duplicate(caller.by, template_id, given.name)
    response.headers["Location"] = f"/api/v1/templates/{made.id}"
    return _with_source(caller, caller.services.templates.latest(caller.by, made.id))


@router.get("/{template_id}/versions", summary="List versions", openapi_extra=_VIEW)
def list_versions(caller: Asking, template_id: IdInPath, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[VersionShown]:
    """Return the versions of a template, the newest first."""
    found = caller.services.template_versions.page(caller.by, template_id, limit + 1, before=place_of(cursor))
    more = pack(found[limit - 1].number) if len(found) > limit else None
    return Page(data=[VersionShown.model_validate(one) for one in found[:limit]], next_cursor=more)


@router.get("/{template_id}/versions/{number}", summary="Get a version", openapi_extra=_VIEW)
def get_version(caller: Asking, template_id: IdInPath, number: IdInPath) -> VersionWithSource:
    """Return one version with what it says."""
    return VersionWithSource.model_validate(caller.services.template_versions.get(caller.by, template_id, number))


@router.post("/{template_id}/versions/{number}/restore", summary="Go back to a version", openapi_extra=_EDIT)
def restore_version(caller: Asking, template_id: IdInPath, number: IdInPath) -> TemplateWithSource:
    """Make what a version said the newest version. Every version stays, and campaigns that were launched keep theirs."""
    return _with_source(caller, caller.services.template_versions.restore(caller.by, template_id, number))


def _with_source(caller: Asking, version: TemplateVersion) -> TemplateWithSource:
    template = caller.services.templates.get(caller.by, version.template_id)
    shown: dict[str, Any] = {**vars(template), "version_id": version.id}
    return TemplateWithSource(**shown, **{name: getattr(version, name) for name in ("kind", "source", "links", "fields", "note")})
