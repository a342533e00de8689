"""Brand kits: how emails look. Templates of blocks follow when theirs changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, IdInPath, Line, Shown
from core.api.paging import DEFAULT, Cursor, Limit, Page, cut
from core.errors import NotFound
from core.permissions import Permission
from core.templates.brands.reading import BrandKit
from core.templates.brands.restyling import Restyled
from core.templates.look.brand import Brand

router = APIRouter(prefix="/brand-kits", tags=["Brand kits"], route_class=Door)
_VIEW, _EDIT = needs(Permission.TEMPLATES_VIEW), needs(Permission.TEMPLATES_EDIT)
_EXAMPLE = {"colours": {"primary": "#0a7d4f"}, "heading_font": "georgia", "senders": [{"name": "Shop", "email": "news@example.com"}]}


class BrandKitShown(Shown):
    """A brand kit."""

    id: int = Field(examples=[3])
    name: str = Field(examples=["Shop"])
    is_default: bool = Field(description="Whether templates that choose no kit wear it.")
    brand: Brand
    updated_at: datetime


class TemplateKept(Shown):
    """A template that can't be written in the new look."""

    template_id: int = Field(examples=[5])
    name: str = Field(examples=["Welcome"])
    reason: str


class Followed(Shown):
    """What became of the templates whose look was changed."""

    template_ids: list[int] = Field(description="The templates that got a new version in the new look.", examples=[[5]])
    kept: list[TemplateKept] = Field(description="The templates that keep the version they have.")
    waiting: int = Field(description="How many are still to be written: where there are many, the worker goes on.", examples=[0])


class BrandKitSaved(BrandKitShown, Followed):
    """A brand kit that was kept, and what became of the templates that wear it."""


class WearerShown(Shown):
    """A template that wears a brand kit."""

    template_id: int = Field(examples=[5])
    name: str = Field(examples=["Welcome"])
    is_chosen: bool = Field(description="Whether it has chosen this kit; else it wears it for being the default.")
    is_due: bool = Field(description="Whether it has still to be written in the look the kit has now.")
    problem: str = Field(
        description="Why it can’t be written in that look and keeps the version it has; empty where it can.", examples=[""]
    )


class BrandKitGiven(Given):
    """A brand kit to be kept."""

    name: Line = Field(description="Unique in the workspace.", examples=["Shop"])
    brand: Brand = Field(description="All of it: what is left out becomes what it is in a new kit.", examples=[_EXAMPLE])


@router.get("", summary="List brand kits", openapi_extra=_VIEW)
def list_brand_kits(caller: Asking, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[BrandKitShown]:
    """Return the brand kits, the oldest first."""
    return cut(caller.services.brand_kits.all(caller.by), limit, cursor, BrandKitShown.model_validate, lambda one: one.id)


@router.get("/{kit_id}", summary="Get a brand kit", openapi_extra=_VIEW)
def get_brand_kit(caller: Asking, kit_id: IdInPath) -> BrandKitShown:
    """Return a brand kit."""
    return BrandKitShown.model_validate(caller.services.brand_kits.get(caller.by, kit_id))


@router.post("", summary="Make a brand kit", status_code=201, openapi_extra=_EDIT)
def make_brand_kit(caller: Asking, given: BrandKitGiven, response: Response) -> BrandKitSaved:
    """Make a brand kit. The first one is the default: templates that choose none wear it at once."""
    saved = caller.services.brand_kits.save(caller.by, given.name, given.brand)
    response.headers["Location"] = f"/api/v1/brand-kits/{saved.kit.id}"
    return _saved(saved.kit, saved.restyled)


@router.put("/{kit_id}", summary="Change a brand kit", openapi_extra=_EDIT)
def change_brand_kit(caller: Asking, kit_id: IdInPath, given: BrandKitGiven) -> BrandKitSaved:
    """Change a brand kit. Templates that wear it get a new version; campaigns that were launched keep theirs."""
    saved = caller.services.brand_kits.save(caller.by, given.name, given.brand, kit_id)
    return _saved(saved.kit, saved.restyled)


@router.post("/{kit_id}/default", summary="Make a brand kit the default", openapi_extra=_EDIT)
def make_default_brand_kit(caller: Asking, kit_id: IdInPath) -> BrandKitSaved:
    """Let the templates that choose no kit wear this one from now on."""
    restyled = caller.services.brand_kits.make_default(caller.by, kit_id)
    return _saved(caller.services.brand_kits.get(caller.by, kit_id), restyled)


@router.delete("/{kit_id}", summary="Delete a brand kit", status_code=204, openapi_extra=_EDIT)
def delete_brand_kit(caller: Asking, kit_id: IdInPath) -> None:
    """Delete a brand kit that no template has chosen; the default goes last. Emails keep the look they have."""
    caller.services.brand_kits.delete(caller.by, kit_id)


@router.get("/{kit_id}/templates", summary="List the templates that wear a brand kit", openapi_extra=_VIEW)
def list_wearers(caller: Asking, kit_id: IdInPath, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[WearerShown]:
    """Return the templates that wear a brand kit, the oldest first, and which of them have still to follow its last change."""
    return cut(
        caller.services.brand_kits.where_used(caller.by, kit_id), limit, cursor, WearerShown.model_validate, lambda one: one.template_id
    )


@router.put("/{kit_id}/templates/{template_id}", summary="Put a brand kit on a template", openapi_extra=_EDIT)
def wear_brand_kit(caller: Asking, kit_id: IdInPath, template_id: IdInPath) -> Followed:
    """Let a template wear a brand kit, which gives it a new version where that looks different."""
    return Followed(**_followed(caller.services.brand_kits.wear(caller.by, template_id, kit_id)))


@router.delete("/{kit_id}/templates/{template_id}", summary="Take a brand kit off a template", status_code=204, openapi_extra=_EDIT)
def take_off_brand_kit(caller: Asking, kit_id: IdInPath, template_id: IdInPath) -> None:
    """Let a template that has chosen a brand kit wear the default again."""
    if caller.services.brand_kits.chosen_for(caller.by, template_id) != kit_id:
        raise NotFound("This template has not chosen this brand kit.", hint="Look at which templates have.")
    caller.services.brand_kits.wear(caller.by, template_id, None)


def _saved(kit: BrandKit, restyled: Restyled) -> BrandKitSaved:
    return BrandKitSaved(**dict(BrandKitShown.model_validate(kit)), **_followed(restyled))


def _followed(restyled: Restyled) -> dict[str, Any]:
    kept = [TemplateKept.model_validate(one) for one in restyled.kept]
    return {"template_ids": list(restyled.changed), "kept": kept, "waiting": restyled.waiting}
