"""How people outside see lists: which of them anybody may join or leave, and what is read about them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.tables import lists
from core.contacts.visibility import seen_lists
from core.errors import InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database

MAX_DESCRIPTION = 300


@dataclass(frozen=True)
class Presented:
    """How people outside see a list.

    Args:
        is_public: Whether anybody who gets our mail may join or leave it on the page of choices.
        description: What is read about it there and on forms; may be empty.
    """

    is_public: bool
    description: str


class PublicLists:
    """Says and changes how people outside see lists; to somebody limited to some lists, the others are not there.

    Args:
        db: The database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def all(self, by: Principal) -> dict[int, Presented]:
        """Return how people outside see every list `by` may see, by the list's number.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        wanted = sa.select(lists.c.id, lists.c.is_public, lists.c.description).where(lists.c.workspace_id == by.workspace_id)
        with self._db.read() as connection:
            rows = connection.execute(wanted.where(*seen_lists(by))).all()
        return {row.id: Presented(row.is_public, row.description) for row in rows}

    def present(self, by: Principal, list_id: int, *, is_public: bool, description: str) -> Presented:
        """Say whether anybody may join or leave a list on the page of choices, and what people outside read about it.

        Raises:
            Denied: If `by` may not edit contacts.
            InvalidInput: If the description is too long or holds control characters.
            NotFound: If this workspace has no such list.
        """
        by.require(Permission.CONTACTS_EDIT)
        wanted = Presented(is_public, " ".join(description.split()))
        if len(wanted.description) > MAX_DESCRIPTION or not wanted.description.isprintable():
            raise InvalidInput("A list’s description can’t be used.", hint=f"Use at most {MAX_DESCRIPTION} characters.")
        this = sa.and_(lists.c.workspace_id == by.workspace_id, lists.c.id == list_id, *seen_lists(by))
        with self._db.transaction() as connection:
            before = connection.execute(sa.select(lists.c.name, lists.c.is_public).where(this)).one_or_none()
            if before is None:
                raise NotFound("There is no such list.", hint="It may have been deleted; choose another one.")
            connection.execute(sa.update(lists).where(this).values(is_public=is_public, description=wanted.description))
            was, now = {"is_public": before.is_public}, {"name": before.name, "is_public": is_public}
            record(connection, self._clock.now(), by, AuditAction.LIST_PRESENTED, f"list:{list_id}", before=was, after=now)
        return wanted
