"""The brand kits of a workspace."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.database import Database
from core.templates.brands.brand import Brand, read_brand
from core.templates.tables import brand_kits


class BrandKits:
    """Finds the brand of an email.

    Args:
        db: The operational database.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def brand_of(self, workspace_id: int, kit_id: int | None) -> Brand:
        """Return the brand of a kit, or of the workspace's usual one; plain where there is none.

        Args:
            workspace_id: Whose.
            kit_id: The kit, or None for the usual one.
        """
        mine = brand_kits.c.workspace_id == workspace_id
        which = brand_kits.c.id == kit_id if kit_id is not None else brand_kits.c.is_default
        with self._db.read() as connection:
            content = connection.execute(sa.select(brand_kits.c.content).where(mine, which)).scalar()
        return read_brand(content) if content is not None else Brand()
