"""What a template and its versions are, and how they are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.templates.compiling.compiler import TemplateKind
from core.templates.library.names import missing
from core.templates.tables import template_versions, templates


@dataclass(frozen=True)
class Template:
    """A template.

    Args:
        id: Its number.
        name: Unique in the workspace.
        latest_number: The number of its newest version, from 1.
        updated_at: When that was saved.
        folder: Where it lies; "" for no folder.
        tags: The words it is found by, in order.
        archived_at: When it was put away, or None.
    """

    id: int
    name: str
    latest_number: int
    updated_at: datetime
    folder: str = ""
    tags: tuple[str, ...] = ()
    archived_at: datetime | None = None

    @property
    def is_archived(self) -> bool:
        """Whether it was put away: it is offered nowhere, and what uses it goes on."""
        return self.archived_at is not None


@dataclass(frozen=True)
class TemplateVersion:
    """One saved state of a template, compiled.

    Args:
        id: Its number in the installation.
        template_id: The template.
        number: Its number in the template, from 1.
        kind: What the source is written in.
        source: As it was saved, with LF line ends.
        html: The compiled HTML part, a Jinja template.
        text: The compiled plain-text part, a Jinja template.
        links: Where `pw_links[n]` leads.
        fields: The merge fields used.
        created_at: When it was saved.
        created_by: Who saved it, as records say it ("person:7").
        note: What they wrote about it.
    """

    id: int
    template_id: int
    number: int
    kind: TemplateKind
    source: str
    html: str
    text: str
    links: list[str]
    fields: list[str]
    created_at: datetime
    created_by: str = ""
    note: str = ""


def templates_of(workspace_id: int) -> sa.Select[Any]:
    """Return the query of a workspace's templates; for `as_template`."""
    number = sa.select(sa.func.max(template_versions.c.number)).where(template_versions.c.template_id == templates.c.id).scalar_subquery()
    columns = (templates.c.id, templates.c.name, templates.c.updated_at, templates.c.folder, templates.c.tags, templates.c.archived_at)
    return sa.select(*columns, number.label("latest_number")).where(templates.c.workspace_id == workspace_id)


def as_template(row: sa.Row[Any]) -> Template:
    """Return a template from its row."""
    return Template(row.id, row.name, row.latest_number or 0, row.updated_at, row.folder, tuple(row.tags), row.archived_at)


def versions_of(workspace_id: int) -> sa.Select[Any]:
    """Return the query of a workspace's versions; for `as_version`."""
    return sa.select(template_versions).where(template_versions.c.workspace_id == workspace_id)


def as_version(row: sa.Row[Any]) -> TemplateVersion:
    """Return a version from its row."""
    return TemplateVersion(
        id=row.id,
        template_id=row.template_id,
        number=row.number,
        kind=TemplateKind(row.kind),
        source=row.source,
        html=row.html,
        text=row.text,
        links=list(row.links),
        fields=list(row.fields),
        created_at=row.created_at,
        created_by=row.created_by,
        note=row.note,
    )


def load_version(connection: sa.Connection, workspace_id: int, version_id: int) -> TemplateVersion:
    """Return one version, inside a transaction that is open already.

    Raises:
        NotFound: If this workspace has no such version.
    """
    row = connection.execute(versions_of(workspace_id).where(template_versions.c.id == version_id)).one_or_none()
    if row is None:
        raise missing(f"Template version {version_id}")
    return as_version(row)


def latest_of(connection: sa.Connection, workspace_id: int, template_id: int) -> TemplateVersion | None:
    """Return the newest version of a template; None where there is none."""
    mine = versions_of(workspace_id).where(template_versions.c.template_id == template_id)
    row = connection.execute(mine.order_by(template_versions.c.number.desc()).limit(1)).one_or_none()
    return as_version(row) if row else None
