"""The audit log's tables: one hash chain a workspace, where each chain ends, and the seals on it."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Id, UtcDateTime, metadata

# No foreign keys: the log outlives what it tells of. A trigger of the migration refuses every UPDATE and DELETE. Every column is hashed:
# there is none besides that could be changed without being noticed.
audit_log = sa.Table(
    "audit_log",
    metadata,
    sa.Column(
        "workspace_id", Id, primary_key=True, autoincrement=False
    ),  # 0 for what belongs to no workspace: tries of unknown people to sign in
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("via", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("before", sa.Text, nullable=False),  # canonical JSON as text: a database's own JSON type may order it anew
    sa.Column("after", sa.Text, nullable=False),
    sa.Column("previous_hash", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Index("ix_audit_log_workspace_id_action", "workspace_id", "action", "sequence"),
    sa.Index("ix_audit_log_workspace_id_target", "workspace_id", "target"),
    sa.Index("ix_audit_log_workspace_id_actor", "workspace_id", "actor", "sequence"),
)

audit_heads = sa.Table(
    "audit_heads",
    metadata,
    sa.Column("workspace_id", Id, primary_key=True, autoincrement=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)

# Proof that a chain went so far at a time, which only somebody with the installation's secret key can make. Grows only, too.
audit_seals = sa.Table(
    "audit_seals",
    metadata,
    sa.Column("workspace_id", Id, primary_key=True, autoincrement=False),
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("sealed_at", UtcDateTime, nullable=False),
    sa.Column("mac", sa.Text, nullable=False),
)
