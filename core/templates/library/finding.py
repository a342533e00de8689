"""Finding templates by name, folder, tag and what they say; thousands of them, a page at a time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.audit.names import names_of
from core.storage.database import among
from core.templates.compiling.compiler import TemplateKind
from core.templates.library.models import Template
from core.templates.library.names import NO_FOLDER
from core.templates.tables import template_versions, templates

_LONGEST_SEARCH = 200


@dataclass(frozen=True)
class Wanted:
    """Which templates are looked for.

    Args:
        search: Words in the name, a tag, the folder, or in what it says; "" for all.
        folder: The folder they lie in; `NO_FOLDER` for those in none, "" for anywhere.
        tag: A tag they have; "" for any.
        archived: Whether those that were put away are looked for, and no others.
    """

    search: str = ""
    folder: str = ""
    tag: str = ""
    archived: bool = False


@dataclass(frozen=True)
class Card:
    """A template as the library shows it.

    Args:
        template: The template.
        version_id: Its newest version.
        kind: What that is written in.
        changed_by: What whoever saved it is called.
        note: What they wrote about it.
        thumbnail: The blob of its picture; None where there is none yet, "" where there will be none.
    """

    template: Template
    version_id: int
    kind: TemplateKind
    changed_by: str
    note: str
    thumbnail: str | None


@dataclass(frozen=True)
class Shelf:
    """Some templates, and what all of the workspace can be narrowed by.

    Args:
        rows: Those of this page, the one saved last first.
        total: How many were found in all.
        in_all: How many there are, put away or not.
        folders: The folders, with how many of those not put away lie in each.
        tags: The tags, likewise.
    """

    rows: list[Card]
    total: int
    in_all: int
    folders: dict[str, int]
    tags: dict[str, int]


def find(connection: sa.Connection, workspace_id: int, wanted: Wanted, limit: int, offset: int) -> Shelf:
    """Return a page of what is looked for.

    Names, folders and tags of all templates are light and tell what can be chosen; only of those on the page more is read.

    Args:
        connection: To read with.
        workspace_id: Whose.
        wanted: Which.
        limit: How many at most.
        offset: How many to leave out.
    """
    columns = (templates.c.id, templates.c.name, templates.c.updated_at, templates.c.folder, templates.c.tags, templates.c.archived_at)
    of_workspace = sa.select(*columns).where(templates.c.workspace_id == workspace_id)
    everything = connection.execute(of_workspace.order_by(templates.c.updated_at.desc(), templates.c.id.desc())).all()
    saying = _saying(connection, workspace_id, wanted.search) if wanted.search.strip() else None
    found = [row for row in everything if _fits(row, wanted, saying)]
    shown = [row for row in everything if row.archived_at is None]
    return Shelf(
        _cards(connection, workspace_id, found[offset : offset + limit]),
        len(found),
        len(everything),
        _counted(row.folder for row in shown if row.folder),
        _counted(tag for row in shown for tag in row.tags),
    )


def _fits(row: sa.Row[*tuple[Any, ...]], wanted: Wanted, saying: set[int] | None) -> bool:
    if (row.archived_at is not None) != wanted.archived or (wanted.tag and wanted.tag not in row.tags):
        return False
    if wanted.folder and row.folder != ("" if wanted.folder == NO_FOLDER else wanted.folder):
        return False
    if saying is None or row.id in saying:
        return True
    words = " ".join(wanted.search.split()).casefold()
    return any(words in text.casefold() for text in (row.name, row.folder, *row.tags))


def _saying(connection: sa.Connection, workspace_id: int, search: str) -> set[int]:
    """Return the templates whose newest version holds the words, as somebody reads them or in code of one's own."""
    version = template_versions.c
    newest = sa.select(sa.func.max(version.id)).where(version.workspace_id == workspace_id).group_by(version.template_id)
    words = " ".join(search.split())[:_LONGEST_SEARCH].replace("\x00", "")
    in_code = sa.and_(version.kind != TemplateKind.BLOCKS.value, version.source.icontains(words, autoescape=True))
    holds = sa.or_(version.text.icontains(words, autoescape=True), in_code)
    return set(connection.execute(sa.select(version.template_id).where(version.id.in_(newest), holds)).scalars())


def _cards(connection: sa.Connection, workspace_id: int, rows: list[sa.Row[*tuple[Any, ...]]]) -> list[Card]:
    version, wanted = template_versions.c, among(connection, [row.id for row in rows])
    columns = (version.template_id, version.id, version.number, version.kind, version.created_by, version.note, version.thumbnail)
    newest = sa.select(sa.func.max(version.id)).where(version.workspace_id == workspace_id, version.template_id.in_(wanted))
    found = {
        row.template_id: row for row in connection.execute(sa.select(*columns).where(version.id.in_(newest.group_by(version.template_id))))
    }
    names = names_of(connection, workspace_id, (row.created_by for row in found.values()))
    return [_card(row, found[row.id], names.get(found[row.id].created_by, found[row.id].created_by)) for row in rows if row.id in found]


def _card(row: sa.Row[*tuple[Any, ...]], newest: sa.Row[*tuple[Any, ...]], changed_by: str) -> Card:
    template = Template(row.id, row.name, newest.number, row.updated_at, row.folder, tuple(row.tags), row.archived_at)
    return Card(template, newest.id, TemplateKind(newest.kind), changed_by, newest.note, newest.thumbnail)


def _counted(words: Any) -> dict[str, int]:
    return dict(sorted(Counter(words).items(), key=lambda pair: pair[0].casefold()))
