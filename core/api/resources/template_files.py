"""Template files: a template with its languages, pictures and brand kit, to be kept or taken to another workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from pydantic import Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import IdInPath, Shown
from core.api.uploads import A_FILE, Upload
from core.errors import InvalidInput
from core.permissions import Permission
from core.templates.exchange.brand import BrandChoice
from core.templates.exchange.files import LARGEST_FILE

router = APIRouter(prefix="/template-files", tags=["Template files"], route_class=Door)
_VIEW, _EDIT = needs(Permission.TEMPLATES_VIEW), needs(Permission.TEMPLATES_EDIT)
_LOAD = {**_EDIT, **A_FILE}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {kind: {} for kind in ("application/json", "application/zip")}}
}

FileName = Annotated[str, Query(max_length=255, description="What the file is called; MJML and HTML are named after it.")]
Name = Annotated[str, Query(max_length=200, description="What the template is called; by default what the file says.")]
Brand = Annotated[
    BrandChoice,
    Query(
        description="`here`: it wears the brand kit here that says the same as the one in the file, or else the default. "
        "`new`: where none says the same, one is made. `colours`: it keeps the colours it was made with."
    ),
]


class TemplateLoaded(Shown):
    """A template that was made of a file."""

    id: int = Field(description="The template.", examples=[5])
    version_id: int = Field(description="Its first version.", examples=[12])
    brand_kit_id: int | None = Field(description="The brand kit it wears that the file named; null where it wears the default.")
    brand_kit_made: bool = Field(description="Whether that kit was made for it.")


@router.post("", summary="Make a template of a file", status_code=201, openapi_extra=_LOAD)
def load_template(
    caller: Asking, upload: Upload, response: Response, file_name: FileName = "", name: Name = "", brand: Brand = BrandChoice.HERE
) -> TemplateLoaded:
    """Make a template of an exported file, or of MJML or HTML; what can't be used is refused with the reason."""
    loaded = caller.services.template_exchange.load(caller.by, _read(upload), file_name, name=name, brand=brand)
    response.headers["Location"] = f"/api/v1/templates/{loaded.template_id}"
    kit = loaded.kit.id if loaded.kit else None
    shown: dict[str, Any] = {"id": loaded.template_id, "version_id": loaded.version.id}
    return TemplateLoaded(**shown, brand_kit_id=kit, brand_kit_made=loaded.made is not None)


@router.get("/{template_id}", summary="Get a template as a file", openapi_extra=_VIEW, responses=_FILE, response_class=Response)
def export_template(caller: Asking, template_id: IdInPath) -> Response:
    """Return a template's newest version as one file: JSON, or a ZIP where it shows pictures of this workspace."""
    found = caller.services.template_exchange.export(caller.by, template_id)
    headers = {"Content-Disposition": f"attachment; filename*=utf-8''{quote(found.name)}"}
    return Response(found.data, media_type=found.media_type, headers=headers)


def _read(upload: Path) -> bytes:
    if upload.stat().st_size > LARGEST_FILE:
        raise InvalidInput(f"The file is larger than {LARGEST_FILE // 1_000_000} MB.", hint="Export the template again.")
    return upload.read_bytes()
