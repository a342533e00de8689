"""Pictures: what emails show. An upload is the picture itself, or a form with it; it is made anew for email, and public by its address."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from core.api.callers import Asking, Caller
from core.api.door import Door, needs
from core.api.fields import Given, IdInPath, Line, Shown
from core.api.paging import DEFAULT, Cursor, Limit, Page, page_of, place_of
from core.api.uploads import A_FILE_OR_FORM, Upload, UploadName
from core.errors import InvalidInput
from core.permissions import Permission
from core.templates.images.decoding import MAX_BYTES
from core.templates.images.picture import Picture, without_ending

router = APIRouter(prefix="/pictures", tags=["Pictures"], route_class=Door)
_VIEW, _EDIT = needs(Permission.TEMPLATES_VIEW), needs(Permission.TEMPLATES_EDIT)
_FILE = {**_EDIT, **A_FILE_OR_FORM}

Name = Annotated[str, Query(max_length=255, description="What it is called; by default as the file of a form is.", examples=["lake.jpg"])]
Alt = Annotated[str, Query(max_length=2_000, description="What it shows, for those who don’t see it.", examples=["A lake in summer"])]
Width = Annotated[int, Query(ge=16, le=2_400, description="The widest it is kept, in pixels.")]


class PictureShown(Shown):
    """A picture."""

    id: int = Field(examples=[7])
    name: str = Field(examples=["lake"])
    alt: str = Field(description="What it shows, for those who don’t see it.", examples=["A lake in summer"])
    url: str = Field(description="Where everybody sees it; for the `src` of an image.")
    media_type: str = Field(description="`image/jpeg`, `image/png` or `image/gif`, whatever was sent.", examples=["image/jpeg"])
    width: int = Field(examples=[1200])
    height: int = Field(examples=[800])
    size: int = Field(description="In bytes.", examples=[148_213])
    created_at: datetime


class PictureChange(Given):
    """What is to be changed; what is left out stays."""

    name: Line | None = Field(None, examples=["The lake"])
    alt: Line | None = Field(None, examples=["A lake in summer"])


@router.get("", summary="List pictures", openapi_extra=_VIEW)
def list_pictures(caller: Asking, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[PictureShown]:
    """Return the pictures, the oldest first."""
    found = caller.services.pictures.after(caller.by, place_of(cursor) or 0, limit + 1)
    return page_of(found, limit, lambda one: _shown(caller, one), lambda one: (one.id,))


@router.post("", summary="Upload a picture", status_code=201, openapi_extra=_FILE)
def upload_picture(
    caller: Asking, upload: Upload, called: UploadName, response: Response, name: Name = "", alt: Alt = "", max_width: Width = 1_200
) -> PictureShown:
    """Take a picture in: JPEG, PNG, GIF, WebP, AVIF, HEIC, TIFF or BMP, up to 10 MB. One that is there already is returned as it is.

    The body is the picture itself, or a form with it as its one file (`multipart/form-data`).
    """
    name = name or without_ending(called)[:200] or "picture"
    added = caller.services.pictures.add(caller.by, _read(upload), name, alt, max_width)
    response.headers["Location"] = f"/api/v1/pictures/{added.id}"
    return _shown(caller, added)


@router.get("/{picture_id}", summary="Get a picture", openapi_extra=_VIEW)
def get_picture(caller: Asking, picture_id: IdInPath) -> PictureShown:
    """Return what is known of a picture; the picture itself is at its `url`."""
    return _shown(caller, caller.services.pictures.get(caller.by, picture_id))


@router.patch("/{picture_id}", summary="Change a picture’s words", openapi_extra=_EDIT)
def change_picture(caller: Asking, picture_id: IdInPath, given: PictureChange) -> PictureShown:
    """Give a picture another name, or say what it shows; emails that name it already keep the words they have."""
    known = caller.services.pictures.get(caller.by, picture_id)
    name, alt = (old if new is None else new for old, new in ((known.name, given.name), (known.alt, given.alt)))
    return _shown(caller, caller.services.pictures.describe(caller.by, picture_id, name, alt))


@router.delete("/{picture_id}", summary="Delete a picture", status_code=204, openapi_extra=_EDIT)
def delete_picture(caller: Asking, picture_id: IdInPath) -> None:
    """Delete a picture that no template, draft, saved block or brand kit names."""
    caller.services.pictures.delete(caller.by, picture_id)


def _read(upload: Path) -> bytes:
    if upload.stat().st_size > MAX_BYTES:
        raise InvalidInput(f"This picture is larger than {MAX_BYTES >> 20} MB.", hint="Make it smaller, and upload that.")
    return upload.read_bytes()


def _shown(caller: Caller, one: Picture) -> PictureShown:
    return PictureShown(url=caller.services.pictures.url_of(one), **{name: getattr(one, name) for name in _PLAIN})


_PLAIN = tuple(name for name in PictureShown.model_fields if name != "url")
