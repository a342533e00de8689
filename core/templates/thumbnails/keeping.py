"""The small pictures of templates: which are due, where they are kept and how long, and what is shown while there is none."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from core.clock import Clock
from core.errors import InvalidInput, NotFound, PostwrightError
from core.permissions import Permission, Principal
from core.storage.blobs import Blobs
from core.storage.database import Database, among, chunked
from core.storage.tables import workspaces
from core.templates.blocks.document import Document, read_document
from core.templates.brands.kits import BrandKits
from core.templates.compiling.compiler import TemplateKind
from core.templates.images.shown import PictureStore, shown_in
from core.templates.library.templates import Templates
from core.templates.tables import template_versions, templates
from core.templates.thumbnails.sketching import sketch

NONE_TO_BE_HAD = ""
# How long one that could not be taken waits for each further try; the machine may have been too busy, or the disk full.
WAITS = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
_AT_ONCE = 200
_MOST_PICTURES_BYTES = 5_000_000


@dataclass(frozen=True)
class Due:
    """A version nobody has taken a picture of.

    Args:
        workspace_id: Whose.
        version_id: Which.
    """

    workspace_id: int
    version_id: int


class Thumbnails:
    """Shows small pictures, and keeps them.

    Args:
        db: The operational database.
        clock: The time.
        blobs: Where pictures lie.
        library: What renders templates.
        brands: How block documents look.
        pictures: What keeps the pictures that emails show.
    """

    def __init__(self, db: Database, clock: Clock, blobs: Blobs, library: Templates, brands: BrandKits, pictures: PictureStore) -> None:
        self._db, self._clock, self._blobs, self._library, self._brands, self._pictures = db, clock, blobs, library, brands, pictures

    def pictures(self, by: Principal, version_ids: Sequence[int]) -> Mapping[int, bytes | str]:
        """Return pictures by version: a WebP as bytes, or a drawing as SVG where there is no picture (yet).

        Raises:
            Denied: If `by` may not see templates.
        """
        by.require(Permission.TEMPLATES_VIEW)
        version = template_versions.c
        columns = (version.id, version.kind, version.thumbnail, templates.c.name, templates.c.brand_kit_id)
        drawn = sa.and_(version.kind == TemplateKind.BLOCKS.value, sa.func.coalesce(version.thumbnail, "") == "")
        source = sa.case((drawn, version.source), else_="").label("source")
        mine = (version.workspace_id == by.workspace_id, templates.c.workspace_id == by.workspace_id)
        statement = sa.select(*columns, source).join_from(template_versions, templates, templates.c.id == version.template_id).where(*mine)
        with self._db.read() as connection:
            rows = connection.execute(statement.where(version.id.in_(among(connection, list(version_ids))))).all()
        brands = {kit: self._brands.brand_of(by.workspace_id, kit) for kit in {row.brand_kit_id for row in rows}}
        return {
            row.id: self._kept(by.workspace_id, row.thumbnail) or sketch(_document(row.source), brands[row.brand_kit_id], row.name)
            for row in rows
        }

    def due(self, limit: int = 20) -> list[Due]:
        """Return the newest versions of templates in use that nobody has taken a picture of, the newest first; for the worker."""
        version = template_versions.c
        newest = sa.select(sa.func.max(version.id)).join(templates, templates.c.id == version.template_id)
        newest = newest.where(templates.c.archived_at.is_(None)).group_by(version.template_id)
        waited = sa.or_(version.thumbnail_after.is_(None), version.thumbnail_after <= self._clock.now())
        wanted = sa.select(version.workspace_id, version.id).where(version.thumbnail.is_(None), waited, version.id.in_(newest))
        with self._db.read() as connection:
            return [Due(row.workspace_id, row.id) for row in connection.execute(wanted.order_by(version.id.desc()).limit(limit))]

    def html(self, due: Due) -> str | None:
        """Return what is taken a picture of: the email as a made-up person gets it; None where it can't be rendered.

        The workspace's own pictures stand in it, for whatever takes the picture reaches nothing; others are not shown.
        """
        by = Principal.system(due.workspace_id, "worker")
        try:
            html = self._library.preview(by, self._library.version(due.workspace_id, due.version_id)).html
        except PostwrightError:
            return None
        room = _MOST_PICTURES_BYTES
        for one, url in shown_in(self._pictures, by, html) if "<img" in html else ():
            takes = one.size * html.count(url)  # an email may name one picture thousands of times
            if takes <= room and (data := self._content(by, one.id)):
                room -= takes
                html = html.replace(url, f"data:{one.media_type};base64,{base64.b64encode(data).decode()}")
        return html

    def _content(self, by: Principal, picture_id: int) -> bytes | None:
        try:
            return self._pictures.content(by, picture_id)
        except NotFound:  # deleted in this moment, or of a backup without its files
            return None

    def keep(self, due: Due, picture: bytes | None) -> None:
        """Keep a picture; None for one that could not be taken, which is tried again later, a few times.

        Raises:
            StorageFull: If the disk is full; it stays due.
        """
        version = template_versions.c
        mine = (version.workspace_id == due.workspace_id, version.id == due.version_id)
        with self._db.transaction() as connection:
            _hold(connection, due.workspace_id)
            values: dict[str, object]
            if picture:
                values = {"thumbnail": self._blobs.put(due.workspace_id, picture), "thumbnail_after": None}
            else:
                tries = 1 + (connection.execute(sa.select(version.thumbnail_tries).where(*mine)).scalar() or 0)
                again = self._clock.now() + WAITS[tries - 1] if tries <= len(WAITS) else None
                values = {"thumbnail": None if again else NONE_TO_BE_HAD, "thumbnail_tries": tries, "thumbnail_after": again}
            connection.execute(template_versions.update().where(*mine).values(values))

    def tidy(self) -> int:
        """Delete pictures of versions that are shown nowhere any more, and have those taken anew whose file is gone; return how many.

        A file goes before its row is changed for good: killed in between, the row is looked at once more.
        """
        version = template_versions.c
        newest = sa.select(sa.func.max(version.id)).group_by(version.template_id)
        columns = sa.select(version.workspace_id, version.id, version.thumbnail).where(version.thumbnail != NONE_TO_BE_HAD)
        with self._db.read() as connection:
            old = connection.execute(columns.where(version.id.not_in(newest))).all()
            shown = connection.execute(columns.where(version.id.in_(newest))).all()
        lost = [row for row in shown if not self._blobs.has(row.workspace_id, row.thumbnail)]
        for workspace_id in {row.workspace_id for row in (*old, *lost)}:
            for rows in chunked([row for row in (*old, *lost) if row.workspace_id == workspace_id], _AT_ONCE):
                self._forget(workspace_id, {row.id: row.thumbnail for row in rows})
        return len(old) + len(lost)

    def _forget(self, workspace_id: int, keys: Mapping[int, str]) -> None:
        version = template_versions.c
        mine = version.workspace_id == workspace_id
        with self._db.transaction() as connection:
            _hold(connection, workspace_id)
            connection.execute(template_versions.update().where(mine, version.id.in_(among(connection, list(keys)))).values(thumbnail=None))
            # Two versions that look the same have one file.
            named = sa.select(version.thumbnail).where(mine, version.thumbnail.in_(among(connection, sorted(set(keys.values())))))
            for key in set(keys.values()) - set(connection.execute(named).scalars()):
                self._blobs.delete(workspace_id, key)

    def _kept(self, workspace_id: int, key: str | None) -> bytes | None:
        if not key:
            return None
        try:
            return self._blobs.get(workspace_id, key)
        except NotFound:  # of a backup without its files
            return None


def _hold(connection: sa.Connection, workspace_id: int) -> None:
    """Let nobody else keep or delete small pictures of a workspace until the transaction ends: a file has as many names as looks."""
    connection.execute(sa.select(workspaces.c.id).where(workspaces.c.id == workspace_id).with_for_update(key_share=True))


def _document(source: str) -> Document | None:
    try:
        return read_document(source) if source else None
    except InvalidInput:
        return None
