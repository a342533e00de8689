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
    # What somebody has chosen for themselves. The database fills these in: a large import need not carry them row by row.
    sa.Column("paused_until", UtcDateTime),
    sa.Column("frequency", sa.Text, nullable=False, server_default="all"),
    sa.Column("do_not_sell", sa.Boolean, nullable=False, server_default=sa.false()),
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
    sa.Column("label", sa.Text, nullable=False, default="", server_default=""),
    sa.Column("description", sa.Text, nullable=False, default="", server_default=""),
    created_at(),
)

lists = sa.Table(
    "lists",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("name", sa.Text, nullable=False),
    # On: whoever is put on it is asked by mail first, and is on it once they have said so.
    sa.Column("double_opt_in", sa.Boolean, nullable=False, default=False, server_default=sa.false()),
    # Who the mail that asks is from.
    sa.Column("from_email", sa.Text, nullable=False, default="", server_default=""),
    sa.Column("from_name", sa.Text, nullable=False, default="", server_default=""),
    # Whether anybody may join or leave it in the preference centre, and what it says there.
    sa.Column("is_public", sa.Boolean, nullable=False, default=False, server_default=sa.false()),
    sa.Column("description", sa.Text, nullable=False, default="", server_default=""),
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

# Who left a list of their own will: nothing but a new consent of theirs puts them back.
list_optouts = sa.Table(
    "list_optouts",
    metadata,
    sa.Column("list_id", Id, sa.ForeignKey("lists.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("contact_id", Id, sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True, index=True),
    workspace_key(),
    sa.Column("since", UtcDateTime, nullable=False),
)

# Append-only, which the database itself sees to: what a person agreed to or refused, when, and how we know. Where from and with
# which browser it was said may be emptied, nothing else.
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
    sa.Column("purpose", sa.Text, nullable=False, server_default=""),
    sa.Column("list_id", Id),
    sa.Column("wording", sa.Text, nullable=False, server_default=""),
    sa.Column("wording_version", sa.Integer, nullable=False, server_default="0"),
    sa.Column("language", sa.Text, nullable=False, server_default=""),
    sa.Column("method", sa.Text, nullable=False, server_default=""),
    sa.Column("ip", sa.Text, nullable=False, server_default=""),
    sa.Column("token_hash", sa.Text, nullable=False, server_default=""),
    sa.Column("asked_at", UtcDateTime),
)

# Whoever has just said no: written before they are answered, looked at before a message leaves, taken away once the no is on record.
stop_marks = sa.Table(
    "stop_marks",
    metadata,
    sa.Column("contact_id", Id, sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    workspace_key(),
    sa.Column("since", UtcDateTime, nullable=False),
)

# Who was asked by mail whether they want to be written to, and what they are asked for.
opt_ins = sa.Table(
    "opt_ins",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("contact_id", Id, sa.ForeignKey("contacts.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("list_ids", Json, nullable=False),
    sa.Column("evidence", Json, nullable=False),
    # What was typed about them with it, and is theirs only once they have answered.
    sa.Column("given", Json, nullable=False, server_default="{}"),
    sa.Column("asked_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    # How many mails have asked, and when the next one is to.
    sa.Column("mails", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("mail_due_at", UtcDateTime, index=True),
    sa.Column("confirmed_at", UtcDateTime),
    sqlite_autoincrement=True,  # an id is never used again: the mails are named after it
)

# A mail that asks has a token of its own; only its hash is kept.
opt_in_tokens = sa.Table(
    "opt_in_tokens",
    metadata,
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column("opt_in_id", Id, sa.ForeignKey("opt_ins.id", ondelete="CASCADE"), nullable=False, index=True),
    workspace_key(),
    created_at(),
)

# The same mails by the keyed hash of the mailbox they went to: whoever is deleted and added again was asked as often as before.
opt_in_mails = sa.Table(
    "opt_in_mails",
    metadata,
    sa.Column("token_hash", sa.Text, primary_key=True),
    workspace_key(),
    sa.Column("address_hash", sa.Text, nullable=False),
    sa.Column("is_answered", sa.Boolean, nullable=False, default=False, server_default=sa.false()),
    created_at(),
    sa.Index("ix_opt_in_mails_workspace_id_address_hash", "workspace_id", "address_hash"),
    sa.Index("ix_opt_in_mails_created_at", "created_at"),  # by it they are deleted
)

# Append-only: the words people agree to; each change is a new version.
consent_texts = sa.Table(
    "consent_texts",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    created_at(),
    sa.UniqueConstraint("workspace_id", "name", "language", "version", name="uq_consent_texts_workspace_id_name_language_version"),
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

# Suppressed addresses as keyed hashes, which outlive the address: `erased_at` says since when it is kept as nothing else.
suppressed_hashes = sa.Table(
    "suppressed_hashes",
    metadata,
    sa.Column("workspace_id", Id, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False, server_default=""),
    created_at(),
    sa.Column("erased_at", UtcDateTime),
    sa.Index("ix_suppressed_hashes_workspace_id_erased_at", "workspace_id", "erased_at"),
)

# Addresses that no workspace of this installation may write to; of one that was erased only the hash is left.
global_suppressions = sa.Table(
    "global_suppressions",
    metadata,
    primary_key(),
    sa.Column("email", sa.Text, unique=True),
    sa.Column("hash", sa.Text, nullable=False, unique=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False, server_default=""),
    sa.Column("added_by", sa.Text, nullable=False),
    created_at(),
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
    sa.Column("state", sa.Text, nullable=False, default="done", server_default="done", index=True),
    sa.Column("unchanged", sa.BigInteger, nullable=False, default=0, server_default="0"),
    sa.Column("suppressed", sa.BigInteger, nullable=False, default=0, server_default="0"),
    sa.Column("flagged", sa.BigInteger, nullable=False, default=0, server_default="0"),
    # While it is open: what was chosen, by whom, and the folder of the laid out file.
    sa.Column("choices", Json, nullable=False, default=dict, server_default="{}"),
    sa.Column("folder", sa.Text, nullable=False, default="", server_default=""),
    sa.Column("attempts", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("error", sa.Text, nullable=False, default="", server_default=""),
    # The number of its change and its moment tell what it gave; null for imports from before they were kept.
    sa.Column("change", sa.BigInteger),
    sa.Column("finished_at", UtcDateTime),
    created_at(),
)
