"""Templates get a new version in the look of their kit when it changes; versions that are there stay what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.contacts.tables import contact_attributes
from core.errors import Conflict, PostwrightError
from core.permissions import Principal
from core.templates.brands.reading import BrandKit, kits_of
from core.templates.compiling.compiler import CompiledTemplate, TemplateKind, compile_template
from core.templates.languages.variants import compile_variants, variants_of
from core.templates.languages.writing import NewVersion, write_version
from core.templates.look.brand import Brand
from core.templates.tables import template_versions, templates

NOTE = "Brand kit changed"


@dataclass(frozen=True)
class Kept:
    """A template that can't be compiled in the new look, and so keeps the version it has.

    Args:
        template_id: Its number.
        name: Its name.
        reason: Why, in words.
    """

    template_id: int
    name: str
    reason: str


@dataclass(frozen=True)
class Restyled:
    """What a change of a kit did to the templates that wear it.

    Args:
        changed: Those that got a new version, by number and name.
        kept: Those that can't be compiled in the new look.
    """

    changed: Mapping[int, str] = field(default_factory=dict)
    kept: tuple[Kept, ...] = ()

    def __add__(self, other: Restyled) -> Restyled:
        """Return both together."""
        return Restyled({**self.changed, **other.changed}, (*self.kept, *other.kept))


@dataclass(frozen=True)
class SavedKit:
    """A kit that was kept, and what became of the templates that wear it.

    Args:
        kit: The kit as it is now.
        restyled: The templates.
    """

    kit: BrandKit
    restyled: Restyled


@dataclass(frozen=True)
class Wearer:
    """A template that wears a kit.

    Args:
        template_id: Its number.
        name: Its name.
        is_chosen: Whether it was put on by name; else it is worn for being the default.
    """

    template_id: int
    name: str
    is_chosen: bool


def wearers(workspace_id: int, kit_id: int | None, *, also_none: bool) -> sa.ColumnElement[bool]:
    """Return the condition on templates that holds for those of a workspace that wear a kit.

    Args:
        workspace_id: Whose.
        kit_id: The kit; None for those that chose none.
        also_none: Whether those that chose none wear it too, as they do the default.
    """
    chosen = templates.c.brand_kit_id == kit_id if kit_id is not None else templates.c.brand_kit_id.is_(None)
    return sa.and_(templates.c.workspace_id == workspace_id, sa.or_(chosen, templates.c.brand_kit_id.is_(None)) if also_none else chosen)


def must_be_deletable(connection: sa.Connection, workspace_id: int, kit: BrandKit) -> None:
    """Do nothing if a kit may go.

    Raises:
        Conflict: If templates have chosen it, or it is the default and there are others.
    """
    here = wearers(workspace_id, kit.id, also_none=False)
    chosen = sa.select(sa.func.count()).select_from(templates).where(here, templates.c.archived_at.is_(None))
    if worn := int(connection.execute(chosen).scalar_one()):
        how_many = "1 template wears" if worn == 1 else f"{worn} templates wear"
        raise Conflict(f"{how_many} the brand kit “{kit.name}”.", hint="Give them another brand first.")
    others = sum(1 for row in connection.execute(kits_of(workspace_id)) if row.id != kit.id)
    if kit.is_default and others:
        raise Conflict(f"“{kit.name}” is the default brand kit.", hint="Make another one the default first.")


class Restyling:
    """Compiles templates in a new look: most of it before the transaction, so that nobody waits for that.

    Args:
        brand: The new look.
        attributes: The contact attributes that exist.
    """

    def __init__(self, brand: Brand, attributes: list[str]) -> None:
        self.brand, self._attributes = brand, attributes
        self._done: dict[int, dict[str, CompiledTemplate] | PostwrightError] = {}

    def prepare(self, connection: sa.Connection, which: sa.ColumnElement[bool]) -> None:
        """Compile the newest versions of templates, and remember them for `apply`."""
        for row in connection.execute(_newest(which)).all():
            self._compiled(connection, row)

    def apply(self, connection: sa.Connection, by: Principal, which: sa.ColumnElement[bool], now: datetime) -> Restyled:
        """Give each template that looks different now a new version, inside the caller's transaction."""
        changed, kept = {}, []
        connection.execute(sa.select(templates.c.id).where(which).with_for_update())  # nobody saves a version of the same number
        for row in connection.execute(_newest(which)).all():
            compiled = self._compiled(connection, row)
            if isinstance(compiled, PostwrightError):
                kept.append(Kept(row.template_id, row.name, str(compiled)))
            elif compiled[""].html != row.html or _variants_differ(connection, row, compiled):
                _add(connection, by, row, compiled, now)
                changed[row.template_id] = row.name
        return Restyled(changed, tuple(kept))

    def _compiled(self, connection: sa.Connection, row: sa.Row[Any]) -> dict[str, CompiledTemplate] | PostwrightError:
        """Return a version in the new look, and its languages by their names; or why that can't be."""
        if row.id not in self._done:
            try:
                self._done[row.id] = self._look(
                    row.source, {one.language: one.source for one in variants_of(connection, row.workspace_id, row.id)}
                )
            except PostwrightError as error:
                self._done[row.id] = error
        return self._done[row.id]

    def _look(self, source: str, words: Mapping[str, str]) -> dict[str, CompiledTemplate]:
        main = compile_template(source, TemplateKind.BLOCKS, known_attributes=self._attributes, brand=self.brand)
        variants, links, fields = compile_variants(main, source, words, known_attributes=self._attributes, brand=self.brand)
        others = {one.language: CompiledTemplate(main.kind, one.html, one.text, links, list(one.fields)) for one in variants}
        return {"": replace(main, links=links, fields=fields), **others}


def attributes_of(connection: sa.Connection, workspace_id: int) -> list[str]:
    """Return the names of the contact attributes of a workspace."""
    mine = contact_attributes.c.workspace_id == workspace_id
    return list(connection.execute(sa.select(contact_attributes.c.name).where(mine)).scalars())


def _newest(which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    version = template_versions.c
    latest = sa.select(sa.func.max(version.number)).where(version.template_id == templates.c.id).correlate(templates).scalar_subquery()
    columns = (version.id, version.template_id, version.workspace_id, version.number, version.source, version.html, templates.c.name)
    joined = template_versions.join(templates, templates.c.id == version.template_id)
    blocks = (version.number == latest, version.kind == TemplateKind.BLOCKS.value, templates.c.archived_at.is_(None))
    return sa.select(*columns).select_from(joined).where(which, *blocks).order_by(templates.c.id)


def _variants_differ(connection: sa.Connection, row: sa.Row[Any], compiled: Mapping[str, CompiledTemplate]) -> bool:
    return any(compiled[one.language].html != one.html for one in variants_of(connection, row.workspace_id, row.id))


def _add(connection: sa.Connection, by: Principal, row: sa.Row[Any], compiled: Mapping[str, CompiledTemplate], now: datetime) -> None:
    others = [
        replace(one, html=compiled[one.language].html, text=compiled[one.language].text, fields=tuple(compiled[one.language].fields))
        for one in variants_of(connection, row.workspace_id, row.id)
    ]
    write_version(connection, by, now, NewVersion(row.template_id, row.number + 1, row.source, compiled[""], others, NOTE))
