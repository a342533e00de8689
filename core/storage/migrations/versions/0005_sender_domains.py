"""sender domains and their DKIM keys"""

import sqlalchemy as sa
from alembic import op

from core.storage.schema import Id, Json, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sender_domains",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("return_path", sa.Text(), nullable=False),
        sa.Column("connection_ids", Json, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
        sa.Column("findings", Json, nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_sender_domains_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sender_domains")),
        sa.UniqueConstraint("workspace_id", "domain", name=op.f("uq_sender_domains_workspace_id_domain")),
    )
    op.create_index("ix_sender_domains_workspace_id", "sender_domains", ["workspace_id"])
    op.create_table(
        "dkim_keys",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("domain_id", Id, nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("selector", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("private_key", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_dkim_keys_workspace_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["domain_id"], ["sender_domains.id"], name=op.f("fk_dkim_keys_domain_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dkim_keys")),
        sa.UniqueConstraint("domain_id", "selector", name=op.f("uq_dkim_keys_domain_id_selector")),
    )
    op.create_index("ix_dkim_keys_workspace_id", "dkim_keys", ["workspace_id"])
    op.create_index("ix_dkim_keys_domain_id", "dkim_keys", ["domain_id"])
