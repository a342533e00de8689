"""The versions of a template: who saved them and why, going back to one, and where each is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from core.audit.names import names_of
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.templates.compiling.compiler import TemplateKind
from core.templates.languages.variants import variants_of
from core.templates.library.comparing import Compared, in_languages
from core.templates.library.models import TemplateVersion, as_version, versions_of
from core.templates.library.names import missing
from core.templates.library.templates import Templates
from core.templates.tables import template_versions

_TOO_LARGE = 2**31  # for the column: PostgreSQL refuses to compare it


class UsedBy(StrEnum):
    """What uses a version."""

    CAMPAIGN = "campaign"
    MESSAGES = "messages"


@dataclass(frozen=True)
class Use:
    """Something that was or will be written by a template.

    Args:
        by: What it is.
        number: The version it holds on to; None for a campaign that takes the newest when it is launched.
        id: The campaign's number; 0 for single messages, which stand together.
        name: What it is called.
        state: Where the campaign is.
        count: How many single messages.
        at: When the campaign was launched or the last message asked for; None where that was not yet.
    """

    by: UsedBy
    number: int | None
    id: int = 0
    name: str = ""
    state: str = ""
    count: int = 0
    at: datetime | None = None


# Given by the parts above, which know templates: who asks, and the template.
UsesOf = Callable[[sa.Connection, Principal, int], Sequence[Use]]


@dataclass(frozen=True)
class VersionLine:
    """A version in the list of all, without what it says.

    Args:
        id: Its number in the installation.
        number: Its number in the template, from 1.
        kind: What it is written in.
        note: What its author wrote about it.
        author: What whoever saved it is called.
        created_at: When.
    """

    id: int
    number: int
    kind: TemplateKind
    note: str
    author: str
    created_at: datetime


class Versions:
    """Lists versions, goes back to one, and says what uses which.

    Args:
        db: The operational database.
        library: What saves templates.
        uses: Finds what uses a template.
    """

    def __init__(self, db: Database, library: Templates, uses: UsesOf) -> None:
        self._db, self._library, self._uses = db, library, uses

    def page(self, by: Principal, template_id: int, limit: int = 50, *, before: int | None = None) -> list[VersionLine]:
        """Return versions of a template, newest first.

        Args:
            by: Who asks.
            template_id: The template.
            limit: How many at most.
            before: Only those with a lower number.

        Raises:
            Denied: If `by` may not see templates.
            NotFound: If this workspace has no such template.
        """
        self._library.get(by, template_id)
        version = template_versions.c
        columns = (version.id, version.number, version.kind, version.note, version.created_by, version.created_at)
        mine = sa.select(*columns).where(version.workspace_id == by.workspace_id, version.template_id == template_id)
        if before is not None:
            mine = mine.where(version.number < before)
        with self._db.read() as connection:
            rows = connection.execute(mine.order_by(version.number.desc()).limit(limit)).all()
            names = names_of(connection, by.workspace_id, (row.created_by for row in rows))
        return [
            VersionLine(row.id, row.number, TemplateKind(row.kind), row.note, names.get(row.created_by, row.created_by), row.created_at)
            for row in rows
        ]

    def get(self, by: Principal, template_id: int, number: int) -> TemplateVersion:
        """Return a version by its number in the template.

        Raises:
            Denied: If `by` may not see templates.
            NotFound: If there is no such version.
        """
        by.require(Permission.TEMPLATES_VIEW)
        return self._numbered(by.workspace_id, template_id, number)

    def compared(self, by: Principal, template_id: int, number: int, other_number: int) -> tuple[Compared, ...]:
        """Return two versions in each language that one of them has, the main one first.

        Args:
            by: Who asks.
            template_id: The template.
            number: The older one's number.
            other_number: The newer one's.

        Raises:
            Denied: If `by` may not see templates.
            NotFound: If there is no such version.
            InvalidInput: If one is of another release, and its words can't be read any more.
        """
        by.require(Permission.TEMPLATES_VIEW)
        old, new = (self._numbered(by.workspace_id, template_id, one) for one in (number, other_number))
        with self._db.read() as connection:
            had, has = (variants_of(connection, by.workspace_id, one.id) for one in (old, new))
        return in_languages(old, new, had, has)

    def restore(self, by: Principal, template_id: int, number: int) -> TemplateVersion:
        """Make what a version said the newest version, which says so in its note; where it is the newest already, nothing happens.

        Raises:
            Denied: If `by` may not edit templates.
            NotFound: If there is no such version.
            InvalidInput: If it can't be used any more: a field it names may be gone.
        """
        by.require(Permission.TEMPLATES_EDIT)
        old = self._numbered(by.workspace_id, template_id, number)
        with self._db.read() as connection:
            languages = {one.language: one.source for one in variants_of(connection, by.workspace_id, old.id)}
        note = f"Version {number} restored"
        return self._library.save_version(by, template_id, old.source, kind=old.kind, note=note, languages=languages)

    def uses(self, by: Principal, template_id: int) -> Sequence[Use]:
        """Return what uses a template and which version each holds on to; campaigns only for those who may see them.

        Raises:
            Denied: If `by` may not see templates.
            NotFound: If this workspace has no such template.
        """
        self._library.get(by, template_id)
        if not by.may(Permission.CAMPAIGNS_VIEW):
            return []
        with self._db.read() as connection:
            return self._uses(connection, by, template_id)

    def _numbered(self, workspace_id: int, template_id: int, number: int) -> TemplateVersion:
        version = template_versions.c
        mine = versions_of(workspace_id).where(version.template_id == template_id, version.number == number)
        with self._db.read() as connection:
            row = connection.execute(mine).one_or_none() if number < _TOO_LARGE else None
        if row is None:
            raise missing(f"Version {number} of template {template_id}")
        return as_version(row)
