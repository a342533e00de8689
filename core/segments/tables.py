"""Table of segments: rules with a name."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Json, UtcDateTime, created_at, metadata, primary_key, workspace_key

segments = sa.Table(
    "segments",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("rules", Json, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False, default="", server_default=""),
    created_at(),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("workspace_id", "name"),
    sqlite_autoincrement=True,  # an id is never used again: campaigns name it
)
