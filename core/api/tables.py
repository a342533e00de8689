"""What the API keeps: the answers to requests that carried an idempotency key."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import UtcDateTime, created_at, metadata, workspace_key

idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    workspace_key(),
    sa.Column("key_hash", sa.Text, primary_key=True),  # of who asked and the key they chose
    sa.Column("request_hash", sa.Text, nullable=False),  # of method, path and body: the same key for another request is a mistake
    sa.Column("status", sa.Integer),  # null while the first request is still being answered
    sa.Column("answer", sa.Text),  # sealed by the vault: it may hold a secret that is shown once
    created_at(),
    sa.Column("expires_at", UtcDateTime, nullable=False, index=True),
)
