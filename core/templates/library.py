"""The templates of a workspace: each save that changes something makes a version that never changes again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.tables import contact_attributes
from core.permissions import Permission, Principal
from core.storage.database import Database, insert_or_ignore
from core.storage.tables import workspaces
from core.templates.brands.kits import BrandKits
from core.templates.compiling import CompiledTemplate, TemplateKind, normalised
from core.templates.confined import SHARED, Confined
from core.templates.drafts import drop_saved
from core.templates.names import checked_name, missing
from core.templates.previewing import ContactLike, preview_context
from core.templates.rendering import Rendered, render
from core.templates.statements import templates_of, versions_of
from core.templates.tables import template_versions, templates


@dataclass(frozen=True)
class Template:
    """A template.

    Args:
        id: Its number.
        name: Unique in the workspace.
        latest_number: The number of its newest version, from 1.
        updated_at: When that was saved.
    """

    id: int
    name: str
    latest_number: int
    updated_at: datetime


@dataclass(frozen=True)
class TemplateVersion:
    """One saved state of a template, compiled.

    Args:
        id: Its number in the installation.
        template_id: The template.
        number: Its number in the template, from 1.
        kind: What the source is written in.
        source: As it was saved, with LF line ends.
        html: The compiled HTML part, a Jinja template.
        text: The compiled plain-text part, a Jinja template.
        links: Where `pw_links[n]` leads.
        fields: The merge fields used.
        created_at: When it was saved.
    """

    id: int
    template_id: int
    number: int
    kind: TemplateKind
    source: str
    html: str
    text: str
    links: list[str]
    fields: list[str]
    created_at: datetime


class Templates:
    """Saves, finds and previews templates.

    Args:
        db: The operational database.
        clock: The time.
        brands: How block documents look.
        confined: Where templates are compiled and previewed that nobody has checked yet.
    """

    def __init__(self, db: Database, clock: Clock, brands: BrandKits, confined: Confined = SHARED) -> None:
        self._db, self._clock, self._brands, self._confined = db, clock, brands, confined

    def save(self, by: Principal, name: str, source: str, *, kind: TemplateKind | None = None) -> TemplateVersion:
        """Compile and keep a template under a name; the source it already has makes no new version.

        Raises:
            Denied: If `by` may not edit templates.
            InvalidInput: If the name or the template can't be used; says what is wrong and in which line.
        """
        by.require(Permission.TEMPLATES_EDIT)
        name = checked_name(name)
        compiled = self._compiled(by.workspace_id, source, kind, self._kit_of(by.workspace_id, templates.c.name == name))
        source = normalised(source)
        with self._db.transaction() as connection:
            template_id = self._claim(connection, by.workspace_id, name)
            drop_saved(connection, by, template_id, source)
            latest = _latest(connection, by.workspace_id, template_id)
            if latest and (latest.source, latest.kind, latest.html) == (source, compiled.kind, compiled.html):
                return latest
            made = self._add(connection, by, template_id, 1 + (latest.number if latest else 0), source, compiled)
            after, now = {"name": name, "version": made.number}, self._clock.now()
            record(connection, now, by, AuditAction.TEMPLATE_SAVED, f"template:{template_id}", after=after)
            return made

    def try_out(self, by: Principal, source: str, kind: TemplateKind | None = None, *, template_id: int | None = None) -> CompiledTemplate:
        """Compile a template without keeping it, as for a preview while somebody writes.

        A block document wears the brand kit of the template `template_id`, or else the workspace's usual one.

        Raises:
            Denied: If `by` may not see templates.
            InvalidInput: If it can't be used; says what is wrong and in which line.
        """
        by.require(Permission.TEMPLATES_VIEW)
        return self._compiled(by.workspace_id, source, kind, self._kit_of(by.workspace_id, templates.c.id == template_id))

    def all(self, by: Principal) -> list[Template]:
        """Return every template, the one saved last first.

        Raises:
            Denied: If `by` may not see templates.
        """
        by.require(Permission.TEMPLATES_VIEW)
        newest_first = (templates.c.updated_at.desc(), templates.c.id.desc())
        with self._db.read() as connection:
            return [_template(row) for row in connection.execute(templates_of(by.workspace_id).order_by(*newest_first))]

    def get(self, by: Principal, template_id: int) -> Template:
        """Return a template.

        Raises:
            Denied: If `by` may not see templates.
            NotFound: If this workspace has no such template.
        """
        return self._one(by, templates.c.id == template_id, f"Template {template_id}")

    def by_name(self, by: Principal, name: str) -> Template:
        """Return a template by its exact name.

        Raises:
            Denied: If `by` may not see templates.
            NotFound: If this workspace has no such template.
        """
        return self._one(by, templates.c.name == name.strip(), f"The template “{name.strip()[:80]}”")

    def latest(self, by: Principal, template_id: int) -> TemplateVersion:
        """Return the newest version of a template.

        Raises:
            Denied: If `by` may not see templates.
            NotFound: If this workspace has no such template.
        """
        by.require(Permission.TEMPLATES_VIEW)
        with self._db.read() as connection:
            found = _latest(connection, by.workspace_id, template_id)
        if found is None:
            raise missing(f"Template {template_id}")
        return found

    def versions(self, by: Principal, template_id: int, limit: int = 20) -> list[TemplateVersion]:
        """Return the versions of a template, newest first.

        Args:
            by: Who asks.
            template_id: The template.
            limit: How many at most.

        Raises:
            Denied: If `by` may not see templates.
        """
        by.require(Permission.TEMPLATES_VIEW)
        mine = versions_of(by.workspace_id).where(template_versions.c.template_id == template_id)
        with self._db.read() as connection:
            found = connection.execute(mine.order_by(template_versions.c.number.desc()).limit(limit))
            return [_version(row) for row in found]

    def version(self, workspace_id: int, version_id: int) -> TemplateVersion:
        """Return one version; for the machinery that sends, which has no person to ask for.

        Raises:
            NotFound: If this workspace has no such version.
        """
        with self._db.read() as connection:
            return load_version(connection, workspace_id, version_id)

    def preview(self, by: Principal, version: CompiledTemplate | TemplateVersion, contact: ContactLike | None = None) -> Rendered:
        """Return what a contact would see, with links that lead straight to their destination and no pixel.

        What is not saved is rendered where it can be stopped; a saved version is rendered here, as it is when it is sent.

        Args:
            by: Who looks.
            version: A saved version, or a template that was just compiled.
            contact: Whose values fill it in; by default a made-up person.

        Raises:
            Denied: If `by` may not see templates.
            InvalidInput: If it can't be rendered for this contact.
        """
        by.require(Permission.TEMPLATES_VIEW)
        columns = (workspaces.c.name, workspaces.c.postal_address)
        with self._db.read() as connection:
            workspace = connection.execute(sa.select(*columns).where(workspaces.c.id == by.workspace_id)).one()
        context = preview_context(workspace.name, workspace.postal_address, version.links, contact)
        return self._confined.render(version, context) if isinstance(version, CompiledTemplate) else render(version, context)

    def _compiled(self, workspace_id: int, source: str, kind: TemplateKind | None, kit_id: int | None) -> CompiledTemplate:
        brand = self._brands.brand_of(workspace_id, kit_id)
        return self._confined.compile(source, kind, known_attributes=self._attributes(workspace_id), brand=brand)

    def _kit_of(self, workspace_id: int, which: sa.ColumnElement[bool]) -> int | None:
        with self._db.read() as connection:
            return connection.execute(sa.select(templates.c.brand_kit_id).where(templates.c.workspace_id == workspace_id, which)).scalar()

    def _attributes(self, workspace_id: int) -> list[str]:
        statement = sa.select(contact_attributes.c.name).where(contact_attributes.c.workspace_id == workspace_id)
        with self._db.read() as connection:
            return list(connection.execute(statement).scalars())

    def _claim(self, connection: sa.Connection, workspace_id: int, name: str) -> int:
        """Return the template's id, making it if needed, and hold its row so that two saves get different numbers."""
        now = self._clock.now()
        insert_or_ignore(connection, templates, [{"workspace_id": workspace_id, "name": name, "created_at": now, "updated_at": now}])
        statement = sa.select(templates.c.id).where(templates.c.workspace_id == workspace_id, templates.c.name == name).with_for_update()
        return int(connection.execute(statement).scalar_one())

    def _add(
        self, connection: sa.Connection, by: Principal, template_id: int, number: int, source: str, compiled: CompiledTemplate
    ) -> TemplateVersion:
        now = self._clock.now()
        values: dict[str, Any] = {
            "template_id": template_id,
            "number": number,
            "kind": compiled.kind,
            "source": source,
            "html": compiled.html,
            "text": compiled.text,
            "links": compiled.links,
            "fields": compiled.fields,
            "created_at": now,
        }
        row = {**values, "kind": str(compiled.kind), "workspace_id": by.workspace_id, "created_by": by.label}
        version_id = connection.execute(template_versions.insert().values(row).returning(template_versions.c.id)).scalar_one()
        connection.execute(
            templates.update().where(templates.c.id == template_id, templates.c.workspace_id == by.workspace_id).values(updated_at=now)
        )
        return TemplateVersion(id=version_id, **values)

    def _one(self, by: Principal, condition: sa.ColumnElement[bool], what: str) -> Template:
        by.require(Permission.TEMPLATES_VIEW)
        with self._db.read() as connection:
            row = connection.execute(templates_of(by.workspace_id).where(condition)).one_or_none()
        if row is None:
            raise missing(what)
        return _template(row)


def load_version(connection: sa.Connection, workspace_id: int, version_id: int) -> TemplateVersion:
    """Return one version, inside a transaction that is open already.

    Raises:
        NotFound: If this workspace has no such version.
    """
    row = connection.execute(versions_of(workspace_id).where(template_versions.c.id == version_id)).one_or_none()
    if row is None:
        raise missing(f"Template version {version_id}")
    return _version(row)


def _latest(connection: sa.Connection, workspace_id: int, template_id: int) -> TemplateVersion | None:
    mine = versions_of(workspace_id).where(template_versions.c.template_id == template_id)
    row = connection.execute(mine.order_by(template_versions.c.number.desc()).limit(1)).one_or_none()
    return _version(row) if row else None


def _template(row: sa.Row[Any]) -> Template:
    return Template(row.id, row.name, row.latest_number or 0, row.updated_at)


def _version(row: sa.Row[Any]) -> TemplateVersion:
    return TemplateVersion(
        id=row.id,
        template_id=row.template_id,
        number=row.number,
        kind=TemplateKind(row.kind),
        source=row.source,
        html=row.html,
        text=row.text,
        links=list(row.links),
        fields=list(row.fields),
        created_at=row.created_at,
    )
