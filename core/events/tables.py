"""Tables of the ingester: what it has seen before, what it counted, and what follows from events."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Id, Json, UtcDateTime, created_at, metadata, primary_key, workspace_key

# Keys of events that a sender may deliver twice (webhook retries, a conversion with an order number).
event_keys = sa.Table(
    "event_keys",
    metadata,
    workspace_key(),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("seen_at", UtcDateTime, nullable=False),
)

# What names an event that a provider reported, as a hash (`report_keys`), and the day since 1970 it was kept; forgotten when no
# provider would report it again. A number alone, because there are two for every event: SQLite keeps it in a single tree.
reported_keys = sa.Table(
    "reported_keys",
    metadata,
    sa.Column("key", Id, primary_key=True, autoincrement=False),
    sa.Column("day", sa.Integer, nullable=False),
)

# How many lines and events each step of the pipeline passed on or left out, minute by minute; workspace 0 is for what
# could not be told whose it is. `slowest` is the longest time, in seconds, from what happened to the lake.
intake_minutes = sa.Table(
    "intake_minutes",
    metadata,
    sa.Column("workspace_id", Id, primary_key=True, autoincrement=False),
    sa.Column("minute", UtcDateTime, primary_key=True),
    sa.Column("step", sa.Text, primary_key=True),
    sa.Column("outcome", sa.Text, primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("slowest", sa.Float),
    sa.Index("ix_intake_minutes_minute", "minute"),
)

# Work over the past that somebody asked for; the ingester does it between its batches and notes how far it is.
intake_jobs = sa.Table(
    "intake_jobs",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("since", UtcDateTime, nullable=False),
    sa.Column("until", UtcDateTime, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("place", Json, nullable=False, default=dict),
    sa.Column("counts", Json, nullable=False, default=dict),
    sa.Column("error", sa.Text, nullable=False, default=""),
    sa.Column("requested_by", sa.Text, nullable=False),
    created_at(),
    sa.Column("finished_at", UtcDateTime),
)

# Up to when who clicked is decided for good; automations act on nothing later. Clicks that are not settled came in from
# `waiting_since` on, and happened from `waiting_from` on.
settled_clicks = sa.Table(
    "settled_clicks",
    metadata,
    sa.Column("workspace_id", Id, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("until", UtcDateTime, nullable=False),
    sa.Column("waiting_since", UtcDateTime),
    sa.Column("waiting_from", UtcDateTime),
)

# Campaigns whose message to somebody bounced for now; a delivery forgets them.
soft_bounces = sa.Table(
    "soft_bounces",
    metadata,
    workspace_key(),
    sa.Column("contact_id", Id, primary_key=True, autoincrement=False),
    sa.Column("campaign_id", Id, primary_key=True, autoincrement=False),
    sa.Column("at", UtcDateTime, nullable=False),
)

# What a sender should look at: mailbox providers that block them. Campaign 0 is for messages of no campaign.
sender_alerts = sa.Table(
    "sender_alerts",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("campaign_id", Id, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("domain", sa.Text, nullable=False),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("first_at", UtcDateTime, nullable=False),
    sa.Column("last_at", UtcDateTime, nullable=False),
    sa.Column("dismissed_at", UtcDateTime),
    sa.UniqueConstraint("workspace_id", "campaign_id", "kind", "domain"),
)

# What pseudonyms of workspaces that track no people are made with; forgotten with the day.
day_salts = sa.Table(
    "day_salts",
    metadata,
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("salt", sa.Text, nullable=False),
)

# Campaigns whose facts are older than their events; the ingester rebuilds them.
stale_facts = sa.Table(
    "stale_facts",
    metadata,
    workspace_key(),
    sa.Column("campaign_id", Id, primary_key=True, autoincrement=False),
    sa.Column("since", UtcDateTime, nullable=False),
)
