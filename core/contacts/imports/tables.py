"""Tables of imports beside their own row: what one changed, and what somebody said a file's columns are."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Id, Json, UtcDateTime, metadata, workspace_key

# What the last import changed about contacts that there were, so that it can be taken back; they go with the contact.
import_changes = sa.Table(
    "import_changes",
    metadata,
    sa.Column("import_id", Id, sa.ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("contact_id", Id, sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True, index=True),
    workspace_key(),
    sa.Column("fields", Json, nullable=False),
)

# What the columns of a file with this header were the last time.
import_headers = sa.Table(
    "import_headers",
    metadata,
    sa.Column("workspace_id", Id, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("header_hash", sa.Text, primary_key=True),
    sa.Column("mapping", Json, nullable=False),
    sa.Column("kinds", Json, nullable=False),
    sa.Column("used_at", UtcDateTime, nullable=False),
)
