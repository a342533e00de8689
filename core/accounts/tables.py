"""Tables of people, their memberships, their sessions and the first-run set-up code."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Id, UtcDateTime, created_at, metadata, primary_key

people = sa.Table(
    "people",
    metadata,
    primary_key(),
    sa.Column("email", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False, default=""),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("failed_attempts", sa.Integer, nullable=False, default=0),
    sa.Column("locked_until", UtcDateTime),
    sa.Column("last_seen_at", UtcDateTime),
    created_at(),
    sqlite_autoincrement=True,  # an id is never used again: old tokens and events name it
)

memberships = sa.Table(
    "memberships",
    metadata,
    sa.Column("workspace_id", Id, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("person_id", Id, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("disabled_at", UtcDateTime),  # here, not on the person: an admin decides only about their own workspace
    created_at(),
)

sessions = sa.Table(
    "sessions",
    metadata,
    primary_key(),
    sa.Column("token_hash", sa.Text, nullable=False, unique=True),
    sa.Column("person_id", Id, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("workspace_id", Id, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    created_at(),
    sa.Column("last_seen_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("revoked_at", UtcDateTime),
    sa.Column("ip", sa.Text, nullable=False, default=""),
    sa.Column("user_agent", sa.Text, nullable=False, default=""),
)

# A ticket is good once, for seconds: it carries a sign-in from the script's websocket to the HTTP route that may set a cookie.
session_tickets = sa.Table(
    "session_tickets",
    metadata,
    sa.Column("ticket_hash", sa.Text, primary_key=True),
    sa.Column("person_id", Id, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    sa.Column("workspace_id", Id, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("used_at", UtcDateTime),
)

setup_codes = sa.Table(
    "setup_codes",
    metadata,
    sa.Column("code_hash", sa.Text, primary_key=True),
    created_at(),
    sa.Column("used_at", UtcDateTime),
)
