"""How templates and their versions are read."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from core.templates.tables import template_versions, templates


def versions_of(workspace_id: int) -> sa.Select[Any]:
    """Return the statement that reads the versions of a workspace's templates."""
    return sa.select(template_versions).where(template_versions.c.workspace_id == workspace_id)


def templates_of(workspace_id: int) -> sa.Select[Any]:
    """Return the statement that reads a workspace's templates, each with the number of its newest version."""
    number = sa.select(sa.func.max(template_versions.c.number)).where(template_versions.c.template_id == templates.c.id).scalar_subquery()
    columns = (templates.c.id, templates.c.name, templates.c.updated_at, number.label("latest_number"))
    return sa.select(*columns).where(templates.c.workspace_id == workspace_id)
