"""brand kits, block documents, drafts, saved blocks, pictures, languages; folders, tags and notes of templates"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from core.storage.schema import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _workspace():
    return sa.Column("workspace_id", Id, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False, index=True)


def _number():
    return sa.Column("id", Id, primary_key=True, autoincrement=True)


def _brand_kits():
    op.create_table(
        "brand_kits",
        _number(),
        _workspace(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("is_default", sa.Boolean, nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("updated_by", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.UniqueConstraint("workspace_id", "name", name="uq_brand_kits_workspace_id_name"),
    )


def _of_templates():
    op.add_column("templates", sa.Column("folder", sa.Text, nullable=False, server_default=""))
    op.add_column("templates", sa.Column("tags", Json, nullable=False, server_default="[]"))
    op.add_column("templates", sa.Column("brand_kit_id", Id))
    op.add_column("templates", sa.Column("archived_at", UtcDateTime))
    op.add_column("template_versions", sa.Column("note", sa.Text, nullable=False, server_default=""))
    op.add_column("template_versions", sa.Column("thumbnail", sa.Text))
    op.create_index("ix_requests_template_version_id", "requests", ["template_version_id"])
    op.create_table(
        "template_drafts",
        sa.Column("template_id", Id, sa.ForeignKey("templates.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
        _workspace(),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("based_on", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("updated_by", sa.Text, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "template_variants",
        _number(),
        _workspace(),
        sa.Column("version_id", Id, sa.ForeignKey("template_versions.id", ondelete="CASCADE"), nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("html", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("links", Json, nullable=False),
        sa.Column("fields", Json, nullable=False),
        sa.UniqueConstraint("version_id", "language", name="uq_template_variants_version_id_language"),
    )


def upgrade() -> None:
    _brand_kits()
    _of_templates()
    op.create_table(
        "saved_blocks",
        _number(),
        _workspace(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("updated_by", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.UniqueConstraint("workspace_id", "name", name="uq_saved_blocks_workspace_id_name"),
    )
    op.create_table(
        "pictures",
        _number(),
        _workspace(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("blob", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("alt", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.UniqueConstraint("workspace_id", "blob", name="uq_pictures_workspace_id_blob"),
    )
