"""messages of their own beside campaigns, ways they leave by, pacing, timing, bounce mailboxes"""

import sqlalchemy as sa
from alembic import op

from core.storage.schema import Id, Json, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_UNRECORDED = sa.text("accepted_at is not null and recorded_at is null")
_NAMED = sa.text("provider_message_id is not null")
_REQUESTED = sa.text("campaign_id is null")
_WITH_CONTENT = sa.text("content <> ''")
_KEPT = (
    "id", "workspace_id", "campaign_id", "contact_id", "variant_id", "state", "reason", "attempts", "due_at", "lease_owner",
    "lease_until", "provider_message_id", "queued_at", "accepted_at", "recorded_at",
)  # fmt: skip


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_messages()
    else:
        op.alter_column("messages", "campaign_id", nullable=True)
        op.alter_column("messages", "contact_id", nullable=True)
        op.add_column("messages", sa.Column("connection_id", Id, nullable=True))
        op.drop_index("ix_messages_work", "messages")
    op.create_index("ix_messages_work", "messages", ["workspace_id", "campaign_id", "state", "due_at"])
    op.create_index("ix_messages_requested", "messages", ["connection_id", "state", "due_at"], sqlite_where=_REQUESTED, postgresql_where=_REQUESTED)
    _add_requests()
    _add_pacing()
    _add_mailboxes()
    op.add_column("campaigns", sa.Column("scheduled_at", UtcDateTime(), nullable=True))
    op.add_column("campaigns", sa.Column("timing", Json, nullable=False, server_default="{}"))
    op.add_column("campaigns", sa.Column("routes", Json, nullable=False, server_default="[]"))
    op.add_column("campaigns", sa.Column("holdout_percent", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("workspaces", sa.Column("sending_rules", Json, nullable=False, server_default="{}"))
    op.create_index("ix_campaigns_scheduled_at", "campaigns", ["scheduled_at"], unique=False)


def _rebuild_messages() -> None:
    """SQLite can't make a column nullable: copy the rows; no table refers to these, and ids stay used up."""
    op.create_table(
        "messages_anew",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("campaign_id", Id, nullable=True),
        sa.Column("contact_id", Id, nullable=True),
        sa.Column("variant_id", Id, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("provider_message_id", sa.Text(), nullable=True),
        sa.Column("queued_at", UtcDateTime(), nullable=False),
        sa.Column("accepted_at", UtcDateTime(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=True),
        sa.Column("connection_id", Id, nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_messages_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("campaign_id", "contact_id", name=op.f("uq_messages_campaign_id_contact_id")),
        sqlite_autoincrement=True,
    )
    columns = ", ".join(_KEPT)
    op.execute(f"insert into messages_anew ({columns}) select {columns} from messages order by id")
    op.execute("delete from sqlite_sequence where name = 'messages_anew'")
    op.execute("insert into sqlite_sequence (name, seq) select 'messages_anew', seq from sqlite_sequence where name = 'messages'")
    op.drop_table("messages")
    op.rename_table("messages_anew", "messages")
    op.create_index("ix_messages_contact_id", "messages", ["contact_id"])
    op.create_index("ix_messages_unrecorded", "messages", ["accepted_at"], sqlite_where=_UNRECORDED)
    op.create_index("ix_messages_provider_id", "messages", ["workspace_id", "provider_message_id"], sqlite_where=_NAMED)


def _add_requests() -> None:
    op.create_table(
        "requests",
        sa.Column("message_id", Id, autoincrement=False, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("request_key", sa.Text(), nullable=True),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("template_version_id", Id, nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("connection_id", Id, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], name=op.f("fk_requests_connection_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_requests_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_requests")),
        sa.UniqueConstraint("workspace_id", "request_key", name=op.f("uq_requests_workspace_id_request_key")),
    )
    op.create_index("ix_requests_kept", "requests", ["created_at"], sqlite_where=_WITH_CONTENT, postgresql_where=_WITH_CONTENT)
    op.create_index("ix_requests_workspace_id", "requests", ["workspace_id"])


def _add_pacing() -> None:
    op.add_column("connections", sa.Column("pacing", Json, nullable=False, server_default="{}"))
    op.add_column("connections", sa.Column("fallback_id", Id, nullable=True))
    op.create_table(
        "connection_paces",
        sa.Column("connection_id", Id, autoincrement=False, nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("permits", sa.Float(), nullable=False),
        sa.Column("refilled_at", UtcDateTime(), nullable=False),
        sa.Column("slowed", sa.Float(), nullable=False),
        sa.Column("full_rate", sa.Float(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("held_until", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], name=op.f("fk_connection_paces_connection_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_connection_paces_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("connection_id", "domain", name=op.f("pk_connection_paces")),
    )
    op.create_index("ix_connection_paces_workspace_id", "connection_paces", ["workspace_id"])
    op.create_table(
        "connection_days",
        sa.Column("connection_id", Id, autoincrement=False, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], name=op.f("fk_connection_days_connection_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_connection_days_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("connection_id", "day", "domain", name=op.f("pk_connection_days")),
    )
    op.create_index("ix_connection_days_workspace_id", "connection_days", ["workspace_id"])


def _add_mailboxes() -> None:
    op.create_table(
        "mailbox_reads",
        sa.Column("connection_id", Id, autoincrement=False, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("tried_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], name=op.f("fk_mailbox_reads_connection_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_mailbox_reads_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_mailbox_reads")),
    )
    op.create_index("ix_mailbox_reads_workspace_id", "mailbox_reads", ["workspace_id"])
