"""Storage's own tables: the workspaces everything hangs on, sequences, leases, and the lake's manifest."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Id, Json, UtcDateTime, created_at, metadata, primary_key, workspace_key

workspaces = sa.Table(
    "workspaces",
    metadata,
    primary_key(),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("is_demo", sa.Boolean, nullable=False, default=False),
    sa.Column("timezone", sa.Text, nullable=False, default="UTC"),
    sa.Column("postal_address", sa.Text, nullable=False, default=""),
    sa.Column("requires_two_factor", sa.Boolean, nullable=False, default=False, server_default=sa.false()),
    # Off: opens and clicks are counted without noting whose they are.
    sa.Column("tracks_people", sa.Boolean, nullable=False, default=True, server_default=sa.true()),
    # Quiet hours and how many messages a person gets at most, for all campaigns.
    sa.Column("sending_rules", Json, nullable=False, default=dict, server_default="{}"),
    created_at(),
)

sequences = sa.Table(
    "sequences",
    metadata,
    sa.Column("workspace_id", Id, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
)

lake_files = sa.Table(
    "lake_files",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("dataset", sa.Text, nullable=False),
    sa.Column("event_class", sa.Text, nullable=False, default=""),
    sa.Column("month", sa.Text, nullable=False, default=""),
    sa.Column("path", sa.Text, nullable=False, unique=True),
    sa.Column("level", sa.Integer, nullable=False, default=0),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("min_at", UtcDateTime),
    sa.Column("max_at", UtcDateTime),
    sa.Column("min_campaign_id", Id),
    sa.Column("max_campaign_id", Id),
    sa.Column("watermark", sa.BigInteger),
    created_at(),
    sa.Column("dead_at", UtcDateTime),
    sa.Index("ix_lake_files_live", "workspace_id", "dataset", "dead_at"),
)

journal_offsets = sa.Table(
    "journal_offsets",
    metadata,
    sa.Column("file", sa.Text, primary_key=True),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("torn_bytes", sa.BigInteger, nullable=False, default=0),
    # Up to here people have been taken out of lines of workspaces that track none.
    sa.Column("redacted_to", sa.BigInteger, nullable=False, default=0, server_default="0"),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("updated_at", UtcDateTime, nullable=False),
)
