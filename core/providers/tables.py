"""Table of connections: providers somebody has configured."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Json, created_at, metadata, primary_key, workspace_key

connections = sa.Table(
    "connections",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("settings", Json, nullable=False, default=dict),
    sa.Column("secrets", sa.Text, nullable=False, default=""),
    sa.Column("is_default", sa.Boolean, nullable=False, default=False),
    # The last part of the address the provider reports to; nobody can guess it, and it names the connection.
    sa.Column("webhook_key", sa.Text),
    created_at(),
    sa.UniqueConstraint("workspace_id", "name"),
    sa.Index("ix_connections_webhook_key", "webhook_key", unique=True),
)
