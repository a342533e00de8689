"""which templates have still to follow their brand, and why some can't"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("templates", sa.Column("look_due_by", sa.Text))
    op.add_column("templates", sa.Column("look_problem", sa.Text, nullable=False, server_default=""))
