"""which templates have still to follow their brand, and why some can't; what the brand of a campaign was when it was launched"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("templates", sa.Column("look_due_by", sa.Text))
    op.add_column("templates", sa.Column("look_problem", sa.Text, nullable=False, server_default=""))
    # Not filled: campaigns launched before go on with the brand of today, as they were promised.
    op.add_column("campaigns", sa.Column("brand", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")))
