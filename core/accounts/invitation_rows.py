"""What an invitation is to those who see one, and how it is found in the table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.accounts.principals import role_key
from core.accounts.tables import invitations, people, roles
from core.errors import NotFound
from core.permissions import Principal


@dataclass(frozen=True)
class Invitation:
    """An invitation nobody has accepted yet.

    Args:
        id: Its number.
        email: Whom it is for, lower case.
        name: What they are called; may be empty.
        role: The key of the role they get, see `RoleDefinition`.
        role_name: What that role is called.
        lists: The only lists whose contacts they will see; None for all.
        invited_by: The name of whoever sent it last; "" for whoever runs the server.
        created_at: When it was sent last.
        expires_at: From when on its link no longer works.
    """

    id: int
    email: str
    name: str
    role: str
    role_name: str
    lists: frozenset[int] | None
    invited_by: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Invited:
    """An invitation that was just sent.

    Args:
        invitation: What was sent.
        link: Where it is accepted; known only now, the database holds no more than its hash.
        mailed: Whether the mail was taken; if not, the link has to be handed over in another way.
    """

    invitation: Invitation
    link: str
    mailed: bool


@dataclass(frozen=True)
class Offer:
    """What somebody who opens a link is shown.

    Args:
        workspace: The name of the workspace.
        email: Whom the invitation is for.
        name: What they were called in it; may be empty.
        role_name: The role they get.
        has_account: Whether the address has an account: then its owner signs in to accept.
    """

    workspace: str
    email: str
    name: str
    role_name: str
    has_account: bool


@dataclass(frozen=True)
class Accepted:
    """Somebody who is in now.

    Args:
        person_id: Their number.
        workspace_id: Where.
    """

    person_id: int
    workspace_id: int


_inviters = people.alias("inviters")
_COLUMNS = (*invitations.c, roles.c.name.label("role_name"), _inviters.c.name.label("inviter"))
_PLACES = invitations.outerjoin(roles, roles.c.id == invitations.c.role_id).outerjoin(_inviters, _inviters.c.id == invitations.c.invited_by)


def pending(workspace_id: int) -> sa.Select[Any]:
    """Return the query of the invitations nobody has accepted or cancelled, for `invitation_of`."""
    unsettled = (invitations.c.accepted_at.is_(None), invitations.c.cancelled_at.is_(None))
    return sa.select(*_COLUMNS).select_from(_PLACES).where(invitations.c.workspace_id == workspace_id, *unsettled)


def find(connection: sa.Connection, by: Principal, invitation_id: int) -> Invitation:
    """Return an invitation of the principal's workspace that nobody has accepted or cancelled.

    Raises:
        NotFound: If there is none.
    """
    row = connection.execute(pending(by.workspace_id).where(invitations.c.id == invitation_id)).mappings().first()
    if row is None:
        raise _settled()
    return invitation_of(row)


def change(connection: sa.Connection, by: Principal, invitation_id: int, **values: object) -> None:
    """Change an invitation unless somebody accepted or cancelled it a moment ago.

    Raises:
        NotFound: If somebody did.
    """
    unsettled = (invitations.c.accepted_at.is_(None), invitations.c.cancelled_at.is_(None))
    mine = (invitations.c.workspace_id == by.workspace_id, invitations.c.id == invitation_id, *unsettled)
    if not connection.execute(sa.update(invitations).where(*mine).values(**values)).rowcount:
        raise _settled()


def invitation_of(row: sa.RowMapping) -> Invitation:
    """Return the invitation of a row of `pending`."""
    return Invitation(
        row["id"],
        row["email"],
        row["name"],
        role_key(row["role"], row["role_id"]),
        row["role_name"] or row["role"].capitalize(),
        None if row["list_ids"] is None else frozenset(row["list_ids"]),
        row["inviter"] or "",
        row["created_at"],
        row["expires_at"],
    )


def _settled() -> NotFound:
    return NotFound("There is no such invitation.", hint="It may have been accepted or cancelled. Reload the page.")
