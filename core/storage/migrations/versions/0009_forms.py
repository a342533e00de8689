"""sign-up forms, what came in by them, and the lists that anybody may join"""

import sqlalchemy as sa
from alembic import op

from core.storage.schema import Id, Json, UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lists", sa.Column("is_public", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("lists", sa.Column("description", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "sign_up_forms",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("design", Json, nullable=False),
        sa.Column("wording_version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_sign_up_forms_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_up_forms")),
        sa.UniqueConstraint("key", name=op.f("uq_sign_up_forms_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sign_up_forms_workspace_id", "sign_up_forms", ["workspace_id"])
    op.create_table(
        "form_submissions",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("form_id", Id, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("contact_id", Id, nullable=True),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_form_submissions_workspace_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["form_id"], ["sign_up_forms.id"], name=op.f("fk_form_submissions_form_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_submissions")),
        sa.UniqueConstraint("form_id", "key", name=op.f("uq_form_submissions_form_id_key")),
    )
    op.create_index("ix_form_submissions_workspace_id", "form_submissions", ["workspace_id"])
    op.create_index("ix_form_submissions_contact_id", "form_submissions", ["contact_id"])
    op.create_index("ix_form_submissions_form_id_day", "form_submissions", ["form_id", "day"])
