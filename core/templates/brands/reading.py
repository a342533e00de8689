"""A brand kit as it is kept, and what `brand.…` stands for in a template that wears it; light enough for whatever sends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.errors import NotFound
from core.storage.tables import workspaces
from core.templates.look.brand import Brand, read_brand
from core.templates.tables import brand_kits, templates


@dataclass(frozen=True)
class BrandKit:
    """How emails of one sender look, under a name.

    Args:
        id: Its number.
        name: Unique in the workspace; what `brand.name` stands for.
        is_default: Whether templates that choose none wear it.
        brand: The look.
        updated_by: Who changed it last.
        updated_at: When.
    """

    id: int
    name: str
    is_default: bool
    brand: Brand
    updated_by: str
    updated_at: datetime


def kits_of(workspace_id: int) -> sa.Select[Any]:
    """Return the statement that finds the kits of a workspace; for `as_kit`."""
    return sa.select(brand_kits).where(brand_kits.c.workspace_id == workspace_id)


def no_such_kit() -> NotFound:
    """Return the error for a kit this workspace does not have."""
    return NotFound("There is no such brand kit.", hint="Look under Brand for those that are there.")


def as_kit(row: sa.Row[Any]) -> BrandKit:
    """Return a row of `kits_of` as a kit."""
    return BrandKit(row.id, row.name, row.is_default, read_brand(row.content), row.updated_by, row.updated_at)


def brand_worn(connection: sa.Connection, workspace_id: int, kit_id: int | None) -> Brand:
    """Return the brand of a kit, or of the workspace's default where there is no such kit; plain where there is neither."""
    which = sa.or_(brand_kits.c.id == kit_id, brand_kits.c.is_default) if kit_id is not None else brand_kits.c.is_default
    found = kits_of(workspace_id).where(which).order_by(sa.case((brand_kits.c.id == kit_id, 0), else_=1)).limit(1)
    row = connection.execute(found).one_or_none()
    return as_kit(row).brand if row else Brand()


def brand_of_template(connection: sa.Connection, workspace_id: int, template_id: int) -> Brand:
    """Return the brand a template wears."""
    mine = (templates.c.workspace_id == workspace_id, templates.c.id == template_id)
    return brand_worn(connection, workspace_id, connection.execute(sa.select(templates.c.brand_kit_id).where(*mine)).scalar())


def brand_fields(connection: sa.Connection, workspace_id: int, template_id: int | None) -> dict[str, str]:
    """Return what `brand.…` stands for in a template, now; see `sender_fields`."""
    return sender_fields(connection, workspace_id, template_id)["brand"]


def sender_fields(connection: sa.Connection, workspace_id: int, template_id: int | None) -> dict[str, dict[str, str]]:
    """Return what `workspace.…` and `brand.…` stand for in a template, now.

    Args:
        connection: Reads.
        workspace_id: Whose template.
        template_id: The template; None for one that wears the default.
    """
    worn = sa.select(templates.c.brand_kit_id).where(templates.c.workspace_id == workspace_id, templates.c.id == template_id)
    chosen = brand_kits.c.id == worn.scalar_subquery()
    mine = sa.and_(brand_kits.c.workspace_id == workspaces.c.id, sa.or_(chosen, brand_kits.c.is_default))
    columns = (workspaces.c.name, workspaces.c.postal_address, brand_kits.c.name.label("kit"), brand_kits.c.content)
    statement = sa.select(*columns).select_from(workspaces.outerjoin(brand_kits, mine)).where(workspaces.c.id == workspace_id)
    row = connection.execute(statement.order_by(sa.case((chosen, 0), else_=1)).limit(1)).one()
    brand = read_brand(row.content) if row.kit else Brand()
    workspace = {"name": row.name, "postal_address": row.postal_address}
    return {"workspace": workspace, "brand": fields_of(row.kit or row.name, brand, row.postal_address)}


def fields_of(name: str, brand: Brand, postal_address: str) -> dict[str, str]:
    """Return what `brand.…` stands for; the names are those of `core.templates.jinja.fields.BRAND_FIELDS`.

    Args:
        name: What the brand is called.
        brand: The brand.
        postal_address: The workspace's, for a brand that has none of its own.
    """
    colours = brand.colours.model_dump()
    return {
        "name": name,
        "postal_address": brand.postal_address.strip() or postal_address,
        "legal": brand.legal,
        "logo_url": brand.logo.url,
        "logo_alt": brand.logo.alt,
        **{f"{colour}_colour": value for colour, value in colours.items()},
        "heading_font": brand.heading_font.stack,
        "body_font": brand.body_font.stack,
    }
