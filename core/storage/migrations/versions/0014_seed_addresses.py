"""addresses that tests of campaigns go to"""

import sqlalchemy as sa
from alembic import op

from core.storage.schema import Id, UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "seed_addresses",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_seed_addresses_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seed_addresses")),
        sa.UniqueConstraint("workspace_id", "email", name=op.f("uq_seed_addresses_workspace_id_email")),
    )
    op.create_index(op.f("ix_seed_addresses_workspace_id"), "seed_addresses", ["workspace_id"])
