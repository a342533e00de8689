"""The templates of a workspace: each save that changes something makes a version that never changes again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from core.clock import Clock
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.templates.brands.kits import BrandKits
from core.templates.brands.reading import sender_fields
from core.templates.compiling.compiler import CompiledTemplate, TemplateKind
from core.templates.confined.process import SHARED, Confined
from core.templates.library.finding import Shelf, Wanted, find
from core.templates.library.keeping import claim, keep, must_follow
from core.templates.library.making import Made, Maker
from core.templates.library.models import (
    Template,
    TemplateVersion,
    as_template,
    as_version,
    latest_of,
    load_version,
    templates_of,
    versions_of,
)
from core.templates.library.names import checked_folder, checked_name, checked_note, checked_tags, missing
from core.templates.library.previewing import ContactLike, preview_context
from core.templates.rendering.renderer import Rendered, render
from core.templates.tables import template_versions, templates

__all__ = ["Template", "TemplateVersion", "Templates", "load_version"]


class Templates:
    """Saves, finds and previews templates.

    Args:
        db: The operational database.
        clock: The time.
        brands: How block documents look.
        confined: Where templates are compiled and previewed that nobody has checked yet.
        public_url: What addresses of our own pictures begin with; empty for any.
    """

    def __init__(self, db: Database, clock: Clock, brands: BrandKits, confined: Confined = SHARED, public_url: str = "") -> None:
        self._db, self._clock, self._brands, self._confined, self._public_url = db, clock, brands, confined, public_url
        self._maker = Maker(db, brands, confined)

    def save(
        self,
        by: Principal,
        name: str,
        source: str,
        *,
        kind: TemplateKind | None = None,
        note: str = "",
        is_new: bool = False,
        folder: str = "",
        tags: Sequence[str] = (),
        languages: Mapping[str, str] | None = None,
        brand_kit_id: int | None = None,
    ) -> TemplateVersion:
        """Compile and keep a template under a name; the source it already has makes no new version.

        Args:
            by: Who saves.
            name: The template's name.
            source: What is written.
            kind: What it is written in; found out from the source where it is not given.
            note: What is to be remembered about this version.
            is_new: Whether there must be no template of this name yet.
            folder: Where it is put if it is new.
            tags: What it is found by if it is new.
            languages: Its words in other languages (see `languages.Variant`); by default those of the newest version.
            brand_kit_id: The kit it has chosen if it is new; None for the default, whichever that is.

        Raises:
            Denied: If `by` may not edit templates.
            NotFound: If this workspace has no such kit.
            InvalidInput: If the name or the template can't be used; says what is wrong and in which line.
            Conflict: If it must be new and is not, or a picture in it was deleted.
        """
        by.require(Permission.TEMPLATES_EDIT)
        name, note = checked_name(name), checked_note(note)
        place: dict[str, Any] = {"folder": checked_folder(folder), "tags": checked_tags(tags)}
        place["brand_kit_id"] = self._brands.get(by, brand_kit_id).id if brand_kit_id is not None else None
        made = self._maker.made(by.workspace_id, templates.c.name == name, source, kind, languages)
        with self._db.transaction() as connection:
            template_id = claim(connection, by.workspace_id, name, place, self._clock.now(), is_new=is_new)
            made = self._maker.as_of_now(connection, by.workspace_id, template_id, made, keeps_languages=languages is None)
            return keep(connection, by, self._clock.now(), template_id, made, note, public_url=self._public_url)

    def save_version(
        self,
        by: Principal,
        template_id: int,
        source: str,
        *,
        kind: TemplateKind | None = None,
        note: str = "",
        languages: Mapping[str, str] | None = None,
        after: int | None = None,
    ) -> TemplateVersion:
        """Compile and keep a new version of a template that is there, whatever it is called by now.

        Args:
            by: Who saves.
            template_id: The template.
            source: What is written.
            kind: What it is written in; found out from the source where it is not given.
            note: What is to be remembered about this version.
            languages: Its words in other languages (see `languages.Variant`); by default those of the newest version.
            after: The number that the newest version must still have; by default any.

        Raises:
            Denied: If `by` may not edit templates.
            InvalidInput: If the template can't be used; says what is wrong and in which line.
            NotFound: If this workspace has no such template.
            Conflict: If a picture in it was deleted, or the newest version is another one (`SavedMeanwhile`).
        """
        by.require(Permission.TEMPLATES_EDIT)
        made = self._maker.made(by.workspace_id, templates.c.id == template_id, source, kind, languages)
        with self._db.transaction() as connection:
            mine = sa.select(templates.c.id).where(templates.c.workspace_id == by.workspace_id, templates.c.id == template_id)
            if connection.execute(mine.with_for_update()).one_or_none() is None:
                raise missing(f"Template {template_id}")
            must_follow(connection, by.workspace_id, template_id, after)
            made = self._maker.as_of_now(connection, by.workspace_id, template_id, made, keeps_languages=languages is None)
            return keep(connection, by, self._clock.now(), template_id, made, checked_note(note), public_url=self._public_url)

    def try_out(self, by: Principal, source: str, kind: TemplateKind | None = None, *, template_id: int | None = None) -> CompiledTemplate:
        """Compile a template without keeping it, as for a preview while somebody writes.

        A block document wears the brand kit of the template `template_id`, or else the workspace's usual one.

        Raises:
            Denied: If `by` may not see templates.
            InvalidInput: If it can't be used; says what is wrong and in which line.
        """
        by.require(Permission.TEMPLATES_VIEW)
        brand = self._maker.worn(by.workspace_id, templates.c.id == template_id)
        return self._maker.compiled(by.workspace_id, source, kind, brand)

    def unsaved(self, by: Principal, template_id: int, source: str, kind: TemplateKind | None = None) -> Made:
        """Compile what saving this as a template's next version would keep, in all its languages, without keeping it.

        Raises:
            Denied: If `by` may not see templates.
            InvalidInput: If it can't be used; says what is wrong and in which line.
        """
        by.require(Permission.TEMPLATES_VIEW)
        return self._maker.made(by.workspace_id, templates.c.id == template_id, source, kind, None)

    def page(self, by: Principal, wanted: Wanted | None = None, limit: int = 50, offset: int = 0) -> Shelf:
        """Return some of the templates, the one saved last first, with what they can be narrowed by.

        Args:
            by: Who asks.
            wanted: Which; by default all that were not put away.
            limit: How many at most.
            offset: How many to leave out.

        Raises:
            Denied: If `by` may not see templates.
        """
        by.require(Permission.TEMPLATES_VIEW)
        with self._db.read() as connection:
            return find(connection, by.workspace_id, wanted or Wanted(), limit, offset)

    def all(self, by: Principal, *, archived: bool | None = False) -> list[Template]:
        """Return templates, the one saved last first.

        Args:
            by: Who asks.
            archived: Whether those that were put away, and no others; None for both.

        Raises:
            Denied: If `by` may not see templates.
        """
        by.require(Permission.TEMPLATES_VIEW)
        asked_for = templates_of(by.workspace_id).order_by(templates.c.updated_at.desc(), templates.c.id.desc())
        if archived is not None:
            asked_for = asked_for.where(templates.c.archived_at.is_not(None) if archived else templates.c.archived_at.is_(None))
        with self._db.read() as connection:
            return [as_template(row) for row in connection.execute(asked_for)]

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
            if found := latest_of(connection, by.workspace_id, template_id):
                return found
        raise missing(f"Template {template_id}")

    def latest_to_send(self, by: Principal, template_id: int) -> TemplateVersion:
        """Return the newest version of a template as it is to be sent: in the look its brand has now, also where it waits for that.

        Raises:
            Denied: If `by` may not see templates.
            NotFound: If this workspace has no such template.
        """
        self._brands.bring(by, template_id)
        return self.latest(by, template_id)

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
            return [as_version(row) for row in found]

    def version(self, workspace_id: int, version_id: int) -> TemplateVersion:
        """Return one version; for the machinery that sends, which has no person to ask for.

        Raises:
            NotFound: If this workspace has no such version.
        """
        with self._db.read() as connection:
            return load_version(connection, workspace_id, version_id)

    def preview(
        self, by: Principal, version: CompiledTemplate | TemplateVersion, contact: ContactLike | None = None, brand_of: int | None = None
    ) -> Rendered:
        """Return what a contact would see, with links that lead straight to their destination and no pixel.

        What is not saved is rendered where it can be stopped; a saved version is rendered here, as it is when it is sent.

        Args:
            by: Who looks.
            version: A saved version, or a template that was just compiled.
            contact: Whose values fill it in; by default a made-up person.
            brand_of: The template whose brand fills in `brand.…`; known of a saved version, the default brand's for another.

        Raises:
            Denied: If `by` may not see templates.
            InvalidInput: If it can't be rendered for this contact.
        """
        by.require(Permission.TEMPLATES_VIEW)
        worn = version.template_id if isinstance(version, TemplateVersion) else brand_of
        with self._db.read() as connection:
            context = preview_context(sender_fields(connection, by.workspace_id, worn), version.links, contact)
        if isinstance(version, CompiledTemplate):
            return self._confined.render(version, context, whose=by.workspace_id)
        return render(version, context)

    def marked(self, by: Principal, version: TemplateVersion) -> CompiledTemplate:
        """Compile a version once more, in the brand of today, so that every part of a block document carries its id.

        Raises:
            Denied: If `by` may not see templates.
            InvalidInput: If it can't be used any more.
        """
        by.require(Permission.TEMPLATES_VIEW)
        brand = self._maker.worn(by.workspace_id, templates.c.id == version.template_id)
        return self._maker.compiled(by.workspace_id, version.source, version.kind, brand, marked=True)

    def _one(self, by: Principal, condition: sa.ColumnElement[bool], what: str) -> Template:
        by.require(Permission.TEMPLATES_VIEW)
        with self._db.read() as connection:
            row = connection.execute(templates_of(by.workspace_id).where(condition)).one_or_none()
        if row is None:
            raise missing(what)
        return as_template(row)
