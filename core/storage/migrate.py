"""Bring the database to the newest shape; safe to run again and by several processes at once."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from core.storage.database import Database

_FOLDER = Path(__file__).parent / "migrations"
# Any constant: PostgreSQL's advisory lock that keeps two migrating processes apart (SQLite's write lock does there).
_ADVISORY_LOCK = 7_085_777


def migrate(db: Database, to: str = "head") -> None:
    """Apply every missing migration in one transaction.

    Args:
        db: The database.
        to: The last one to apply; the newest unless a test wants an older shape.
    """
    with db.transaction() as connection:
        if db.dialect == "postgresql":
            connection.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def is_current(db: Database) -> bool:
    """Return whether the database has the newest shape."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    with db.read() as connection:
        return MigrationContext.configure(connection).get_current_revision() == newest


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config
