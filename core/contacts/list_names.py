"""What lists are called, and the list of a name."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from core.contacts.tables import lists
from core.errors import Conflict, InvalidInput
from core.storage.database import insert_or_ignore

MAX_NAME = 200


def check_list_name(name: str) -> str:
    """Return a list's name, trimmed.

    Raises:
        InvalidInput: If it is empty, too long or holds control characters.
    """
    wanted = name.strip()
    if not wanted or len(wanted) > MAX_NAME or not wanted.isprintable():
        raise InvalidInput("A list needs a name.", hint=f"Use 1 to {MAX_NAME} characters on one line.")
    return wanted


def find_list(connection: sa.Connection, workspace_id: int, name: str) -> int | None:
    """Return the id of the list of that name, or None."""
    return connection.execute(sa.select(lists.c.id).where(lists.c.workspace_id == workspace_id, lists.c.name == name)).scalar()


def list_named(connection: sa.Connection, workspace_id: int, name: str, now: datetime) -> int:
    """Return the id of the list of that name, making it inside the caller's transaction where there is none."""
    wanted = check_list_name(name)
    insert_or_ignore(connection, lists, [{"workspace_id": workspace_id, "name": wanted, "created_at": now}])
    found = find_list(connection, workspace_id, wanted)
    if found is None:
        raise Conflict("The list was deleted at the same moment.", hint="Try again.")
    return found
