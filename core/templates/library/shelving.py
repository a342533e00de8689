"""The order templates are kept in: folders, tags, names, copies, and the archive; a template is never deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Conflict
from core.permissions import Permission, Principal
from core.storage.database import Database, insert_or_ignore
from core.templates.brands.wearing import mark_due
from core.templates.compiling.compiler import CompiledTemplate
from core.templates.languages.variants import variants_of
from core.templates.languages.writing import NewVersion, write_version
from core.templates.library.models import Template, TemplateVersion, as_template, latest_of, templates_of
from core.templates.library.names import LONGEST_NAME, checked_folder, checked_name, checked_tags, missing
from core.templates.tables import templates


class Shelves:
    """Puts templates in order.

    Args:
        db: The operational database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def move(self, by: Principal, template_id: int, folder: str) -> Template:
        """Put a template into a folder, which is there as long as something lies in it; "" takes it out of any.

        Raises:
            Denied: If `by` may not edit templates.
            InvalidInput: If the folder can't be called so.
            NotFound: If this workspace has no such template.
        """
        return self._change(by, template_id, AuditAction.TEMPLATE_MOVED, {"folder": checked_folder(folder)})

    def tag(self, by: Principal, template_id: int, tags: Sequence[str]) -> Template:
        """Give a template these tags and no others.

        Raises:
            Denied: If `by` may not edit templates.
            InvalidInput: If there are too many, or one is too long.
            NotFound: If this workspace has no such template.
        """
        return self._change(by, template_id, AuditAction.TEMPLATE_TAGGED, {"tags": checked_tags(tags)})

    def rename(self, by: Principal, template_id: int, name: str) -> Template:
        """Give a template another name.

        Raises:
            Denied: If `by` may not edit templates.
            InvalidInput: If it can't be called so.
            NotFound: If this workspace has no such template.
            Conflict: If another one is called so.
        """
        by.require(Permission.TEMPLATES_EDIT)
        name = checked_name(name)
        try:
            return self._change(by, template_id, AuditAction.TEMPLATE_RENAMED, {"name": name})
        except IntegrityError as error:
            hint = "Choose another name; it may be in the archive."
            raise Conflict(f"There is a template called “{name}” already.", hint=hint) from error

    def archive(self, by: Principal, template_id: int) -> Template:
        """Put a template away: it is offered nowhere any more; what uses it goes on, and it can be taken out again.

        Raises:
            Denied: If `by` may not edit templates.
            NotFound: If this workspace has no such template.
        """
        return self._change(by, template_id, AuditAction.TEMPLATE_ARCHIVED, {"archived_at": self._clock.now()})

    def unarchive(self, by: Principal, template_id: int) -> Template:
        """Take a template out of the archive.

        Raises:
            Denied: If `by` may not edit templates.
            NotFound: If this workspace has no such template.
        """
        return self._change(by, template_id, AuditAction.TEMPLATE_UNARCHIVED, {"archived_at": None})

    def duplicate(self, by: Principal, template_id: int, name: str = "") -> Template:
        """Make a template that says what another says now, in the same folder, with the same tags and brand.

        Args:
            by: Who asks.
            template_id: The template to copy.
            name: What the copy is called; by default "Copy of …", with a number where that is taken.

        Raises:
            Denied: If `by` may not edit templates.
            NotFound: If this workspace has no such template.
            Conflict: If another one is called so.
        """
        by.require(Permission.TEMPLATES_EDIT)
        with self._db.transaction() as connection:
            original = _one(connection, by.workspace_id, template_id)
            latest = latest_of(connection, by.workspace_id, template_id)
            if latest is None:
                raise missing(f"Template {template_id}")
            name = checked_name(name) if name.strip() else free_name(connection, by.workspace_id, f"Copy of {original.name}")
            made = _copied(connection, by, original, latest, name, self._clock.now())
            after = {"copy_of": template_id, "version": latest.number}
            record(connection, self._clock.now(), by, AuditAction.TEMPLATE_DUPLICATED, f"template:{made.id}", after=after)
            return made

    def _change(self, by: Principal, template_id: int, action: AuditAction, values: dict[str, Any]) -> Template:
        by.require(Permission.TEMPLATES_EDIT)
        mine = (templates.c.workspace_id == by.workspace_id, templates.c.id == template_id)
        with self._db.transaction() as connection:
            before = _one(connection, by.workspace_id, template_id)
            old = {name: getattr(before, name) for name in values}
            has_changed = (old != values) if action is not AuditAction.TEMPLATE_ARCHIVED else before.archived_at is None
            if has_changed:
                connection.execute(templates.update().where(*mine).values(values))
            if has_changed and action is AuditAction.TEMPLATE_UNARCHIVED:  # its brand may have changed while it lay there
                mark_due(connection, by, templates.c.id == template_id)
            changed = as_template(connection.execute(templates_of(by.workspace_id).where(templates.c.id == template_id)).one())
            if has_changed:
                told = {} if "archived_at" in values else {"before": old, "after": values}
                record(connection, self._clock.now(), by, action, f"template:{template_id}", **told)
            return changed


def _one(connection: sa.Connection, workspace_id: int, template_id: int) -> sa.Row[Any]:
    """Return a template's row, and hold it."""
    mine = sa.select(templates).where(templates.c.workspace_id == workspace_id, templates.c.id == template_id)
    row: sa.Row[Any] | None = connection.execute(mine.with_for_update()).one_or_none()
    if row is None:
        raise missing(f"Template {template_id}")
    return row


def _copied(connection: sa.Connection, by: Principal, original: sa.Row[Any], latest: TemplateVersion, name: str, now: datetime) -> Template:
    row = {"workspace_id": by.workspace_id, "name": name, "created_at": now, "updated_at": now, "folder": original.folder}
    row |= {"tags": list(original.tags), "brand_kit_id": original.brand_kit_id}
    if not insert_or_ignore(connection, templates, [row]):
        raise Conflict(f"There is a template called “{name}” already.", hint="Choose another name; it may be in the archive.")
    mine = templates_of(by.workspace_id).where(templates.c.name == name)
    main = CompiledTemplate(latest.kind, latest.html, latest.text, latest.links, latest.fields)
    variants, note = variants_of(connection, by.workspace_id, latest.id), f"Copied from version {latest.number} of “{original.name}”"
    copy = NewVersion(connection.execute(mine).one().id, 1, latest.source, main, variants, note)
    write_version(connection, by, now, copy)
    if original.look_due_by is not None or original.archived_at is not None:
        mark_due(connection, by, templates.c.id == copy.template_id)
    return as_template(connection.execute(mine).one())


def free_name(connection: sa.Connection, workspace_id: int, name: str) -> str:
    """Return a name that no template has: this one, or with a number behind it."""
    wanted = name[: LONGEST_NAME - 6].rstrip()
    like = sa.select(templates.c.name).where(templates.c.workspace_id == workspace_id, templates.c.name.startswith(wanted, autoescape=True))
    taken = set(connection.execute(like).scalars())
    names = (wanted if number == 1 else f"{wanted} {number}" for number in range(1, 2 + len(taken)))
    return next(name for name in names if name not in taken)
