"""Table of tracked links: where a click on link N leads."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Id, created_at, metadata, primary_key, workspace_key

links = sa.Table(
    "links",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("campaign_id", Id, index=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("append_token", sa.Boolean, nullable=False, default=False),
    created_at(),
    sa.UniqueConstraint("campaign_id", "position"),
    sqlite_autoincrement=True,  # an id is never used again: old tokens and events name it
)
