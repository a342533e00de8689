"""subjects and preview texts of campaigns, in each language"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    for table in ("campaigns", "arms"):
        op.add_column(table, sa.Column("preview_text", sa.Text, nullable=False, server_default=""))
        op.add_column(table, sa.Column("subjects", Json, nullable=False, server_default="{}"))
