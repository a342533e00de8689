"""What is written, compiled in the brand it wears."""

from __future__ import annotations

import sqlalchemy as sa

from core.storage.database import Database
from core.templates.brands.brand import Brand
from core.templates.brands.kits import BrandKits
from core.templates.brands.reading import brand_of_template
from core.templates.brands.restyling import attributes_of
from core.templates.compiling import CompiledTemplate, TemplateKind
from core.templates.confined import Confined
from core.templates.tables import templates


class Wearing:
    """Finds the brand of a template, and compiles sources in it where that can be stopped.

    Args:
        db: The operational database.
        brands: The brand kits.
        confined: Where sources are compiled that nobody has checked yet.
    """

    def __init__(self, db: Database, brands: BrandKits, confined: Confined) -> None:
        self._db, self._brands, self._confined = db, brands, confined

    def worn(self, workspace_id: int, which: sa.ColumnElement[bool]) -> Brand:
        """Return the brand of a template; the workspace's usual one where there is no such template yet."""
        mine = sa.select(templates.c.brand_kit_id).where(templates.c.workspace_id == workspace_id, which)
        with self._db.read() as connection:
            kit_id = connection.execute(mine).scalar()
        return self._brands.brand_of(workspace_id, kit_id)

    def compiled(
        self, workspace_id: int, source: str, kind: TemplateKind | None, brand: Brand, *, marked: bool = False
    ) -> CompiledTemplate:
        """Compile a source in a brand; see `compile_template`.

        Raises:
            InvalidInput: If it can't be used; says what is wrong and in which line.
        """
        with self._db.read() as connection:
            known = attributes_of(connection, workspace_id)
        return self._confined.compile(source, kind, known_attributes=known, brand=brand, marked=marked)

    def in_todays(
        self, connection: sa.Connection, workspace_id: int, template_id: int, source: str, compiled: CompiledTemplate, brand: Brand
    ) -> CompiledTemplate:
        """Compile again if the kit was changed since, or another one put on; the template's row is held."""
        if compiled.kind is not TemplateKind.BLOCKS or brand == (today := brand_of_template(connection, workspace_id, template_id)):
            return compiled
        return self.compiled(workspace_id, source, compiled.kind, today)
