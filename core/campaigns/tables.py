"""Tables of campaigns, one blast each from draft to sent, and of the addresses their tests go to."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Id, Json, UtcDateTime, created_at, metadata, primary_key, workspace_key

campaigns = sa.Table(
    "campaigns",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("from_name", sa.Text, nullable=False, default=""),
    sa.Column("from_email", sa.Text, nullable=False),
    sa.Column("template_id", Id, sa.ForeignKey("templates.id"), nullable=False),
    sa.Column("template_version_id", Id, sa.ForeignKey("template_versions.id")),
    sa.Column("connection_id", Id, sa.ForeignKey("connections.id"), nullable=False),
    sa.Column("audience", Json, nullable=False),
    sa.Column("track_conversions", sa.Boolean, nullable=False, default=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    created_at(),
    sa.Column("launched_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("stopped_reason", sa.Text, nullable=False, default=""),  # why nothing leaves at the moment, in words
    sa.Column("scheduled_at", UtcDateTime),
    sa.Column("timing", Json, nullable=False, default=dict, server_default="{}"),  # the hours it may go out in, whose hours those are
    sa.Column("routes", Json, nullable=False, default=list, server_default="[]"),  # several connections, each with its share; none: one
    sa.Column("brand", Json),  # what `brand.…` stands for in it, from its launch on
    sa.Column("holdout_percent", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("preview_text", sa.Text, nullable=False, default="", server_default=""),  # none: what the email itself brings
    sa.Column("subjects", Json, nullable=False, default=dict, server_default="{}"),  # subject and preview text in other languages
    sa.Index("ix_campaigns_workspace_id_created_at", "workspace_id", "created_at"),
    sa.Index("ix_campaigns_scheduled_at", "scheduled_at"),
    sqlite_autoincrement=True,  # an id is never used again: old tokens and events name it
)

# The lists a segment's people were narrowed to when somebody limited to some lists launched the campaign; none where it went to all.
campaign_lists = sa.Table(
    "campaign_lists",
    metadata,
    sa.Column("campaign_id", Id, sa.ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("list_id", Id, primary_key=True, autoincrement=False),
    workspace_key(),
)

seed_addresses = sa.Table(
    "seed_addresses",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False, default=""),
    sa.Column("created_by", sa.Text, nullable=False),
    created_at(),
    sa.UniqueConstraint("workspace_id", "email"),
)
