"""The small pictures of templates: which are due, where they are kept, and what is shown while there is none."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from core.errors import InvalidInput, NotFound, PostwrightError
from core.permissions import Permission, Principal
from core.storage.blobs import Blobs
from core.storage.database import Database, among
from core.templates.blocks.document import Document, read_document
from core.templates.brands.kits import BrandKits
from core.templates.compiling.compiler import TemplateKind
from core.templates.images.shown import PictureStore, shown_in
from core.templates.library.templates import Templates
from core.templates.tables import template_versions, templates
from core.templates.thumbnails.sketching import sketch

NONE_TO_BE_HAD = ""
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
        blobs: Where pictures lie.
        library: What renders templates.
        brands: How block documents look.
        pictures: What keeps the pictures that emails show.
    """

    def __init__(self, db: Database, blobs: Blobs, library: Templates, brands: BrandKits, pictures: PictureStore) -> None:
        self._db, self._blobs, self._library, self._brands, self._pictures = db, blobs, library, brands, pictures

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
        wanted = sa.select(version.workspace_id, version.id).where(version.thumbnail.is_(None), version.id.in_(newest))
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
            if takes <= room:
                room -= takes
                html = html.replace(url, f"data:{one.media_type};base64,{base64.b64encode(self._pictures.content(by, one.id)).decode()}")
        return html

    def keep(self, due: Due, picture: bytes | None) -> None:
        """Keep a picture; None for one that can't be had, so that nobody tries again.

        Raises:
            StorageFull: If the disk is full; it stays due.
        """
        key = self._blobs.put(due.workspace_id, picture) if picture else NONE_TO_BE_HAD
        mine = (template_versions.c.workspace_id == due.workspace_id, template_versions.c.id == due.version_id)
        with self._db.transaction() as connection:
            connection.execute(template_versions.update().where(*mine).values(thumbnail=key))

    def _kept(self, workspace_id: int, key: str | None) -> bytes | None:
        if not key:
            return None
        try:
            return self._blobs.get(workspace_id, key)
        except NotFound:  # of a backup without its files
            return None


def _document(source: str) -> Document | None:
    try:
        return read_document(source) if source else None
    except InvalidInput:
        return None
