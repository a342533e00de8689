"""Table of arms: the variants of a campaign's A/B test."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Id, Json, metadata, primary_key, workspace_key

arms = sa.Table(
    "arms",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("campaign_id", Id, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("weight", sa.Integer, nullable=False),
    sa.Column("preview_text", sa.Text, nullable=False, default="", server_default=""),  # as of campaigns
    sa.Column("subjects", Json, nullable=False, default=dict, server_default="{}"),
    sa.UniqueConstraint("campaign_id", "key"),
)
