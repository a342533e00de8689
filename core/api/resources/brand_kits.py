"""Brand kits: how emails look. Templates of blocks follow when theirs changes."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, IdInPath, Line, Shown
from core.api.paging import DEFAULT, Cursor, Limit, Page, cut
from core.permissions import Permission
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


class BrandKitSaved(BrandKitShown):
    """A brand kit that was kept, and what became of the templates that wear it."""

    template_ids: list[int] = Field(description="The templates that got a new version in the new look.", examples=[[5]])
    kept: list[TemplateKept] = Field(description="The templates that keep the version they have.")


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


@router.put("/{kit_id}", summary="Change a brand kit", openapi_extra=_EDIT)
def change_brand_kit(caller: Asking, kit_id: IdInPath, given: BrandKitGiven) -> BrandKitSaved:
    """Change a brand kit. Templates that wear it get a new version; campaigns that were launched keep theirs."""
    saved = caller.services.brand_kits.save(caller.by, given.name, given.brand, kit_id)
    kept = [TemplateKept.model_validate(one) for one in saved.restyled.kept]
    shown = BrandKitShown.model_validate(saved.kit)
    return BrandKitSaved(**dict(shown), template_ids=list(saved.restyled.changed), kept=kept)
