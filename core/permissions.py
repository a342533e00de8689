"""Who may do what: the closed list of permissions, the roles, and the principal that every service call names."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.errors import Denied


class Permission(StrEnum):
    """One thing somebody may do; pages, services and the API check the same words."""

    OVERVIEW_VIEW = "overview.view"
    CAMPAIGNS_VIEW = "campaigns.view"
    CAMPAIGNS_EDIT = "campaigns.edit"
    CAMPAIGNS_SEND = "campaigns.send"
    TEMPLATES_VIEW = "templates.view"
    TEMPLATES_EDIT = "templates.edit"
    CONTACTS_VIEW = "contacts.view"
    CONTACTS_IMPORT = "contacts.import"
    CONTACTS_EXPORT = "contacts.export"
    SEGMENTS_VIEW = "segments.view"
    SEGMENTS_EDIT = "segments.edit"
    REPORTS_VIEW = "reports.view"
    EVENTS_EXPORT = "events.export"
    OUTBOX_VIEW = "outbox.view"
    CONNECTIONS_MANAGE = "connections.manage"
    PEOPLE_MANAGE = "people.manage"
    SYSTEM_VIEW = "system.view"


class Role(StrEnum):
    """What a person is in a workspace."""

    ADMIN = "admin"
    MARKETER = "marketer"
    ANALYST = "analyst"


_P = Permission
_VIEWING = frozenset({_P.OVERVIEW_VIEW, _P.CAMPAIGNS_VIEW, _P.TEMPLATES_VIEW, _P.CONTACTS_VIEW, _P.SEGMENTS_VIEW, _P.REPORTS_VIEW})
_WRITING = frozenset({_P.CAMPAIGNS_EDIT, _P.CAMPAIGNS_SEND, _P.TEMPLATES_EDIT, _P.CONTACTS_IMPORT, _P.SEGMENTS_EDIT, _P.OUTBOX_VIEW})
_EXPLORING = frozenset({_P.SEGMENTS_EDIT, _P.CONTACTS_EXPORT, _P.EVENTS_EXPORT})

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.MARKETER: _VIEWING | _WRITING | _EXPLORING,
    Role.ANALYST: _VIEWING | _EXPLORING,
}


@dataclass(frozen=True)
class Principal:
    """Who asks, in which workspace: the `by` of every service call, and thereby the tenant of every query.

    Args:
        workspace_id: The workspace every row read or written belongs to.
        label: Who this is in records ("person:7", "cli", "worker").
        permissions: What may be done.
        person_id: The person, or None for the system itself.
        name: The name shown to people.
        role: The role in this workspace, or None for the system itself.
    """

    workspace_id: int
    label: str
    permissions: frozenset[Permission]
    person_id: int | None = None
    name: str = ""
    role: Role | None = None

    @classmethod
    def system(cls, workspace_id: int, label: str = "system") -> Principal:
        """Return the principal of the product itself (worker, command line) with every permission."""
        return cls(workspace_id, label, frozenset(Permission), name="Postwright")

    def may(self, permission: Permission) -> bool:
        """Return whether this is allowed."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Do nothing if allowed.

        Raises:
            Denied: If not; says which permission is missing and who can give it.
        """
        if not self.may(permission):
            raise Denied(
                f"You need the permission “{permission}” for this.",
                hint="An admin of this workspace can give you a role that has it.",
            )
