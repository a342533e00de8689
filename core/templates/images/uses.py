"""What names a picture: found by its key, which is in its address and in nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from core.templates.tables import brand_kits, saved_blocks, template_drafts, template_variants, template_versions, templates


@dataclass(frozen=True)
class Use:
    """Something that names a picture.

    Args:
        kind: “the template”, “the brand kit”, “the saved block”.
        name: What it is called.
        id: Its number.
    """

    kind: str
    name: str
    id: int


def uses_of(connection: sa.Connection, workspace_id: int, key: str) -> list[Use]:
    """Return what names a picture, each once: any version of a template counts, for a sent email may be made of it."""
    found = sa.union(_of_templates(workspace_id, key), _of_brands(workspace_id, key), _of_blocks(workspace_id, key)).subquery()
    rows = connection.execute(sa.select(found.c.kind, found.c.name, found.c.id).order_by(found.c.kind, found.c.name))
    return [Use(*row) for row in rows]


def _of_templates(workspace_id: int, key: str) -> sa.Select[tuple[str, str, int]]:
    version, variant, draft = template_versions.c, template_variants.c, template_drafts.c
    own_version = sa.and_(variant.version_id == version.id, variant.workspace_id == workspace_id)
    in_version = sa.or_(version.source.contains(key), version.html.contains(key))
    in_variant = sa.or_(variant.source.contains(key), variant.html.contains(key))
    naming = (
        sa.select(version.template_id).where(version.workspace_id == workspace_id, in_version),
        sa.select(version.template_id).join(template_variants, own_version).where(version.workspace_id == workspace_id, in_variant),
        sa.select(draft.template_id).where(draft.workspace_id == workspace_id, draft.source.contains(key)),
    )
    is_named = sa.or_(*(templates.c.id.in_(each) for each in naming))
    return _use("the template", templates).where(templates.c.workspace_id == workspace_id, is_named)


def _of_brands(workspace_id: int, key: str) -> sa.Select[tuple[str, str, int]]:
    return _use("the brand kit", brand_kits).where(
        brand_kits.c.workspace_id == workspace_id, sa.cast(brand_kits.c.content, sa.Text).contains(key)
    )


def _of_blocks(workspace_id: int, key: str) -> sa.Select[tuple[str, str, int]]:
    return _use("the saved block", saved_blocks).where(
        saved_blocks.c.workspace_id == workspace_id, sa.cast(saved_blocks.c.content, sa.Text).contains(key)
    )


def _use(kind: str, table: sa.Table) -> sa.Select[tuple[str, str, int]]:
    return sa.select(sa.literal(kind).label("kind"), table.c.name, table.c.id)
