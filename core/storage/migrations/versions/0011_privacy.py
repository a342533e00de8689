"""requests of people about their data, erasures, and how long things are kept"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from core.storage.schema import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _workspace():
    return sa.Column("workspace_id", Id, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False, index=True)


def _number():
    return sa.Column("id", Id, primary_key=True, autoincrement=True)


def upgrade() -> None:
    op.create_table(
        "privacy_requests",
        _number(),
        _workspace(),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("law", sa.Text, nullable=False),
        sa.Column("contact_id", Id),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("email_hash", sa.Text, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("received_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("extended_because", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("exported_at", UtcDateTime),
        sa.Column("erased_at", UtcDateTime),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("closed_at", UtcDateTime),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_privacy_requests_due", "privacy_requests", ["workspace_id", "state", "due_on"])
    op.create_table(
        "erasures",
        _number(),
        _workspace(),
        sa.Column("contact_id", Id),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("email_hash", sa.Text, nullable=False),
        sa.Column("alias_ids", Json, nullable=False),
        sa.Column("message_ids", Json, nullable=False),
        sa.Column("request_id", Id),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("counts", Json, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("finished_at", UtcDateTime),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_erasures_email_hash", "erasures", ["workspace_id", "email_hash"])
    op.create_index("ix_erasures_step", "erasures", ["step"])
    op.create_table(
        "erasure_sweeps",
        sa.Column("workspace_id", Id, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
        sa.Column("swept_to", UtcDateTime, nullable=False),
    )
    op.create_table(
        "retention_rules",
        sa.Column("workspace_id", Id, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("days", sa.Integer, nullable=False),
    )
    op.create_table(
        "retention_runs",
        _number(),
        _workspace(),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("older_than", UtcDateTime, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("finished_at", UtcDateTime),
    )
    op.create_index("ix_retention_runs_latest", "retention_runs", ["workspace_id", "kind", "created_at"])
