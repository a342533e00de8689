"""webhooks, event intake, soft bounces, alerts, privacy mode"""

import secrets
from datetime import datetime

import sqlalchemy as sa
from alembic import op

from core.storage.schema import Id, Json, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NAMED = sa.text("provider_message_id is not null")
_MINUTES = sa.table(
    "intake_minutes",
    sa.column("workspace_id", Id),
    sa.column("minute", UtcDateTime()),
    sa.column("step", sa.Text()),
    sa.column("outcome", sa.Text()),
    sa.column("count", sa.BigInteger()),
)
# Where the steps of today leave out what the release before counted by reason alone.
_STEPS = {"unreadable": "parse", "invalid": "parse", "unmatched": "match", "duplicate": "deduplicate"}


def upgrade() -> None:
    _add_webhook_keys()
    op.add_column("workspaces", sa.Column("tracks_people", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("journal_offsets", sa.Column("redacted_to", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index(
        "ix_messages_provider_id", "messages", ["workspace_id", "provider_message_id"], sqlite_where=_NAMED, postgresql_where=_NAMED
    )
    _add_intake()
    _add_consequences()


def _add_webhook_keys() -> None:
    op.add_column("connections", sa.Column("webhook_key", sa.Text(), nullable=True))
    connection = op.get_bind()
    for row in connection.execute(sa.text("select id from connections")).all():
        values = {"id": row.id, "key": secrets.token_hex(16)}
        connection.execute(sa.text("update connections set webhook_key = :key where id = :id"), values)
    op.create_index("ix_connections_webhook_key", "connections", ["webhook_key"], unique=True)


def _add_intake() -> None:
    op.create_table(
        "intake_minutes",
        sa.Column("workspace_id", Id, autoincrement=False, nullable=False),
        sa.Column("minute", UtcDateTime(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("slowest", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "minute", "step", "outcome", name=op.f("pk_intake_minutes")),
    )
    op.create_index("ix_intake_minutes_minute", "intake_minutes", ["minute"])
    op.create_table(
        "reported_keys",
        sa.Column("key", Id, autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_reported_keys")),
    )
    _keep_old_counts()
    op.drop_table("event_drops")
    op.create_table(
        "intake_jobs",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("place", Json, nullable=False),
        sa.Column("counts", Json, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_intake_jobs_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_jobs")),
    )
    op.create_index("ix_intake_jobs_workspace_id", "intake_jobs", ["workspace_id"])
    op.create_table(
        "settled_clicks",
        sa.Column("workspace_id", Id, autoincrement=False, nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("waiting_since", UtcDateTime(), nullable=True),
        sa.Column("waiting_from", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_settled_clicks_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_settled_clicks")),
    )


def _keep_old_counts() -> None:
    connection = op.get_bind()
    rows = [
        {
            "workspace_id": 0,
            "minute": datetime.fromisoformat(f"{row.day}T00:00:00+00:00"),
            "step": _STEPS.get(row.reason, "match"),
            "outcome": row.reason,
            "count": row.number,
        }
        for row in connection.execute(sa.text("select day, reason, count as number from event_drops")).all()
    ]
    if rows:
        connection.execute(sa.insert(_MINUTES), rows)


def _add_consequences() -> None:
    op.create_table(
        "soft_bounces",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("contact_id", Id, autoincrement=False, nullable=False),
        sa.Column("campaign_id", Id, autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_soft_bounces_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("contact_id", "campaign_id", name=op.f("pk_soft_bounces")),
    )
    op.create_index("ix_soft_bounces_workspace_id", "soft_bounces", ["workspace_id"])
    op.create_table(
        "sender_alerts",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("campaign_id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("dismissed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_sender_alerts_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sender_alerts")),
        sa.UniqueConstraint("workspace_id", "campaign_id", "kind", "domain", name=op.f("uq_sender_alerts_workspace_id_campaign_id_kind_domain")),
    )
    op.create_index("ix_sender_alerts_workspace_id", "sender_alerts", ["workspace_id"])
    op.create_table(
        "day_salts",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_day_salts")),
    )
