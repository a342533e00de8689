"""The pictures of a workspace: made anew from what was uploaded, kept once, shown to whoever gets an email that names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Conflict, NotFound
from core.permissions import Permission, Principal
from core.storage.blobs import Blobs
from core.storage.database import Database, insert_or_ignore
from core.storage.tables import workspaces
from core.templates.images.addresses import path_of
from core.templates.images.decoding import Reworked, rework
from core.templates.images.picture import Picture, Room, checked_alt, checked_name, without_ending
from core.templates.images.uses import Use, uses_of
from core.templates.tables import pictures

WIDEST, NARROWEST = 2_400, 16
_PAGE = 24
_COLUMNS = (
    pictures.c.id,
    pictures.c.workspace_id,
    pictures.c.name,
    pictures.c.blob,
    pictures.c.media_type,
    pictures.c.width,
    pictures.c.height,
    pictures.c.size,
    pictures.c.alt,
    pictures.c.created_by,
    pictures.c.created_at,
)


class Pictures:
    """Keeps, finds and deletes pictures.

    Args:
        db: The operational database.
        clock: The time.
        blobs: Where the files are; nothing else may be in there, for whoever knows a key gets the file.
        public_url: Where mail programs reach the receiver.
        most_bytes: How much the pictures of a workspace may take together.
    """

    def __init__(self, db: Database, clock: Clock, blobs: Blobs, public_url: str, most_bytes: int) -> None:
        self._db, self._clock, self._blobs, self._public_url, self._most = db, clock, blobs, public_url, most_bytes

    def add(self, by: Principal, data: bytes, name: str, alt: str = "", max_width: int = 1_200) -> Picture:
        """Make a picture anew and keep it; one that is there already is returned as it is.

        Args:
            by: Who uploads it.
            data: The file as it came.
            name: What it is called; a file's name will do.
            alt: What it shows, for those who don't see it.
            max_width: The widest it is kept, in pixels.

        Raises:
            Denied: If `by` may not edit templates.
            InvalidInput: If it is no picture that can be used; says what it is and what to do.
            Conflict: If the workspace has no room for it.
            StorageFull: If the disk has none.
        """
        by.require(Permission.TEMPLATES_EDIT)
        name, alt = checked_name(without_ending(name)), checked_alt(alt)
        with self._db.read() as connection:  # what we made is not made anew: a JPEG would get a little worse each time
            same = sa.and_(pictures.c.workspace_id == by.workspace_id, pictures.c.blob == self._blobs.key_of(data))
            found = connection.execute(_pictures(same)).one_or_none()
        if found and found.width <= max_width:
            return Picture(*found)
        made = rework(data, max(NARROWEST, min(WIDEST, max_width)))
        with self._db.transaction() as connection:
            return self._keep(connection, by, made, name, alt)

    def all(self, by: Principal, search: str = "", page: int = 1, size: int = _PAGE) -> list[Picture]:
        """Return a page of the pictures, the newest first.

        Args:
            by: Who looks.
            search: Words of names, or of what pictures show; empty for all.
            page: Which, from 1.
            size: How many to a page.

        Raises:
            Denied: If `by` may not see templates.
        """
        by.require(Permission.TEMPLATES_VIEW)
        found = _pictures(*_matching(by.workspace_id, search)).order_by(pictures.c.created_at.desc(), pictures.c.id.desc())
        with self._db.read() as connection:
            rows = connection.execute(found.limit(size).offset((max(1, page) - 1) * size))
            return [Picture(*row) for row in rows]

    def after(self, by: Principal, after_number: int, limit: int) -> list[Picture]:
        """Return pictures in the order they were uploaded, for reading all of them piece by piece.

        Args:
            by: Who looks.
            after_number: The last one read before; 0 to begin.
            limit: How many at most.

        Raises:
            Denied: If `by` may not see templates.
        """
        by.require(Permission.TEMPLATES_VIEW)
        following = _pictures(pictures.c.workspace_id == by.workspace_id, pictures.c.id > after_number).order_by(pictures.c.id)
        with self._db.read() as connection:
            return [Picture(*row) for row in connection.execute(following.limit(limit))]

    def count(self, by: Principal, search: str = "") -> int:
        """Return how many pictures there are, or how many match a search.

        Raises:
            Denied: If `by` may not see templates.
        """
        by.require(Permission.TEMPLATES_VIEW)
        counted = sa.select(sa.func.count()).select_from(pictures).where(*_matching(by.workspace_id, search))
        with self._db.read() as connection:
            return int(connection.execute(counted).scalar_one())

    def get(self, by: Principal, picture_id: int) -> Picture:
        """Return a picture.

        Raises:
            Denied: If `by` may not see templates.
            NotFound: If this workspace has no such picture.
        """
        by.require(Permission.TEMPLATES_VIEW)
        with self._db.read() as connection:
            return _one(connection, by.workspace_id, picture_id)

    def content(self, by: Principal, picture_id: int) -> bytes:
        """Return the bytes of a picture, for showing it in the app.

        Raises:
            Denied: If `by` may not see templates.
            NotFound: If this workspace has no such picture, or its file is gone.
        """
        return self._blobs.get(by.workspace_id, self.get(by, picture_id).blob)

    def describe(self, by: Principal, picture_id: int, name: str, alt: str) -> Picture:
        """Change what a picture is called and what it shows; emails that name it keep the words they have.

        Raises:
            Denied: If `by` may not edit templates.
            InvalidInput: If the name is empty or too long.
            NotFound: If this workspace has no such picture.
        """
        by.require(Permission.TEMPLATES_EDIT)
        wanted = {"name": checked_name(name), "alt": checked_alt(alt)}
        with self._db.transaction() as connection:
            was = _one(connection, by.workspace_id, picture_id)
            changed = sorted(field for field, value in wanted.items() if getattr(was, field) != value)
            if not changed:
                return was
            connection.execute(pictures.update().where(_is(by.workspace_id, picture_id)).values(wanted))
            # Which, not what: a file may be named after somebody.
            record(connection, self._clock.now(), by, AuditAction.PICTURE_CHANGED, f"picture:{picture_id}", after={"changed": changed})
        return replace(was, name=wanted["name"], alt=wanted["alt"])

    def where_used(self, by: Principal, picture_id: int) -> list[Use]:
        """Return what names a picture's address: versions and drafts of templates, brand kits, saved blocks.

        Raises:
            Denied: If `by` may not see templates.
            NotFound: If this workspace has no such picture.
        """
        by.require(Permission.TEMPLATES_VIEW)
        with self._db.read() as connection:
            return uses_of(connection, by.workspace_id, _one(connection, by.workspace_id, picture_id).blob)

    def delete(self, by: Principal, picture_id: int) -> None:
        """Delete a picture that nothing names: in emails that were sent there would be a hole.

        Raises:
            Denied: If `by` may not edit templates.
            NotFound: If this workspace has no such picture.
            Conflict: If something names it; says what.
        """
        by.require(Permission.TEMPLATES_EDIT)
        with self._db.transaction() as connection:
            # Held first: what is being saved with it waits, or is waited for and then found.
            picture = _one(connection, by.workspace_id, picture_id, hold=True)
            uses = uses_of(connection, by.workspace_id, picture.blob)
            if uses:
                raise Conflict(f"This picture is used by {_listed(uses)}.", hint="Emails that were sent show it too, so it stays.")
            connection.execute(pictures.delete().where(_is(by.workspace_id, picture_id)))
            record(connection, self._clock.now(), by, AuditAction.PICTURE_DELETED, f"picture:{picture_id}", before=_facts(picture))
            # While the row is locked: whoever uploads the same picture now writes its file after this.
            self._blobs.delete(by.workspace_id, picture.blob)

    def room(self, by: Principal) -> Room:
        """Return how much room the pictures take, and may take.

        Raises:
            Denied: If `by` may not see templates.
        """
        by.require(Permission.TEMPLATES_VIEW)
        with self._db.read() as connection:
            return Room(_used(connection, by.workspace_id), self._most)

    def url_of(self, picture: Picture) -> str:
        """Return the address by which everybody sees a picture."""
        return self._public_url + path_of(picture.workspace_id, picture.blob, picture.media_type)

    def _keep(self, connection: sa.Connection, by: Principal, made: Reworked, name: str, alt: str) -> Picture:
        key = self._blobs.key_of(made.data)
        row = {"workspace_id": by.workspace_id, "blob": key, "media_type": made.media_type, "width": made.width, "height": made.height}
        row |= {"size": len(made.data), "name": name, "alt": alt, "created_by": by.label, "created_at": self._clock.now()}
        # One after the other: of two who send at once each would see the room that is left for one.
        connection.execute(sa.select(workspaces.c.id).where(workspaces.c.id == by.workspace_id).with_for_update(key_share=True))
        used = _used(connection, by.workspace_id)
        is_new = insert_or_ignore(connection, pictures, [row]) == 1
        # Held: one that was there already may be deleted in this moment, and is then made anew.
        mine = _pictures(pictures.c.workspace_id == by.workspace_id, pictures.c.blob == key).with_for_update(read=True, key_share=True)
        found = connection.execute(mine).one_or_none()
        if found is None:
            return self._keep(connection, by, made, name, alt)
        if is_new and used + len(made.data) > self._most:
            most = f"{self._most >> 20:,} MB"
            raise Conflict(f"The pictures of this workspace may take {most} together.", hint="Delete some that are not used any more.")
        # After the row, which a deletion of the same picture would hold: the file is there whenever the row is.
        self._blobs.put(by.workspace_id, made.data)
        picture = Picture(*found)
        if is_new:
            record(connection, self._clock.now(), by, AuditAction.PICTURE_ADDED, f"picture:{picture.id}", after=_facts(picture))
        return picture


def _used(connection: sa.Connection, workspace_id: int) -> int:
    total = sa.select(sa.func.coalesce(sa.func.sum(pictures.c.size), 0)).where(pictures.c.workspace_id == workspace_id)
    return int(connection.execute(total).scalar_one())


def _pictures(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(*_COLUMNS).where(*conditions)


def _is(workspace_id: int, picture_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(pictures.c.workspace_id == workspace_id, pictures.c.id == picture_id)


def _one(connection: sa.Connection, workspace_id: int, picture_id: int, *, hold: bool = False) -> Picture:
    mine = _pictures(_is(workspace_id, picture_id))
    row = connection.execute(mine.with_for_update() if hold else mine).one_or_none()
    if row is None:
        raise NotFound("There is no such picture.", hint="It may have been deleted; choose another one.")
    return Picture(*row)


def _matching(workspace_id: int, search: str) -> list[sa.ColumnElement[bool]]:
    columns = (pictures.c.name, pictures.c.alt)
    words = [sa.or_(*(column.icontains(word, autoescape=True) for column in columns)) for word in search.split()[:5]]
    return [pictures.c.workspace_id == workspace_id, *words]


def _facts(picture: Picture) -> dict[str, object]:
    return {"type": picture.media_type, "width": picture.width, "height": picture.height, "size": picture.size}


def _listed(uses: Sequence[Use]) -> str:
    named, more = [f"{use.kind} “{use.name}”" for use in uses[:3]], len(uses) - 3
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")
