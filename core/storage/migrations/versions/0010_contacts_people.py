"""tags and notes on contacts, contacts merged into others, labels and descriptions of attributes"""

import sqlalchemy as sa
from alembic import op

from core.storage.schema import Id, UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    workspace = ["workspaces.id"]
    op.create_table(
        "tags",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], workspace, name=op.f("fk_tags_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("workspace_id", "name_key", name=op.f("uq_tags_workspace_id_name_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_tags_workspace_id"), "tags", ["workspace_id"])
    op.create_table(
        "contact_tags",
        sa.Column("tag_id", Id, nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_contact_tags_contact_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name=op.f("fk_contact_tags_tag_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["workspace_id"], workspace, name=op.f("fk_contact_tags_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tag_id", "contact_id", name=op.f("pk_contact_tags")),
    )
    op.create_index(op.f("ix_contact_tags_contact_id"), "contact_tags", ["contact_id"])
    op.create_index(op.f("ix_contact_tags_workspace_id"), "contact_tags", ["workspace_id"])
    op.create_table(
        "contact_notes",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_contact_notes_contact_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["workspace_id"], workspace, name=op.f("fk_contact_notes_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_notes")),
    )
    op.create_index(op.f("ix_contact_notes_contact_id"), "contact_notes", ["contact_id"])
    op.create_index(op.f("ix_contact_notes_workspace_id"), "contact_notes", ["workspace_id"])
    op.create_table(
        "contact_aliases",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("alias_id", Id, autoincrement=False, nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("merged_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_contact_aliases_contact_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["workspace_id"], workspace, name=op.f("fk_contact_aliases_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("alias_id", name=op.f("pk_contact_aliases")),
    )
    op.create_index(op.f("ix_contact_aliases_contact_id"), "contact_aliases", ["contact_id"])
    op.create_index(op.f("ix_contact_aliases_workspace_id"), "contact_aliases", ["workspace_id"])
    op.add_column("contact_attributes", sa.Column("label", sa.Text(), nullable=False, server_default=""))
    op.add_column("contact_attributes", sa.Column("description", sa.Text(), nullable=False, server_default=""))
    op.create_index("ix_audit_log_workspace_id_target", "audit_log", ["workspace_id", "target"])
