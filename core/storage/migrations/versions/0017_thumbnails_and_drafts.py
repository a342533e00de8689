"""pictures of templates that could not be taken are tried again; drafts of translations"""

import sqlalchemy as sa
from alembic import op

from core.storage.schema import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KEPT = "template_id, workspace_id, kind, source, based_on, revision, updated_by, updated_at"


def _of_drafts():
    """Give drafts a language; the key of a table is changed by making it anew, on both databases alike."""
    op.execute("create table template_drafts_moving as select * from template_drafts")
    op.drop_table("template_drafts")
    op.create_table(
        "template_drafts",
        sa.Column("template_id", Id, sa.ForeignKey("templates.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
        sa.Column("language", sa.Text, primary_key=True),
        sa.Column("workspace_id", Id, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("based_on", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("updated_by", sa.Text, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
    )
    op.execute(f"insert into template_drafts (language, {_KEPT}) select '', {_KEPT} from template_drafts_moving")
    op.drop_table("template_drafts_moving")


def upgrade() -> None:
    _of_drafts()
    op.add_column("template_versions", sa.Column("thumbnail_tries", sa.Integer, nullable=False, server_default="0"))
    op.add_column("template_versions", sa.Column("thumbnail_after", UtcDateTime))
    op.execute("update template_versions set thumbnail = null where thumbnail = ''")
