"""What somebody is writing: one draft for each language of a template, kept as they go, in whatever state it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.names import names_of
from core.audit.recording import record
from core.clock import Clock
from core.errors import Conflict, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database, next_sequence
from core.templates.compiling.compiler import TemplateKind
from core.templates.images.holding import hold_pictures
from core.templates.jinja.validating import check_bytes
from core.templates.languages.choice import normal_language
from core.templates.languages.variants import MAX_LANGUAGES
from core.templates.tables import template_drafts, templates

_LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True)
class Draft:
    """What is being written and is no version yet; it may be broken.

    Args:
        template_id: The template it is of.
        source: As it stands in the editor.
        kind: What it is written in.
        based_on: The number of the version it was begun from.
        revision: Which keeping of it this is; a later one has a larger number.
        updated_by: Who kept it, as records say it ("person:7").
        updated_by_name: What they are called.
        updated_at: When.
        language: The language that is written; "" for the main one.
    """

    template_id: int
    source: str
    kind: TemplateKind
    based_on: int
    revision: int
    updated_by: str
    updated_by_name: str
    updated_at: datetime
    language: str = ""


class Drafts:
    """Keeps what is being written, and lets nobody write over somebody else.

    Args:
        db: The operational database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def get(self, by: Principal, template_id: int, language: str = "") -> Draft | None:
        """Return the draft of a template, or of its words in another language; None where nothing is being written.

        Raises:
            Denied: If `by` may not edit templates.
        """
        by.require(Permission.TEMPLATES_EDIT)
        with self._db.read() as connection:
            return _draft(connection, by.workspace_id, template_id, language)

    def languages(self, by: Principal, template_id: int) -> list[str]:
        """Return the other languages in which something is being written, in order.

        Raises:
            Denied: If `by` may not edit templates.
        """
        by.require(Permission.TEMPLATES_EDIT)
        with self._db.read() as connection:
            return _languages(connection, by.workspace_id, template_id)

    def keep(
        self, by: Principal, template_id: int, source: str, kind: TemplateKind, *, based_on: int, revision: int, language: str = ""
    ) -> Draft:
        """Keep what is in the editor; nothing is checked but that it is text of a bearable size.

        The log tells when a draft is begun and when somebody else goes on with it, not every few seconds of writing.

        Args:
            by: Who writes.
            template_id: The template.
            source: What is in the editor.
            kind: What it is written in.
            based_on: The number of the version it was begun from.
            revision: The revision it goes on from, as last read or kept; 0 to begin a draft.
            language: The language it is written in, in any spelling; "" for the main one.

        Raises:
            Denied: If `by` may not edit templates.
            InvalidInput: If it is not text, or too much, or no language, or there are too many.
            NotFound: If this workspace has no such template.
            Conflict: If the draft is not at that revision any more; says who changed it and when.
        """
        by.require(Permission.TEMPLATES_EDIT)
        _check(source, based_on)
        language = normal_language(language) if language else ""
        with self._db.transaction() as connection:
            _claim(connection, by.workspace_id, template_id)
            found = _draft(connection, by.workspace_id, template_id, language)
            if (found.revision if found else 0) != revision:
                raise changed_by(found)
            hold_pictures(connection, by.workspace_id, source)
            now = self._clock.now()
            values: dict[str, Any] = {"source": source, "kind": str(kind), "based_on": based_on, "updated_by": by.label, "updated_at": now}
            values["revision"] = next_sequence(connection, by.workspace_id, "template drafts")
            _write(connection, by.workspace_id, template_id, language, values, is_new=found is None)
            kept = _draft(connection, by.workspace_id, template_id, language)
            assert kept is not None
            if found is None or found.updated_by != by.label:
                after = {"based_on": based_on, **_told(language)}
                record(connection, now, by, AuditAction.TEMPLATE_DRAFTED, f"template:{template_id}", after=after)
            return kept

    def discard(self, by: Principal, template_id: int, language: str = "", *, revision: int | None = None) -> None:
        """Throw a draft away; nothing happens where there is none.

        Args:
            by: Who throws it away.
            template_id: The template.
            language: The language it is written in; "" for the main one.
            revision: The revision it must still have, as last read or kept; 0 for no draft; by default any.

        Raises:
            Denied: If `by` may not edit templates.
            Conflict: If it is not at that revision any more; says who changed it and when.
        """
        by.require(Permission.TEMPLATES_EDIT)
        with self._db.transaction() as connection:
            mine = _is(by.workspace_id, template_id, language)
            wanted = mine if revision is None else sa.and_(mine, template_drafts.c.revision == revision)
            if connection.execute(template_drafts.delete().where(wanted)).rowcount:
                told = _told(language) or None
                record(connection, self._clock.now(), by, AuditAction.TEMPLATE_DRAFT_DISCARDED, f"template:{template_id}", before=told)
            elif revision is not None and (found := _draft(connection, by.workspace_id, template_id, language)):
                raise changed_by(found)


def drop_saved(
    connection: sa.Connection, by: Principal, template_id: int, source: str, languages: Mapping[str, str], *, is_translation: bool
) -> None:
    """Drop the drafts that have just become a version: what says the same, and what its writer left behind in the app.

    A draft that somebody else is writing stays, and so does one whose writer's programs save a version meanwhile, or that is
    another language's: who saves one language goes on with the others.

    Args:
        connection: The transaction of the save.
        by: Who saved.
        template_id: The template.
        source: What was saved.
        languages: What was saved in other languages.
        is_translation: Whether the main language says what it said before: who translates goes on with their draft of that.
    """
    became = template_drafts.c.source == source
    if not by.via.startswith("token:") and not is_translation:
        became |= template_drafts.c.updated_by == by.label
    connection.execute(template_drafts.delete().where(_is(by.workspace_id, template_id, ""), became))
    for language in _languages(connection, by.workspace_id, template_id):
        became = template_drafts.c.source == languages.get(language)
        connection.execute(template_drafts.delete().where(_is(by.workspace_id, template_id, language), became))


def _check(source: str, based_on: int) -> None:
    check_bytes(source)
    if "\x00" in source or any("\ud800" <= character <= "\udfff" for character in source):
        raise InvalidInput("The draft holds characters that are not text.", hint="Remove what you pasted last and try again.")
    if not 0 <= based_on <= _LARGEST_NUMBER:
        raise InvalidInput("A draft is begun from a version of its template.", hint="Open the template again.")


def _claim(connection: sa.Connection, workspace_id: int, template_id: int) -> None:
    """Hold the template's row, so that of two who keep at once the second sees what the first kept."""
    mine = sa.select(templates.c.id).where(templates.c.workspace_id == workspace_id, templates.c.id == template_id)
    if connection.execute(mine.with_for_update()).one_or_none() is None:
        raise NotFound(f"Template {template_id} does not exist in this workspace.", hint="Look under Templates for those that do.")


def _is(workspace_id: int, template_id: int, language: str) -> sa.ColumnElement[bool]:
    draft = template_drafts.c
    return sa.and_(draft.workspace_id == workspace_id, draft.template_id == template_id, draft.language == language)


def _languages(connection: sa.Connection, workspace_id: int, template_id: int) -> list[str]:
    draft = template_drafts.c
    mine = (draft.workspace_id == workspace_id, draft.template_id == template_id, draft.language != "")
    return list(connection.execute(sa.select(draft.language).where(*mine).order_by(draft.language)).scalars())


def _told(language: str) -> dict[str, object]:
    return {"language": language} if language else {}


def _write(connection: sa.Connection, workspace_id: int, template_id: int, language: str, values: dict[str, Any], *, is_new: bool) -> None:
    if not is_new:
        connection.execute(template_drafts.update().where(_is(workspace_id, template_id, language)).values(**values))
        return
    if language and len(_languages(connection, workspace_id, template_id)) >= MAX_LANGUAGES:
        raise InvalidInput(f"A template can have {MAX_LANGUAGES} languages besides its own.", hint="Take one out first.")
    connection.execute(template_drafts.insert().values(workspace_id=workspace_id, template_id=template_id, language=language, **values))


def _draft(connection: sa.Connection, workspace_id: int, template_id: int, language: str) -> Draft | None:
    row = connection.execute(sa.select(template_drafts).where(_is(workspace_id, template_id, language))).one_or_none()
    if row is None:
        return None
    name = names_of(connection, workspace_id, [row.updated_by]).get(row.updated_by, row.updated_by)
    kind = TemplateKind(row.kind)
    return Draft(template_id, row.source, kind, row.based_on, row.revision, row.updated_by, name, row.updated_at, language)


def changed_by(found: Draft | None) -> Conflict:
    """Return what is told to whoever goes on from a draft that is not there any more as they know it.

    Args:
        found: The draft as it is now; None where there is none.
    """
    if found is None:
        return Conflict("The draft was saved as a version or thrown away meanwhile.", hint="Open the template again to go on from there.")
    at = f"{found.updated_at:%d %B, %H:%M} UTC"
    return Conflict(
        f"{found.updated_by_name} changed this draft on {at}; yours was not kept.", hint="Open the template again to go on from theirs."
    )
