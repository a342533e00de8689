"""Tables of what people note about contacts: tags, notes, and which contacts were merged into which."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Id, UtcDateTime, created_at, metadata, primary_key, workspace_key

tags = sa.Table(
    "tags",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_key", sa.Text, nullable=False),  # the name as it is compared: “VIP” and “vip” are one tag
    created_at(),
    sa.UniqueConstraint("workspace_id", "name_key"),
    sqlite_autoincrement=True,  # an id is never used again: segments name it
)

contact_tags = sa.Table(
    "contact_tags",
    metadata,
    sa.Column("tag_id", Id, sa.ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("contact_id", Id, sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True, index=True),
    workspace_key(),
    sa.Column("added_at", UtcDateTime, nullable=False),
)

contact_notes = sa.Table(
    "contact_notes",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("contact_id", Id, sa.ForeignKey("contacts.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("written_by", sa.Text, nullable=False),
    created_at(),
)

# Whoever was merged into another keeps their number: messages and events of old name it.
contact_aliases = sa.Table(
    "contact_aliases",
    metadata,
    workspace_key(),
    sa.Column("alias_id", Id, primary_key=True, autoincrement=False),
    sa.Column("contact_id", Id, sa.ForeignKey("contacts.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("merged_at", UtcDateTime, nullable=False),
)
