"""Tables of contacts, their lists, what they agreed to, and the addresses nobody may write to."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Id, Json, UtcDateTime, created_at, metadata, primary_key, workspace_key

contacts = sa.Table(
    "contacts",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("first_name", sa.Text, nullable=False, default=""),
    sa.Column("last_name", sa.Text, nullable=False, default=""),
    sa.Column("attributes", Json, nullable=False, default=dict),
    sa.Column("consent", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False, default=""),
    created_at(),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Column("updated_seq", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("workspace_id", "email"),
    sa.Index("ix_contacts_workspace_id_updated_seq", "workspace_id", "updated_seq"),
    sqlite_autoincrement=True,  # an id is never used again: old tokens and events name it
)

contact_tombstones = sa.Table(
    "contact_tombstones",
    metadata,
    workspace_key(),
    sa.Column("contact_id", Id, primary_key=True, autoincrement=False),
    sa.Column("updated_seq", sa.BigInteger, nullable=False),
)

contact_attributes = sa.Table(
    "contact_attributes",
    metadata,
    sa.Column("workspace_id", Id, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("type", sa.Text, nullable=False),
    created_at(),
)

lists = sa.Table(
    "lists",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("name", sa.Text, nullable=False),
    created_at(),
    sa.UniqueConstraint("workspace_id", "name"),
    sqlite_autoincrement=True,  # an id is never used again: campaigns, rules and people's access name it
)

list_members = sa.Table(
    "list_members",
    metadata,
    sa.Column("list_id", Id, sa.ForeignKey("lists.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("contact_id", Id, sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True, index=True),
    workspace_key(),
    sa.Column("added_at", UtcDateTime, nullable=False),
)

# Append-only: what a person agreed to or refused, when, and how we know.
consent_records = sa.Table(
    "consent_records",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("contact_id", Id, nullable=False, index=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("message_id", Id),
    sa.Column("ip_prefix", sa.Text, nullable=False, default=""),
    sa.Column("user_agent", sa.Text, nullable=False, default=""),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("occurred_at", UtcDateTime, nullable=False),
)

suppressions = sa.Table(
    "suppressions",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False, default=""),
    created_at(),
    sa.UniqueConstraint("workspace_id", "email"),
)

imports = sa.Table(
    "imports",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("list_id", Id, sa.ForeignKey("lists.id", ondelete="SET NULL")),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("updated", sa.BigInteger, nullable=False),
    sa.Column("refused", sa.BigInteger, nullable=False),
    sa.Column("refused_blob", sa.Text),
    sa.Column("imported_by", sa.Text, nullable=False),
    created_at(),
)
