"""Tables of people: what they may do where, how they prove who they are, and what they are signed in with."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Id, Json, UtcDateTime, created_at, metadata, primary_key, workspace_key

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
    sa.Column("totp_secret", sa.Text),  # sealed by the vault; counts once `totp_enabled_at` is set
    sa.Column("totp_enabled_at", UtcDateTime),
    sa.Column("totp_last_step", sa.BigInteger),  # of the last code accepted: a code is good once
    created_at(),
    sqlite_autoincrement=True,  # an id is never used again: old tokens and events name it
)

memberships = sa.Table(
    "memberships",
    metadata,
    sa.Column("workspace_id", Id, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("person_id", Id, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True),  # every page asks for theirs
    sa.Column("role", sa.Text, nullable=False),  # the key of a built-in role, or "" where `role_id` names one of the workspace's own
    sa.Column("role_id", Id, sa.ForeignKey("roles.id"), index=True),
    sa.Column("is_limited", sa.Boolean, nullable=False, default=False, server_default=sa.false()),  # to the rows of `membership_lists`
    sa.Column("disabled_at", UtcDateTime),  # here, not on the person: an admin decides only about their own workspace
    created_at(),
)

# Beside the flag, so that deleting a limited person's last list leaves them with none, and not with all.
membership_lists = sa.Table(
    "membership_lists",
    metadata,
    sa.Column("workspace_id", Id, primary_key=True),
    sa.Column("person_id", Id, primary_key=True),
    sa.Column("list_id", Id, sa.ForeignKey("lists.id", ondelete="CASCADE"), primary_key=True, index=True),
    sa.ForeignKeyConstraint(
        ["workspace_id", "person_id"], ["memberships.workspace_id", "memberships.person_id"], ondelete="CASCADE", name="fk_membership_lists"
    ),
)

roles = sa.Table(
    "roles",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("permissions", Json, nullable=False),
    created_at(),
    sa.UniqueConstraint("workspace_id", "name"),
    sqlite_autoincrement=True,
)

invitations = sa.Table(
    "invitations",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("token_hash", sa.Text, nullable=False, unique=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False, default=""),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("role_id", Id, sa.ForeignKey("roles.id", ondelete="CASCADE")),
    sa.Column("list_ids", Json),  # null for all lists
    sa.Column("invited_by", Id),
    created_at(),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("accepted_at", UtcDateTime),
    sa.Column("cancelled_at", UtcDateTime),
    sqlite_autoincrement=True,
)

password_resets = sa.Table(
    "password_resets",
    metadata,
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column("person_id", Id, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    created_at(),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("used_at", UtcDateTime),
)

recovery_codes = sa.Table(
    "recovery_codes",
    metadata,
    sa.Column("person_id", Id, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("code_hash", sa.Text, primary_key=True),
    sa.Column("used_at", UtcDateTime),
)

# Failures by whatever is held back ("ip:…"), here and not in memory: a restart must not give a guesser a fresh start.
throttles = sa.Table(
    "throttles",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_at", UtcDateTime, nullable=False, index=True),
    sa.Column("locked_until", UtcDateTime),
)

# Who somebody is at an identity provider (OpenID Connect Core 1.0, section 5.7: issuer and subject together, never the address).
identities = sa.Table(
    "identities",
    metadata,
    sa.Column("issuer", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("person_id", Id, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    created_at(),
)

used_assertions = sa.Table(
    "used_assertions",
    metadata,
    sa.Column("assertion_hash", sa.Text, primary_key=True),
    sa.Column("expires_at", UtcDateTime, nullable=False),
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
    sa.Column("expires_at", UtcDateTime, nullable=False, index=True),  # old ones are looked for at every sign-in
    sa.Column("revoked_at", UtcDateTime),
    sa.Column("ip", sa.Text, nullable=False, default=""),
    sa.Column("user_agent", sa.Text, nullable=False, default=""),
    sa.Column("kind", sa.Text, nullable=False, default="browser", server_default="browser"),  # or "api": its token is a refresh token
)

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("person_id", Id, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("secret_hash", sa.Text, nullable=False),
    sa.Column("scopes", Json, nullable=False),
    sa.Column("requests_per_minute", sa.Integer, nullable=False),
    created_at(),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("last_used_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
    sqlite_autoincrement=True,
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
