"""Tables of templates and their versions; a version never changes."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Id, Json, UtcDateTime, created_at, metadata, primary_key, workspace_key

templates = sa.Table(
    "templates",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("name", sa.Text, nullable=False),
    created_at(),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("workspace_id", "name"),
)

template_versions = sa.Table(
    "template_versions",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("template_id", Id, sa.ForeignKey("templates.id", ondelete="CASCADE"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("html", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("links", Json, nullable=False, default=list),
    sa.Column("fields", Json, nullable=False, default=list),
    sa.Column("created_by", sa.Text, nullable=False),
    created_at(),
    sa.UniqueConstraint("template_id", "number"),
)
