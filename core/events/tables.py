"""Tables of the ingester: what it has seen before, and what it dropped and why."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Id, UtcDateTime, metadata, workspace_key

# Keys of events that a sender may deliver twice (webhook retries, a conversion with an order number).
event_keys = sa.Table(
    "event_keys",
    metadata,
    workspace_key(),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("seen_at", UtcDateTime, nullable=False),
)

event_drops = sa.Table(
    "event_drops",
    metadata,
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
)

# Campaigns whose facts are older than their events; the ingester rebuilds them.
stale_facts = sa.Table(
    "stale_facts",
    metadata,
    workspace_key(),
    sa.Column("campaign_id", Id, primary_key=True, autoincrement=False),
    sa.Column("since", UtcDateTime, nullable=False),
)
