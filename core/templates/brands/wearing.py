"""Which templates wear a brand kit, and which of them have still to be written in its look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.errors import NotFound
from core.permissions import Principal
from core.storage.database import lock_rows
from core.storage.tables import workspaces
from core.templates.brands.reading import kits_of, no_such_kit
from core.templates.compiling.compiler import TemplateKind
from core.templates.tables import brand_kits, template_versions, templates


@dataclass(frozen=True)
class Wearer:
    """A template that wears a kit.

    Args:
        template_id: Its number.
        name: Its name.
        is_chosen: Whether it was put on by name; else it is worn for being the default.
        is_due: Whether it has still to be written in the look the kit has now.
        problem: Why it can't be written in that look, and so keeps the version it has; empty where it can.
    """

    template_id: int
    name: str
    is_chosen: bool
    is_due: bool = False
    problem: str = ""


def wearers(workspace_id: int, kit_id: int | None, *, also_none: bool) -> sa.ColumnElement[bool]:
    """Return the condition on templates that holds for those of a workspace that wear a kit.

    Args:
        workspace_id: Whose.
        kit_id: The kit; None for those that chose none.
        also_none: Whether those that chose none wear it too, as they do the default.
    """
    chosen = templates.c.brand_kit_id == kit_id if kit_id is not None else templates.c.brand_kit_id.is_(None)
    return sa.and_(templates.c.workspace_id == workspace_id, sa.or_(chosen, templates.c.brand_kit_id.is_(None)) if also_none else chosen)


def read_wearers(connection: sa.Connection, which: sa.ColumnElement[bool]) -> list[Wearer]:
    """Return the templates in use that a condition holds for, by name."""
    column = templates.c
    columns = (column.id, column.name, column.brand_kit_id, column.look_due_by, column.look_problem)
    found = connection.execute(sa.select(*columns).where(which, column.archived_at.is_(None))).all()
    worn = [Wearer(row.id, row.name, row.brand_kit_id is not None, row.look_due_by is not None, row.look_problem) for row in found]
    return sorted(worn, key=lambda one: one.name.casefold())


def mark_due(connection: sa.Connection, by: Principal, which: sa.ColumnElement[bool]) -> int:
    """Note that templates have to be written in another look, in the transaction that gives it to them; return how many.

    Whoever saves one of them meanwhile waits here, and then saves it in the new look.

    Args:
        connection: The transaction.
        by: Who gave them the look, and so is the author of the versions to come.
        which: The templates; those in the archive, or written in code, stay as they are.
    """
    version = template_versions.c
    latest = sa.select(sa.func.max(version.number)).where(version.template_id == templates.c.id).correlate(templates).scalar_subquery()
    blocks = sa.exists().where(version.template_id == templates.c.id, version.number == latest, version.kind == TemplateKind.BLOCKS.value)
    due = sa.and_(templates.c.workspace_id == by.workspace_id, which, templates.c.archived_at.is_(None), blocks)
    lock_rows(connection, templates.c.id, sa.select(templates.c.id).where(due))
    return connection.execute(templates.update().where(due).values(look_due_by=by.label, look_problem="")).rowcount


def hold_kits(connection: sa.Connection, workspace_id: int, chosen: int | None) -> None:
    """Keep the kits of a workspace as they are until a template that was just made is there: till then a change of them does not see it.

    Args:
        connection: The transaction that makes it.
        workspace_id: Whose.
        chosen: The kit it has chosen; None for the default.

    Raises:
        NotFound: If that was deleted meanwhile.
    """
    connection.execute(sa.select(workspaces.c.id).where(workspaces.c.id == workspace_id).with_for_update(read=True))
    if chosen is not None and connection.execute(kits_of(workspace_id).where(brand_kits.c.id == chosen)).one_or_none() is None:
        raise no_such_kit()


def due_in(workspace_id: int, which: sa.ColumnElement[bool] | None = None) -> sa.ColumnElement[bool]:
    """Return the condition on templates that holds for those that have still to follow their brand.

    Args:
        workspace_id: Whose.
        which: Only those among these.
    """
    due: list[Any] = [templates.c.workspace_id == workspace_id, templates.c.look_due_by.is_not(None), templates.c.archived_at.is_(None)]
    return sa.and_(*due, which) if which is not None else sa.and_(*due)


def kit_chosen(connection: sa.Connection, by: Principal, template_id: int) -> tuple[str, int | None]:
    """Return the name of a template and the kit it has chosen, None for the default.

    Raises:
        NotFound: If this workspace has no such template.
    """
    mine = (templates.c.workspace_id == by.workspace_id, templates.c.id == template_id)
    row = connection.execute(sa.select(templates.c.name, templates.c.brand_kit_id).where(*mine)).one_or_none()
    if row is None:
        raise NotFound(f"Template {template_id} does not exist in this workspace.", hint="Look under Templates for those that do.")
    return row.name, row.brand_kit_id
