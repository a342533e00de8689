"""Tables of connections: providers somebody has configured, and how fast mail may leave through them."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Id, Json, UtcDateTime, created_at, metadata, primary_key, workspace_key

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
    sa.Column("pacing", Json, nullable=False, default=dict, server_default="{}"),
    sa.Column("fallback_id", Id),  # the connection that takes over while this one can't send
    created_at(),
    sa.UniqueConstraint("workspace_id", "name"),
    sa.Index("ix_connections_webhook_key", "webhook_key", unique=True),
)

# What all senders together know of a connection, and of a group of recipients' domains behind it ("" is all of them).
connection_paces = sa.Table(
    "connection_paces",
    metadata,
    sa.Column("connection_id", Id, sa.ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("domain", sa.Text, primary_key=True),
    workspace_key(),
    sa.Column("permits", sa.Float, nullable=False),  # how many messages may leave at once, as of `refilled_at`
    sa.Column("refilled_at", UtcDateTime, nullable=False),
    sa.Column("slowed", sa.Float, nullable=False),  # the part of its rate it has now: 1 is all, less after it was asked to be slower
    sa.Column("full_rate", sa.Float),  # the messages a second that is a part of, where nobody entered a rate
    sa.Column("failures", sa.Integer, nullable=False),  # in a row
    sa.Column("held_until", UtcDateTime),  # nothing leaves until then
    sa.Column("reason", sa.Text, nullable=False),  # why, in words
)

# How many messages left on a day (UTC), for quotas and warming up.
connection_days = sa.Table(
    "connection_days",
    metadata,
    sa.Column("connection_id", Id, sa.ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("domain", sa.Text, primary_key=True),
    workspace_key(),
    sa.Column("count", sa.BigInteger, nullable=False),
)

# When the mailbox that a connection's bounces come back to was last read, and what came of it.
mailbox_reads = sa.Table(
    "mailbox_reads",
    metadata,
    sa.Column("connection_id", Id, sa.ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    workspace_key(),
    sa.Column("tried_at", UtcDateTime, nullable=False),
    sa.Column("read_at", UtcDateTime),  # when it last went well
    sa.Column("problem", sa.Text, nullable=False, default=""),  # why it did not the last time, in words
)
