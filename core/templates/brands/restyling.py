"""Templates get a new version in the look of their kit when it changes; versions that are there stay what they are.

Which have to follow stands in the database (`wearing.mark_due`), written with the change itself, so none is forgotten if whoever was
at it is killed. They are compiled in between the transactions, some at a time: nobody who writes has to wait for that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.tables import contact_attributes
from core.errors import PostwrightError
from core.permissions import Principal
from core.storage.database import Database, among, lock_rows
from core.templates.brands.reading import BrandKit, brand_worn
from core.templates.brands.turns import turn
from core.templates.brands.wearing import due_in
from core.templates.compiling.compiler import CompiledTemplate, TemplateKind, compile_template
from core.templates.languages.variants import Variant, compile_variants, variants_of
from core.templates.languages.writing import NewVersion, write_version
from core.templates.look.brand import Brand
from core.templates.tables import template_versions, templates

NOTE = "Brand kit changed"
AT_ONCE = 50
PATIENCE = 3.0  # seconds: what takes longer goes on without whoever asked for it

Told = Callable[[int, int], None]


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
        waiting: How many are still to be written in it, which the worker does.
    """

    changed: Mapping[int, str] = field(default_factory=dict)
    kept: tuple[Kept, ...] = ()
    waiting: int = 0

    def __add__(self, other: Restyled) -> Restyled:
        """Return both together; what waits is as it was last."""
        return Restyled({**self.changed, **other.changed}, (*self.kept, *other.kept), other.waiting)


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
class _Ready:
    """A newest version in its new look, or why it can't be had.

    Args:
        version: The row of the version.
        brand: The look.
        main: It in its main language, with the links of all.
        variants: It in its other languages.
        differs: Whether any of it is another mail than the version that is there.
        problem: What keeps it from the look.
    """

    version: sa.Row[Any]
    brand: Brand
    main: CompiledTemplate | None = None
    variants: tuple[Variant, ...] = ()
    differs: bool = False
    problem: str = ""


class Restyling:
    """Writes templates in the look they have to follow.

    Args:
        db: The operational database.
        clock: The time.
        turns: The folder in which whoever is at it says so; without one, two at once do the same work, of which one half counts.
    """

    def __init__(self, db: Database, clock: Clock, turns: Path | None = None) -> None:
        self._db, self._clock, self._turns = db, clock, turns

    def follow(
        self, by: Principal, which: sa.ColumnElement[bool] | None = None, *, seconds: float = PATIENCE, told: Told | None = None
    ) -> Restyled:
        """Write templates in the look they have to follow, as many as there is time for.

        Args:
            by: Who has it done; the versions are by whoever changed the look.
            which: Only those among these; by default all of the workspace.
            seconds: After how long to leave the rest to the worker.
            told: Called with how many are done, and of how many.
        """
        until, restyled = time.monotonic() + seconds, Restyled()
        total = self._count(by.workspace_id, which)
        with turn(self._turns, by.workspace_id) as is_ours:
            while is_ours and time.monotonic() < until:
                ready = self._ready(by.workspace_id, which, until)
                if not ready:
                    break
                restyled += self._write(by, ready)
                if told:
                    told(min(total, len(restyled.changed) + len(restyled.kept)), total)
        return replace(restyled, waiting=self._count(by.workspace_id, which) if total else 0)

    def bring(self, by: Principal, template_id: int) -> None:
        """Write one template in the look it has to follow, now: it is about to be sent."""
        which = templates.c.id == template_id
        while ready := self._ready(by.workspace_id, which, until=None):
            self._write(by, ready)

    def workspaces_due(self) -> list[int]:
        """Return the workspaces in which templates have still to follow their brand; for the worker."""
        due = (templates.c.look_due_by.is_not(None), templates.c.archived_at.is_(None))
        with self._db.read() as connection:
            return list(connection.execute(sa.select(templates.c.workspace_id).where(*due).distinct()).scalars())

    def _count(self, workspace_id: int, which: sa.ColumnElement[bool] | None) -> int:
        counted = sa.select(sa.func.count()).select_from(templates).where(due_in(workspace_id, which))
        with self._db.read() as connection:
            return int(connection.execute(counted).scalar_one())

    def _ready(self, workspace_id: int, which: sa.ColumnElement[bool] | None, until: float | None) -> list[_Ready]:
        """Compile some of those that are due; no transaction is open meanwhile."""
        with self._db.read() as connection:
            attributes = attributes_of(connection, workspace_id)
            rows = connection.execute(_newest(due_in(workspace_id, which)).limit(AT_ONCE)).all()
            brands = {kit: brand_worn(connection, workspace_id, kit) for kit in {row.brand_kit_id for row in rows}}
            languages = {row.id: variants_of(connection, workspace_id, row.id) for row in rows}
        ready: list[_Ready] = []
        for row in rows:
            if ready and until is not None and time.monotonic() > until:
                break
            ready.append(_compiled(row, brands[row.brand_kit_id], languages[row.id], attributes))
        return ready

    def _write(self, by: Principal, ready: list[_Ready]) -> Restyled:
        """Keep what was compiled, where it is still what has to be kept; what changed meanwhile is due still."""
        changed, kept, now = {}, [], self._clock.now()
        ids = [one.version.template_id for one in ready]
        with self._db.transaction() as connection:
            mine = sa.and_(templates.c.workspace_id == by.workspace_id, templates.c.id.in_(among(connection, ids)))
            lock_rows(connection, templates.c.id, sa.select(templates.c.id).where(mine))
            newest = {row.template_id: row for row in connection.execute(_newest(due_in(by.workspace_id, mine)))}
            for one in ready:
                row = newest.get(one.version.template_id)
                if row is None or row.id != one.version.id or brand_worn(connection, by.workspace_id, row.brand_kit_id) != one.brand:
                    continue
                self._keep(connection, by, row, one)
                if one.differs:
                    changed[row.template_id] = row.name
                if one.problem:
                    kept.append(Kept(row.template_id, row.name, one.problem))
            if changed:
                after = {"templates": len(changed), "which": list(changed)}
                record(connection, now, by, AuditAction.TEMPLATES_RESTYLED, after=after)
        return Restyled(changed, tuple(kept))

    def _keep(self, connection: sa.Connection, by: Principal, row: sa.Row[Any], one: _Ready) -> None:
        this = (templates.c.workspace_id == by.workspace_id, templates.c.id == row.template_id)
        if one.differs and one.main:
            new = NewVersion(row.template_id, row.number + 1, row.source, one.main, one.variants, NOTE)
            write_version(connection, replace(by, label=row.look_due_by), self._clock.now(), new)
        connection.execute(templates.update().where(*this).values(look_due_by=None, look_problem=one.problem))


def attributes_of(connection: sa.Connection, workspace_id: int) -> list[str]:
    """Return the names of the contact attributes of a workspace."""
    mine = contact_attributes.c.workspace_id == workspace_id
    return list(connection.execute(sa.select(contact_attributes.c.name).where(mine)).scalars())


def _newest(which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    version, template = template_versions.c, templates.c
    latest = sa.select(sa.func.max(version.number)).where(version.template_id == template.id).correlate(templates).scalar_subquery()
    said = (version.id, version.template_id, version.number, version.source, version.html, version.text, version.links)
    columns: tuple[sa.Column[Any], ...] = (*said, template.name, template.brand_kit_id, template.look_due_by)
    joined = template_versions.join(templates, template.id == version.template_id)
    return sa.select(*columns).select_from(joined).where(which, version.number == latest).order_by(template.id)


def _compiled(row: sa.Row[Any], brand: Brand, languages: list[Variant], attributes: list[str]) -> _Ready:
    known: dict[str, Any] = {"known_attributes": attributes, "brand": brand}
    try:
        main = compile_template(row.source, TemplateKind.BLOCKS, **known)
        variants, links, fields = compile_variants(main, row.source, {one.language: one.source for one in languages}, **known)
    except PostwrightError as error:
        return _Ready(row, brand, problem=str(error))
    # The links too: a brand's utm parameters stand in them, and in the HTML only their numbers.
    differs = (main.html, main.text, links) != (row.html, row.text, row.links) or _said(variants) != _said(languages)
    return _Ready(row, brand, replace(main, links=links, fields=fields), tuple(variants), differs)


def _said(variants: list[Variant]) -> list[tuple[str, str]]:
    return [(one.html, one.text) for one in variants]
