"""The ledger: one row per email to one person, from the moment it is queued to its last outcome; and what single ones say."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Id, UtcDateTime, created_at, metadata, primary_key, workspace_key

_UNRECORDED = sa.text("accepted_at is not null and recorded_at is null")
_NAMED = sa.text("provider_message_id is not null")
_REQUESTED = sa.text("campaign_id is null")
_KEPT = sa.text("content <> ''")

messages = sa.Table(
    "messages",
    metadata,
    primary_key(),
    # No index of its own: without statistics SQLite would take it for every claim and read all of a workspace's messages.
    sa.Column("workspace_id", Id, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    sa.Column("campaign_id", Id),  # none for a message somebody asked for on its own
    sa.Column("contact_id", Id),  # none where it goes to somebody who is no contact
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
    sa.Column("connection_id", Id),  # by which way it left or is leaving; of what waits: the only one it may leave by
    sa.UniqueConstraint("campaign_id", "contact_id"),
    sa.Index("ix_messages_work", "workspace_id", "campaign_id", "state", "due_at"),
    sa.Index("ix_messages_requested", "connection_id", "state", "due_at", sqlite_where=_REQUESTED, postgresql_where=_REQUESTED),
    # Few rows at any time: those whose `sent` fact has not come back from the journal yet.
    sa.Index("ix_messages_unrecorded", "accepted_at", sqlite_where=_UNRECORDED, postgresql_where=_UNRECORDED),
    sa.Index("ix_messages_contact_id", "contact_id"),
    # What providers report names a message by their own number.
    sa.Index("ix_messages_provider_id", "workspace_id", "provider_message_id", sqlite_where=_NAMED, postgresql_where=_NAMED),
    sqlite_autoincrement=True,  # an id is never used again: old tokens and events name it
)

requests = sa.Table(
    "requests",
    metadata,
    sa.Column("message_id", Id, primary_key=True, autoincrement=False),
    workspace_key(),
    sa.Column("request_key", sa.Text),  # of the idempotency key: asking twice makes one message
    sa.Column("request_hash", sa.Text, nullable=False),  # of what was asked for: the same key can't mean something else
    sa.Column("recipient", sa.Text, nullable=False),  # only where no contact has the address
    sa.Column("template_version_id", Id),
    sa.Column("content", sa.Text, nullable=False),  # what it says and to whom, sealed by the vault; emptied when it is not needed any more
    sa.Column("connection_id", Id, sa.ForeignKey("connections.id")),  # it can't be removed while it is needed
    sa.Column("left_at", UtcDateTime),  # when it first may have left by a provider that knows its key again; then it leaves by no other
    created_at(),
    sa.UniqueConstraint("workspace_id", "request_key"),
    sa.Index("ix_requests_template_version_id", "template_version_id"),
    sa.Index("ix_requests_kept", "created_at", sqlite_where=_KEPT, postgresql_where=_KEPT),
)
