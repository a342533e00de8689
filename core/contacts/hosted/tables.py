"""Tables of sign-up forms and of what came in by them."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.schema import Id, Json, UtcDateTime, created_at, metadata, primary_key, workspace_key

sign_up_forms = sa.Table(
    "sign_up_forms",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("key", sa.Text, nullable=False, unique=True),  # stands in the form's address
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("design", Json, nullable=False),
    sa.Column("wording_version", sa.Integer, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    created_at(),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,  # an id is never used again: what came in by a form names it for ever
)

# What came in, each once; what was filled in stands with the contact, and how they agreed in the consent records.
form_submissions = sa.Table(
    "form_submissions",
    metadata,
    primary_key(),
    workspace_key(),
    sa.Column("form_id", Id, sa.ForeignKey("sign_up_forms.id", ondelete="CASCADE"), nullable=False),
    sa.Column("key", sa.Text, nullable=False),  # the same for the same submission, however often it comes
    sa.Column("contact_id", Id, index=True),
    sa.Column("day", sa.Text, nullable=False),  # in the workspace's time zone
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("form_id", "key"),
    sa.Index("ix_form_submissions_form_id_day", "form_id", "day"),
)
