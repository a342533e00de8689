"""The ledger: one row per email to one contact, from the moment it is queued to its last outcome."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Id, UtcDateTime, metadata, primary_key

_UNRECORDED = sa.text("accepted_at is not null and recorded_at is null")
_NAMED = sa.text("provider_message_id is not null")

messages = sa.Table(
    "messages",
    metadata,
    primary_key(),
    # No index of its own: without statistics SQLite would take it for every claim and read all of a workspace's messages.
    sa.Column("workspace_id", Id, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    sa.Column("campaign_id", Id, nullable=False),
    sa.Column("contact_id", Id, nullable=False),
    sa.Column("variant_id", Id),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False, default=""),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("due_at", UtcDateTime),
    sa.Column("lease_owner", sa.Text),
    sa.Column("lease_until", UtcDateTime),
    sa.Column("provider_message_id", sa.Text),
    sa.Column("queued_at", UtcDateTime, nullable=False),
    sa.Column("accepted_at", UtcDateTime),
    sa.Column("recorded_at", UtcDateTime),
    sa.UniqueConstraint("campaign_id", "contact_id"),
    sa.Index("ix_messages_work", "workspace_id", "campaign_id", "state"),
    # Few rows at any time: those whose `sent` fact has not come back from the journal yet.
    sa.Index("ix_messages_unrecorded", "accepted_at", sqlite_where=_UNRECORDED, postgresql_where=_UNRECORDED),
    sa.Index("ix_messages_contact_id", "contact_id"),
    # What providers report names a message by their own number.
    sa.Index("ix_messages_provider_id", "workspace_id", "provider_message_id", sqlite_where=_NAMED, postgresql_where=_NAMED),
    sqlite_autoincrement=True,  # an id is never used again: old tokens and events name it
)
