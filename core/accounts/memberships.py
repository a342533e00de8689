"""Who is in which workspace: the rows that say so, written inside the transactions of those who decide it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from core.accounts.roles import RoleDefinition
from core.accounts.tables import membership_lists, memberships
from core.errors import Conflict, NotFound
from core.storage.database import insert_or_ignore

# Which lists there are is for `contacts`, above: here it is enough whose they are.
_lists = sa.table("lists", sa.column("id"), sa.column("workspace_id"))


def add_membership(connection: sa.Connection, workspace_id: int, person_id: int, role: RoleDefinition, now: datetime) -> None:
    """Let a person into a workspace.

    Raises:
        Conflict: If they are in it already, also if they are disabled there.
    """
    row = {"workspace_id": workspace_id, "person_id": person_id, "created_at": now, **role.columns}
    if not insert_or_ignore(connection, memberships, [row]):
        raise Conflict("This address already belongs to somebody in this workspace.", hint="Change their role instead.")


def set_lists(connection: sa.Connection, workspace_id: int, person_id: int, list_ids: Collection[int] | None) -> None:
    """Let a member see the contacts of these lists only, or of all with None.

    Raises:
        NotFound: If a list is not of this workspace.
    """
    whose = (membership_lists.c.workspace_id == workspace_id, membership_lists.c.person_id == person_id)
    wanted = sorted(set(list_ids or ()))
    require_lists(connection, workspace_id, wanted)
    connection.execute(sa.delete(membership_lists).where(*whose))
    rows = [{"workspace_id": workspace_id, "person_id": person_id, "list_id": one} for one in wanted]
    insert_or_ignore(connection, membership_lists, rows)
    mine = (memberships.c.workspace_id == workspace_id, memberships.c.person_id == person_id)
    connection.execute(sa.update(memberships).where(*mine).values(is_limited=list_ids is not None))


def require_lists(connection: sa.Connection, workspace_id: int, list_ids: Collection[int]) -> None:
    """Do nothing if all these lists are of this workspace.

    Raises:
        NotFound: If one is not.
    """
    if set(list_ids) - known_lists(connection, workspace_id, list_ids):
        raise NotFound("There is no such list.", hint="It may have been deleted; choose another one.")


def known_lists(connection: sa.Connection, workspace_id: int, list_ids: Collection[int]) -> set[int]:
    """Return those of these lists that are of this workspace."""
    known = sa.select(_lists.c.id).where(_lists.c.workspace_id == workspace_id, _lists.c.id.in_(list(list_ids)))
    return set(connection.execute(known).scalars())
