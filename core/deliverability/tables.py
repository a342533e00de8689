"""Sender domains and their DKIM keys."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Id, Json, UtcDateTime, created_at, metadata, primary_key, workspace_key

sender_domains = sa.Table(
    "sender_domains",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("domain", sa.Text, nullable=False),
    # The host at which a provider takes bounces, empty for none; of mail servers of one's own the connection says it.
    sa.Column("return_path", sa.Text, nullable=False),
    # The connections it sends through; null for all there are.
    sa.Column("connection_ids", Json, nullable=True),
    created_at(),
    sa.Column("checked_at", UtcDateTime),
    sa.Column("findings", Json, nullable=False),
    sa.UniqueConstraint("workspace_id", "domain"),
)

dkim_keys = sa.Table(
    "dkim_keys",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("domain_id", Id, sa.ForeignKey("sender_domains.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("algorithm", sa.Text, nullable=False),
    sa.Column("selector", sa.Text, nullable=False),
    sa.Column("public_key", sa.Text, nullable=False),
    sa.Column("private_key", sa.Text, nullable=False),  # sealed by the vault
    created_at(),
    # When it was first seen in the DNS: from then on it signs.
    sa.Column("confirmed_at", UtcDateTime),
    # When a newer one took over; its record stays published until mail it signed has arrived everywhere.
    sa.Column("retired_at", UtcDateTime),
    sa.UniqueConstraint("domain_id", "selector"),
)
