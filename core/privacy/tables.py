"""Tables of privacy: what people asked for, what is being erased and was, and how long things are kept."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Id, Json, UtcDateTime, created_at, metadata, primary_key, workspace_key

privacy_requests = sa.Table(
    "privacy_requests",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("law", sa.Text, nullable=False),
    sa.Column("contact_id", Id),  # none for somebody who is not, or not any more, a contact
    sa.Column("email", sa.Text, nullable=False),  # sealed by the vault; emptied when the person is erased
    sa.Column("email_hash", sa.Text, nullable=False),  # keyed: whose request it is can be told without reading the address
    sa.Column("notes", sa.Text, nullable=False),
    sa.Column("received_on", sa.Date, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("extended_because", sa.Text, nullable=False),  # "" as long as it is not
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("opened_by", sa.Text, nullable=False),
    sa.Column("exported_at", UtcDateTime),
    sa.Column("erased_at", UtcDateTime),
    created_at(),
    sa.Column("closed_at", UtcDateTime),
    sa.Index("ix_privacy_requests_due", "workspace_id", "state", "due_on"),
    sqlite_autoincrement=True,  # an id is never used again: the audit log names it
)

# People erased and being erased. The address is there, sealed, only until the last step has been done; its keyed hash stays, so that what
# comes in late about them is found and taken out, too.
erasures = sa.Table(
    "erasures",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("contact_id", Id),
    sa.Column("alias_ids", Json, nullable=False),  # numbers they had before contacts were merged
    sa.Column("email", sa.Text, nullable=False),  # sealed by the vault; "" once it is done
    sa.Column("email_hash", sa.Text, nullable=False),
    sa.Column("message_ids", Json, nullable=False),  # single messages that went to the address while it was no contact's
    sa.Column("request_id", Id),
    sa.Column("step", sa.Text, nullable=False),  # the next one to do, "" once it is done
    sa.Column("place", sa.BigInteger, nullable=False),  # how far that step is
    sa.Column("counts", Json, nullable=False),
    sa.Column("requested_by", sa.Text, nullable=False),
    created_at(),
    sa.Column("finished_at", UtcDateTime),
    sa.Index("ix_erasures_email_hash", "workspace_id", "email_hash"),
    sa.Index("ix_erasures_step", "step"),
    sqlite_autoincrement=True,
)

# Up to when the lake's files were looked through for people who are erased; no row where nobody was.
erasure_sweeps = sa.Table(
    "erasure_sweeps",
    metadata,
    sa.Column("workspace_id", Id, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("swept_to", UtcDateTime, nullable=False),
)

# How many days a kind of data is kept; no row where it is kept as long as it was before anybody said so.
retention_rules = sa.Table(
    "retention_rules",
    metadata,
    sa.Column("workspace_id", Id, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("days", sa.Integer, nullable=False),
)

retention_runs = sa.Table(
    "retention_runs",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("older_than", UtcDateTime, nullable=False),
    sa.Column("count", sa.BigInteger, nullable=False),
    created_at(),
    sa.Column("finished_at", UtcDateTime),  # none while there is more to do
    sa.Index("ix_retention_runs_latest", "workspace_id", "kind", "created_at"),
)
