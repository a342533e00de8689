"""when a single message may have left by its connection"""

import sqlalchemy as sa
from alembic import op

from core.storage.schema import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("requests", sa.Column("left_at", UtcDateTime(), nullable=True))
