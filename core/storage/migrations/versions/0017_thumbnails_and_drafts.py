"""pictures of templates that could not be taken are tried again"""

import sqlalchemy as sa
from alembic import op

from core.storage.schema import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("template_versions", sa.Column("thumbnail_tries", sa.Integer, nullable=False, server_default="0"))
    op.add_column("template_versions", sa.Column("thumbnail_after", UtcDateTime))
    op.execute("update template_versions set thumbnail = null where thumbnail = ''")
