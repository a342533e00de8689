"""how many mails have asked an address, which outlives the contact"""

import sqlalchemy as sa
from alembic import op

from core.storage.schema import Id, UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not filled from what was asked before: the key of the hashes is no matter of the database. Those mails count by their contact.
    op.create_table(
        "opt_in_mails",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("address_hash", sa.Text(), nullable=False),
        sa.Column("is_answered", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_opt_in_mails_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_opt_in_mails")),
    )
    op.create_index(op.f("ix_opt_in_mails_workspace_id"), "opt_in_mails", ["workspace_id"])
    op.create_index("ix_opt_in_mails_workspace_id_address_hash", "opt_in_mails", ["workspace_id", "address_hash"])
    op.create_index("ix_opt_in_mails_created_at", "opt_in_mails", ["created_at"])
