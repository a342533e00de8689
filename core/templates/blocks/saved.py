"""Blocks that somebody kept to use them in other templates; what was put in from one is a copy, and stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Conflict, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database, insert_or_ignore
from core.templates.blocks.document import read_block
from core.templates.blocks.kinds import Block
from core.templates.images.holding import must_have_pictures
from core.templates.tables import saved_blocks

MAX_NAME = 100
MAX_SAVED = 200


@dataclass(frozen=True)
class SavedBlock:
    """A block that was kept.

    Args:
        id: Its number.
        name: Unique in the workspace.
        block: The block; whoever puts it in gives the copy an id of its own. None where this release can't read it.
        updated_at: When it was kept or renamed.
    """

    id: int
    name: str
    block: Block | None
    updated_at: datetime


class SavedBlocks:
    """Keeps blocks for other templates.

    Args:
        db: The operational database.
        clock: The time.
        public_url: What addresses of our own pictures begin with; empty for any.
    """

    def __init__(self, db: Database, clock: Clock, public_url: str = "") -> None:
        self._db, self._clock, self._public_url = db, clock, public_url

    def all(self, by: Principal) -> list[SavedBlock]:
        """Return the blocks that were kept, by name.

        Raises:
            Denied: If `by` may not edit templates.
        """
        by.require(Permission.TEMPLATES_EDIT)
        mine = sa.select(saved_blocks).where(saved_blocks.c.workspace_id == by.workspace_id)
        with self._db.read() as connection:
            rows = connection.execute(mine.order_by(sa.func.lower(saved_blocks.c.name), saved_blocks.c.id)).all()
        return [_saved(row) for row in rows]

    def get(self, by: Principal, saved_id: int) -> SavedBlock:
        """Return one.

        Raises:
            Denied: If `by` may not edit templates.
            NotFound: If this workspace has no such block.
        """
        by.require(Permission.TEMPLATES_EDIT)
        with self._db.read() as connection:
            return _one(connection, by.workspace_id, saved_id)

    def save(self, by: Principal, name: str, block: Block) -> SavedBlock:
        """Keep a block under a name.

        Args:
            by: Who keeps it.
            name: What it is called.
            block: The block.

        Raises:
            Denied: If `by` may not edit templates.
            InvalidInput: If the name or what the block says can't be kept, or there are too many already.
            Conflict: If another one has that name, or a picture in it was deleted.
        """
        by.require(Permission.TEMPLATES_EDIT)
        name, now = _checked(name), self._clock.now()
        if "\\u0000" in block.model_dump_json().replace("\\\\", ""):  # what somebody typed like this is text
            raise InvalidInput("The block holds characters that are not text.", hint="Remove what you pasted last and try again.")
        row = {"workspace_id": by.workspace_id, "name": name, "content": block.model_dump(mode="json")}
        mine = saved_blocks.c.workspace_id == by.workspace_id
        with self._db.transaction() as connection:
            count = connection.execute(sa.select(sa.func.count()).select_from(saved_blocks).where(mine)).scalar_one()
            if count >= MAX_SAVED:
                raise InvalidInput(f"There are {MAX_SAVED} kept blocks already.", hint="Delete some that nobody uses.")
            must_have_pictures(connection, by.workspace_id, self._public_url, block.model_dump_json())
            row |= {"updated_by": by.label, "created_at": now, "updated_at": now}
            if not insert_or_ignore(connection, saved_blocks, [row]):
                raise _taken(name)
            saved_id = connection.execute(sa.select(saved_blocks.c.id).where(mine, saved_blocks.c.name == name)).scalar_one()
            record(connection, now, by, AuditAction.SAVED_BLOCK_KEPT, f"saved_block:{saved_id}", after={"name": name, "kind": block.kind})
        return SavedBlock(saved_id, name, block, now)

    def rename(self, by: Principal, saved_id: int, name: str) -> SavedBlock:
        """Give a kept block another name.

        Raises:
            Denied: If `by` may not edit templates.
            NotFound: If this workspace has no such block.
            InvalidInput: If the name can't be used.
            Conflict: If another one has that name.
        """
        by.require(Permission.TEMPLATES_EDIT)
        name, now = _checked(name), self._clock.now()
        with self._db.transaction() as connection:
            found = _one(connection, by.workspace_id, saved_id)
            if found.name == name:
                return found
            mine = (saved_blocks.c.workspace_id == by.workspace_id, saved_blocks.c.name == name)
            if connection.execute(sa.select(saved_blocks.c.id).where(*mine)).first():
                raise _taken(name)
            this = (saved_blocks.c.workspace_id == by.workspace_id, saved_blocks.c.id == saved_id)
            values = {"name": name, "updated_by": by.label, "updated_at": now}
            try:
                connection.execute(saved_blocks.update().where(*this).values(values))
            except sa.exc.IntegrityError as error:  # taken since it was looked for
                raise _taken(name) from error
            before, after = {"name": found.name}, {"name": name}
            record(connection, now, by, AuditAction.SAVED_BLOCK_RENAMED, f"saved_block:{saved_id}", before=before, after=after)
        return SavedBlock(saved_id, name, found.block, now)

    def delete(self, by: Principal, saved_id: int) -> None:
        """Forget a kept block; templates that have a copy of it keep that.

        Raises:
            Denied: If `by` may not edit templates.
            NotFound: If this workspace has no such block.
        """
        by.require(Permission.TEMPLATES_EDIT)
        this = (saved_blocks.c.workspace_id == by.workspace_id, saved_blocks.c.id == saved_id)
        with self._db.transaction() as connection:
            found = _one(connection, by.workspace_id, saved_id)
            connection.execute(saved_blocks.delete().where(*this))
            before = {"name": found.name, "kind": found.block.kind if found.block else ""}
            record(connection, self._clock.now(), by, AuditAction.SAVED_BLOCK_DELETED, f"saved_block:{saved_id}", before=before)


def _one(connection: sa.Connection, workspace_id: int, saved_id: int) -> SavedBlock:
    this = (saved_blocks.c.workspace_id == workspace_id, saved_blocks.c.id == saved_id)
    row = connection.execute(sa.select(saved_blocks).where(*this)).one_or_none()
    if row is None:
        raise NotFound("There is no such kept block.", hint="Somebody may have deleted it; choose another one.")
    return _saved(row)


def _saved(row: sa.Row[tuple[object, ...]]) -> SavedBlock:
    try:
        block = read_block(row.content)
    except InvalidInput:  # another release wrote it; one that can't be read must not hide all the others
        block = None
    return SavedBlock(row.id, row.name, block, row.updated_at)


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise InvalidInput("A kept block needs a name.", hint=f"Use 1 to {MAX_NAME} characters.")
    return name


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a kept block called “{name}” already.", hint="Choose another name.")
