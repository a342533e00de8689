"""imports that go on after a crash, can be cancelled and taken back, and know a file again"""

import sqlalchemy as sa
from alembic import op

from core.storage.schema import Id, Json, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = {"nullable": False, "server_default": "0"}
    op.add_column("imports", sa.Column("state", sa.Text(), nullable=False, server_default="done"))
    op.add_column("imports", sa.Column("unchanged", sa.BigInteger(), **number))
    op.add_column("imports", sa.Column("suppressed", sa.BigInteger(), **number))
    op.add_column("imports", sa.Column("flagged", sa.BigInteger(), **number))
    op.add_column("imports", sa.Column("choices", Json, nullable=False, server_default="{}"))
    op.add_column("imports", sa.Column("folder", sa.Text(), nullable=False, server_default=""))
    op.add_column("imports", sa.Column("attempts", sa.Integer(), **number))
    op.add_column("imports", sa.Column("error", sa.Text(), nullable=False, server_default=""))
    # The number of its change and its moment tell what it gave; null for imports from before they were kept.
    op.add_column("imports", sa.Column("change", sa.BigInteger(), nullable=True))
    op.add_column("imports", sa.Column("finished_at", UtcDateTime(), nullable=True))
    op.create_index("ix_imports_state", "imports", ["state"])
    op.create_table(
        "import_changes",
        sa.Column("import_id", Id, nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("fields", Json, nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name="fk_import_changes_import_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_import_changes_contact_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_import_changes_workspace_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("import_id", "contact_id", name="pk_import_changes"),
    )
    op.create_index("ix_import_changes_contact_id", "import_changes", ["contact_id"])
    op.create_index("ix_import_changes_workspace_id", "import_changes", ["workspace_id"])
    op.create_table(
        "import_headers",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("header_hash", sa.Text(), nullable=False),
        sa.Column("mapping", Json, nullable=False),
        sa.Column("kinds", Json, nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_import_headers_workspace_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("workspace_id", "header_hash", name="pk_import_headers"),
    )
