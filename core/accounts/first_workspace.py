"""Where somebody belongs before they have chosen a workspace: where they start, and whose audit log tells of them."""

from __future__ import annotations

import sqlalchemy as sa

from core.accounts.tables import memberships
from core.audit.recording import INSTALLATION
from core.permissions import Principal
from core.storage.tables import workspaces

VISITOR = "visitor"  # in the audit log: somebody who has not proved who they are


def first_workspace(connection: sa.Connection, person_id: int) -> int | None:
    """Return a person's first workspace that is not a demo, or a demo where they have no other; None where they may enter none."""
    mine = (memberships.c.person_id == person_id, memberships.c.disabled_at.is_(None))
    joined = workspaces.join(memberships, memberships.c.workspace_id == workspaces.c.id)
    order = (workspaces.c.is_demo, workspaces.c.id)
    return connection.execute(sa.select(workspaces.c.id).select_from(joined).where(*mine).order_by(*order).limit(1)).scalar()


def somebody(connection: sa.Connection, person_id: int | None, ip: str) -> Principal:
    """Return who the audit log names where nobody is signed in: a visitor, in the chain of the person they claim to be.

    Args:
        connection: An open transaction.
        person_id: The person; None for an address nobody signs in with, which goes into the installation's own chain.
        ip: Where they are.
    """
    workspace_id = first_workspace(connection, person_id) if person_id else None
    return Principal(workspace_id or INSTALLATION, VISITOR, frozenset(), origin=ip)


def themselves(connection: sa.Connection, person_id: int, ip: str, via: str = "") -> Principal:
    """Return who the audit log names for somebody who has just proved who they are."""
    workspace_id = first_workspace(connection, person_id) or INSTALLATION
    return Principal(workspace_id, f"person:{person_id}", frozenset(), person_id=person_id, via=via, origin=ip)
