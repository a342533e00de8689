"""Tables of templates, their versions (which never change), drafts and languages, and of what templates are built from."""

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
    sa.Column("folder", sa.Text, nullable=False, default="", server_default=""),
    sa.Column("tags", Json, nullable=False, default=list, server_default="[]"),
    sa.Column("brand_kit_id", Id),
    sa.Column("archived_at", UtcDateTime),
    sa.Column("look_due_by", sa.Text),  # who gave it a look it has still to be written in; null where it has that look
    sa.Column("look_problem", sa.Text, nullable=False, default="", server_default=""),
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
    sa.Column("note", sa.Text, nullable=False, default="", server_default=""),
    sa.Column("thumbnail", sa.Text),
    sa.Column("thumbnail_tries", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("thumbnail_after", UtcDateTime),
    sa.UniqueConstraint("template_id", "number"),
)

template_variants = sa.Table(
    "template_variants",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("version_id", Id, sa.ForeignKey("template_versions.id", ondelete="CASCADE"), nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("html", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("links", Json, nullable=False),
    sa.Column("fields", Json, nullable=False),
    sa.UniqueConstraint("version_id", "language"),
)

template_drafts = sa.Table(
    "template_drafts",
    metadata,
    sa.Column("template_id", Id, sa.ForeignKey("templates.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("language", sa.Text, primary_key=True, default=""),  # "" for the main one
    workspace_key(),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("based_on", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("updated_by", sa.Text, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
)

brand_kits = sa.Table(
    "brand_kits",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("is_default", sa.Boolean, nullable=False),
    sa.Column("content", Json, nullable=False),
    sa.Column("updated_by", sa.Text, nullable=False),
    created_at(),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("workspace_id", "name"),
)

saved_blocks = sa.Table(
    "saved_blocks",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("content", Json, nullable=False),
    sa.Column("updated_by", sa.Text, nullable=False),
    created_at(),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("workspace_id", "name"),
)

pictures = sa.Table(
    "pictures",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("blob", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("alt", sa.Text, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    created_at(),
    sa.UniqueConstraint("workspace_id", "blob"),
)
