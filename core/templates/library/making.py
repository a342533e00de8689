"""Making a version: compiled in the look it wears, in all its languages, before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import sqlalchemy as sa

from core.storage.database import Database
from core.templates.brands.kits import BrandKits
from core.templates.brands.reading import brand_of_template
from core.templates.brands.restyling import attributes_of
from core.templates.compiling.compiler import CompiledTemplate, TemplateKind, normalised
from core.templates.confined.process import Confined
from core.templates.languages.choice import normal_language
from core.templates.languages.variants import Variant, compile_variants, variants_of
from core.templates.library.models import latest_of, load_version
from core.templates.look.brand import Brand
from core.templates.tables import templates


@dataclass(frozen=True)
class Made:
    """A version that can be kept.

    Args:
        main: It in its main language; its links and merge fields are those of all languages.
        source: What it was compiled from.
        variants: It in its other languages.
        brand: What it wears.
    """

    main: CompiledTemplate
    source: str
    variants: tuple[Variant, ...]
    brand: Brand

    @property
    def languages(self) -> dict[str, str]:
        """Its words by language, see `Variant.source`."""
        return {one.language: one.source for one in self.variants}

    def texts(self) -> Iterator[str]:
        """Yield what is kept of it that can name a picture."""
        yield from (self.source, self.main.html)
        for one in self.variants:
            yield from (one.source, one.html)


class Maker:
    """Compiles templates where it can be stopped.

    Args:
        db: The operational database.
        brands: How block documents look.
        confined: Where templates are compiled that nobody has checked yet.
    """

    def __init__(self, db: Database, brands: BrandKits, confined: Confined) -> None:
        self._db, self._brands, self._confined = db, brands, confined

    def worn(self, workspace_id: int, which: sa.ColumnElement[bool]) -> Brand:
        """Return the brand of the template that a condition finds, or the workspace's usual one."""
        mine = sa.select(templates.c.brand_kit_id).where(templates.c.workspace_id == workspace_id, which)
        with self._db.read() as connection:
            kit_id = connection.execute(mine).scalar()
        return self._brands.brand_of(workspace_id, kit_id)

    def compiled(
        self, workspace_id: int, source: str, kind: TemplateKind | None, brand: Brand, *, marked: bool = False
    ) -> CompiledTemplate:
        """Return a template compiled in a brand.

        Raises:
            InvalidInput: If it can't be used; says what is wrong and in which line.
        """
        known = self._attributes(workspace_id)
        return self._confined.compile(source, kind, known_attributes=known, brand=brand, marked=marked, whose=workspace_id)

    def made(
        self,
        workspace_id: int,
        which: sa.ColumnElement[bool],
        source: str,
        kind: TemplateKind | None,
        languages: Mapping[str, str] | None,
    ) -> Made:
        """Return a version of the template that a condition finds, or of a new one.

        Args:
            workspace_id: Whose.
            which: Finds the template.
            source: What is written.
            kind: What it is written in; found out from the source where it is not given.
            languages: The words in other languages; None for those that its newest version has.

        Raises:
            InvalidInput: If it can't be used; says what is wrong and in which line.
        """
        if languages is None:
            with self._db.read() as connection:
                languages = _languages(connection, workspace_id, which)
        else:  # given, perhaps by a file from anybody
            languages = {normal_language(tag): words for tag, words in languages.items()}
        return self._made(workspace_id, normalised(source), kind, self.worn(workspace_id, which), languages)

    def as_of_now(self, connection: sa.Connection, workspace_id: int, template_id: int, made: Made, *, keeps_languages: bool) -> Made:
        """Return a version anew if the brand was changed since, or its languages, where it is to keep those it has; else as it is.

        Args:
            connection: The transaction that keeps it; the template's row is held.
            workspace_id: Whose.
            template_id: The template.
            made: The version.
            keeps_languages: Whether it has the languages of the newest version.
        """
        brand, languages = made.brand, made.languages
        if made.main.kind is TemplateKind.BLOCKS:
            brand = brand_of_template(connection, workspace_id, template_id)
        if keeps_languages:
            languages = _languages(connection, workspace_id, templates.c.id == template_id)
        same = (brand, languages) == (made.brand, made.languages)
        return made if same else self._made(workspace_id, made.source, made.main.kind, brand, languages)

    def _made(self, workspace_id: int, source: str, kind: TemplateKind | None, brand: Brand, languages: Mapping[str, str]) -> Made:
        main = self.compiled(workspace_id, source, kind, brand)
        if not languages:
            return Made(main, source, (), brand)
        known = self._attributes(workspace_id)
        compiled_by = partial(self._confined.compile, whose=workspace_id)
        variants, links, fields = compile_variants(main, source, languages, known_attributes=known, brand=brand, compiled_by=compiled_by)
        return Made(replace(main, links=links, fields=fields), source, tuple(variants), brand)

    def _attributes(self, workspace_id: int) -> list[str]:
        with self._db.read() as connection:
            return attributes_of(connection, workspace_id)


def says_the_same(connection: sa.Connection, workspace_id: int, version_id: int, made: Made) -> bool:
    """Return whether a kept version is what was made, in all languages."""
    row = load_version(connection, workspace_id, version_id)
    main = made.main
    if (row.source, row.kind, row.html, row.text, row.links) != (made.source, main.kind, main.html, main.text, main.links):
        return False
    return {one.language: (one.source, one.html, one.text) for one in variants_of(connection, workspace_id, version_id)} == {
        one.language: (one.source, one.html, one.text) for one in made.variants
    }


def _languages(connection: sa.Connection, workspace_id: int, which: sa.ColumnElement[bool]) -> dict[str, str]:
    """Return the words of the newest version of a template by language."""
    mine = sa.select(templates.c.id).where(templates.c.workspace_id == workspace_id, which)
    template_id = connection.execute(mine).scalar()
    latest = latest_of(connection, workspace_id, template_id) if template_id is not None else None
    if latest is None:
        return {}
    return {one.language: one.source for one in variants_of(connection, workspace_id, latest.id)}
