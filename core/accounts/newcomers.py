"""Letting somebody in whom nobody here has an account for, on the word of the identity provider that an address is theirs."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from core.accounts import passwords
from core.accounts.assertions import Assertion, TrustedProvider
from core.accounts.joining import join, use_up_for
from core.accounts.memberships import add_membership
from core.accounts.roles import find_role
from core.accounts.tables import people
from core.audit.actions import AuditAction
from core.audit.recording import record
from core.permissions import Principal
from core.storage.database import insert_or_ignore
from core.storage.tables import workspaces

VIA = "provider"  # what such a sign-in came in with, for the audit log
_FIRST = sa.select(workspaces.c.id).where(~workspaces.c.is_demo).order_by(workspaces.c.id).limit(1)


def as_person(person_id: int, workspace_id: int, origin: str) -> Principal:
    """Return who the audit log names: the person themselves, as the provider has shown who they are."""
    return Principal(workspace_id, f"person:{person_id}", frozenset(), person_id=person_id, via=VIA, origin=origin)


def let_in(connection: sa.Connection, assertion: Assertion, provider: TrustedProvider, now: datetime, origin: str) -> Principal | None:
    """Add somebody as their invitation says, or without one as whoever runs the server has allowed.

    Args:
        connection: An open transaction; roll it back where None is returned.
        assertion: Who they are at the provider, with a verified address.
        provider: Whom it lets join.
        now: When.
        origin: Where they are, for the audit log.
    """
    return _as_invited(connection, assertion, now, origin) or _uninvited(connection, assertion, provider, now, origin)


def _as_invited(connection: sa.Connection, assertion: Assertion, now: datetime, origin: str) -> Principal | None:
    """Let somebody in who was invited: a verified address shows what the link in the mail would have shown."""
    if (found := use_up_for(connection, assertion.email, now)) is None:
        return None
    invitation, role = found
    if (person_id := _add(connection, assertion, now, invitation["name"])) is None:
        return None
    by = as_person(person_id, invitation["workspace_id"], origin)
    join(connection, by, invitation, role, now)
    return by


def _uninvited(connection: sa.Connection, assertion: Assertion, provider: TrustedProvider, now: datetime, origin: str) -> Principal | None:
    """Add a colleague nobody has invited to the first workspace, where that is allowed."""
    first, joins_as = connection.execute(_FIRST).scalar(), provider.role_for(assertion.email)
    if first is None or joins_as is None or (person_id := _add(connection, assertion, now)) is None:
        return None
    role, by = find_role(connection, first, joins_as), as_person(person_id, first, origin)
    add_membership(connection, first, person_id, role, now)
    record(connection, now, by, AuditAction.PERSON_ADDED, by.label, after={"role": role.key})
    return by


def _add(connection: sa.Connection, assertion: Assertion, now: datetime, name: str = "") -> int | None:
    """Write an account without a password; return None where the address is somebody's already, who may not come in this way."""
    name = name or assertion.name or assertion.email.partition("@")[0]
    row = {"email": assertion.email, "name": name, "password_hash": passwords.NO_PASSWORD, "created_at": now}
    if not insert_or_ignore(connection, people, [row]):
        return None
    return int(connection.execute(sa.select(people.c.id).where(people.c.email == assertion.email)).scalar_one())
