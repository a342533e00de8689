"""How an invitation is accepted: the link is used up, and its owner gets the role and the lists it promised."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from core.accounts.memberships import add_membership, known_lists, set_lists
from core.accounts.principals import COLUMNS, MEMBERS, permissions_of, role_key
from core.accounts.roles import RoleDefinition, find_role
from core.accounts.tables import invitations, memberships, people
from core.audit.actions import AuditAction
from core.audit.recording import record
from core.errors import Conflict, Denied
from core.ids import fingerprint
from core.permissions import Permission, Principal
from core.storage.database import Row, insert_or_ignore


def is_open(now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition under which an invitation can still be accepted."""
    return sa.and_(invitations.c.accepted_at.is_(None), invitations.c.cancelled_at.is_(None), invitations.c.expires_at > now)


def find_open(connection: sa.Connection, token: str, now: datetime) -> tuple[sa.RowMapping, RoleDefinition]:
    """Return the invitation of a link and the role it gives.

    Raises:
        Denied: If it is unknown, used, cancelled, too old, or nobody who may give this role stands behind it any more; always in
            the same words.
    """
    mine = sa.select(invitations).where(invitations.c.token_hash == fingerprint(token), is_open(now))
    row = connection.execute(mine).mappings().first()
    if row is None:
        raise bad_link()
    return row, _role(connection, row)


def use_up(connection: sa.Connection, token: str, now: datetime) -> tuple[sa.RowMapping, RoleDefinition]:
    """Mark an invitation accepted in one statement, so that of two who bring its link at once only one succeeds.

    Raises:
        Denied: As for `find_open`.
    """
    mine = sa.update(invitations).where(invitations.c.token_hash == fingerprint(token), is_open(now))
    row = connection.execute(mine.values(accepted_at=now).returning(*invitations.c)).mappings().first()
    if row is None:
        raise bad_link()
    return row, _role(connection, row)


def use_up_for(connection: sa.Connection, email: str, now: datetime) -> tuple[sa.RowMapping, RoleDefinition] | None:
    """Mark the newest invitation of an address accepted, for somebody who has shown in another way that it is theirs.

    Returns:
        The invitation and the role it gives; None where there is none somebody still stands behind.
    """
    # Locked until the end: whoever brings the link at the same moment comes too late.
    mine = sa.select(invitations).where(invitations.c.email == email, is_open(now)).order_by(invitations.c.id.desc()).with_for_update()
    for row in connection.execute(mine).mappings().all():
        try:
            role = _role(connection, row)
        except Denied:
            continue
        connection.execute(sa.update(invitations).where(invitations.c.id == row["id"]).values(accepted_at=now))
        return row, role
    return None


def new_person(connection: sa.Connection, account: Row, now: datetime) -> int:
    """Write an account made by `checked_account`; return the person's number.

    Raises:
        Conflict: If the address has one: whoever holds a link must not get into an account that is somebody's already.
    """
    if not insert_or_ignore(connection, people, [{**account, "created_at": now}]):
        raise Conflict("This address has an account already.", hint="Sign in with it, then open the link again.")
    return int(connection.execute(sa.select(people.c.id).where(people.c.email == account["email"])).scalar_one())


def owns(connection: sa.Connection, person_id: int | None, email: str) -> bool:
    """Return whether this is the address somebody signs in with; never for what is not a person."""
    return person_id is not None and connection.execute(sa.select(people.c.email).where(people.c.id == person_id)).scalar() == email


def join(connection: sa.Connection, by: Principal, invitation: sa.RowMapping, role: RoleDefinition, now: datetime) -> None:
    """Let the principal into the workspace of an invitation; lists that were deleted meanwhile drop out of its limit.

    Raises:
        Conflict: If they are in it already.
    """
    assert by.person_id is not None, "only a person accepts"
    try:
        add_membership(connection, by.workspace_id, by.person_id, role, now)
    except Conflict as error:
        hint = "Choose it in the menu. If it is not there, an admin of it has taken your access away."
        raise Conflict("You belong to this workspace already.", hint=hint) from error
    promised = invitation["list_ids"]
    kept = None if promised is None else known_lists(connection, by.workspace_id, promised)
    set_lists(connection, by.workspace_id, by.person_id, kept)
    after = {"person": by.person_id, "role": role.key, "lists": kept}
    record(connection, now, by, AuditAction.INVITATION_ACCEPTED, f"invitation:{invitation['id']}", after=after)


def bad_link() -> Denied:
    """Return the one answer for every link that does not work."""
    return Denied("This invitation can’t be used.", hint="It may be too old, used or taken back. Ask whoever invited you for a new one.")


def _role(connection: sa.Connection, invitation: sa.RowMapping) -> RoleDefinition:
    role = find_role(connection, invitation["workspace_id"], role_key(invitation["role"], invitation["role_id"]))
    if invitation["invited_by"] is not None and not _may_invite(connection, invitation["workspace_id"], invitation["invited_by"], role):
        raise bad_link()
    return role


def _may_invite(connection: sa.Connection, workspace_id: int, person_id: int, role: RoleDefinition) -> bool:
    """Return whether somebody could still send such an invitation: who was let go must leave no door open behind them."""
    active = (memberships.c.workspace_id == workspace_id, memberships.c.person_id == person_id, memberships.c.disabled_at.is_(None))
    row = connection.execute(sa.select(*COLUMNS).select_from(MEMBERS).where(*active)).mappings().first()
    if row is None or row["is_limited"]:
        return False
    return role.permissions | {Permission.PEOPLE_MANAGE} <= permissions_of(row["role"], row["role_permissions"])
