"""Who may do what: the closed list of permissions, the roles, and the principal that every service call names."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from core.errors import Denied, NotFound


class Permission(StrEnum):
    """One thing somebody may do; pages, services and the API check the same words."""

    OVERVIEW_VIEW = "overview.view"
    CAMPAIGNS_VIEW = "campaigns.view"
    CAMPAIGNS_EDIT = "campaigns.edit"
    CAMPAIGNS_SEND = "campaigns.send"
    MESSAGES_SEND = "messages.send"
    TEMPLATES_VIEW = "templates.view"
    TEMPLATES_EDIT = "templates.edit"
    CONTACTS_VIEW = "contacts.view"
    CONTACTS_EDIT = "contacts.edit"
    CONTACTS_IMPORT = "contacts.import"
    CONTACTS_EXPORT = "contacts.export"
    SUPPRESSIONS_EVERYWHERE = "suppressions.everywhere"
    SEGMENTS_VIEW = "segments.view"
    SEGMENTS_EDIT = "segments.edit"
    REPORTS_VIEW = "reports.view"
    EVENTS_EXPORT = "events.export"
    EVENTS_WRITE = "events.write"
    OUTBOX_VIEW = "outbox.view"
    CONNECTIONS_MANAGE = "connections.manage"
    PEOPLE_MANAGE = "people.manage"
    ROLES_MANAGE = "roles.manage"
    TOKENS_MANAGE = "tokens.manage"
    WORKSPACE_EDIT = "workspace.edit"
    WORKSPACES_CREATE = "workspaces.create"
    INTAKE_VIEW = "intake.view"
    INTAKE_MANAGE = "intake.manage"
    AUDIT_VIEW = "audit.view"
    PRIVACY_MANAGE = "privacy.manage"
    ACCOUNT_MANAGE = "account.manage"


_P = Permission

# What each permission allows, in the words of the role editor and of README's table.
ALLOWS: dict[Permission, str] = {
    _P.OVERVIEW_VIEW: "See the overview",
    _P.CAMPAIGNS_VIEW: "See campaigns and who got them",
    _P.CAMPAIGNS_EDIT: "Write and change campaigns",
    _P.CAMPAIGNS_SEND: "Send, schedule, test, pause, resume and cancel campaigns",
    _P.MESSAGES_SEND: "Send single emails, such as receipts, through the API, and see what became of them",
    _P.TEMPLATES_VIEW: "See templates",
    _P.TEMPLATES_EDIT: "Write and change templates",
    _P.CONTACTS_VIEW: "See contacts, lists and suppressions",
    _P.CONTACTS_EDIT: "Add, change and delete contacts, lists and suppressions",
    _P.CONTACTS_IMPORT: "Import contacts from files",
    _P.CONTACTS_EXPORT: "Export contacts",
    _P.SUPPRESSIONS_EVERYWHERE: "Suppress addresses for the whole installation",
    _P.SEGMENTS_VIEW: "See segments and count them",
    _P.SEGMENTS_EDIT: "Create and change segments",
    _P.REPORTS_VIEW: "See reports",
    _P.EVENTS_EXPORT: "Export opens, clicks and other events",
    _P.EVENTS_WRITE: "Report conversions from your own systems",
    _P.OUTBOX_VIEW: "Read the mail of the built-in outbox",
    _P.CONNECTIONS_MANAGE: "Set up what carries the email",
    _P.PEOPLE_MANAGE: "Invite people, give them roles, disable them, sign them out",
    _P.ROLES_MANAGE: "Make roles of one’s own",
    _P.TOKENS_MANAGE: "Make and revoke API tokens",
    _P.WORKSPACE_EDIT: "Change the workspace’s name, address, sending and sign-in rules",
    _P.WORKSPACES_CREATE: "Create further workspaces",
    _P.INTAKE_VIEW: "See what events come in, and look at raw ones",
    _P.INTAKE_MANAGE: "Process past events again",
    _P.AUDIT_VIEW: "Read and export the audit log",
    _P.PRIVACY_MANAGE: "Answer people who ask about their data: export it, erase it; decide how long data is kept",
    _P.ACCOUNT_MANAGE: "Manage one’s own password, second factor and sessions",
}


class Role(StrEnum):
    """The roles every workspace has; it may have roles of its own besides (`accounts.roles`)."""

    ADMIN = "admin"
    MARKETER = "marketer"
    ANALYST = "analyst"


# Whoever is signed in may look after their own account, whatever their role is.
EVERYBODY = frozenset({_P.ACCOUNT_MANAGE})
_VIEWING = frozenset({_P.OVERVIEW_VIEW, _P.CAMPAIGNS_VIEW, _P.TEMPLATES_VIEW, _P.CONTACTS_VIEW, _P.SEGMENTS_VIEW, _P.REPORTS_VIEW})
_WRITING = frozenset(
    {
        _P.CAMPAIGNS_EDIT,
        _P.CAMPAIGNS_SEND,
        _P.MESSAGES_SEND,
        _P.TEMPLATES_EDIT,
        _P.CONTACTS_EDIT,
        _P.CONTACTS_IMPORT,
        _P.SEGMENTS_EDIT,
        _P.EVENTS_WRITE,
        _P.OUTBOX_VIEW,
    }
)
_EXPLORING = frozenset({_P.SEGMENTS_EDIT, _P.CONTACTS_EXPORT, _P.EVENTS_EXPORT})

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.MARKETER: EVERYBODY | _VIEWING | _WRITING | _EXPLORING,
    Role.ANALYST: EVERYBODY | _VIEWING | _EXPLORING,
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
        role: The key of the role in this workspace, or "" for the system itself.
        role_name: What the role is called.
        lists: The only lists whose contacts may be seen; None for all.
        needs_two_factor: Whether the workspace asks for a second factor they have not set up: until then they may only do that.
        via: What they came in with ("session:12", "token:3"), for the audit log.
        origin: The network address they came from, for the audit log; "" where it is not known.
    """

    workspace_id: int
    label: str
    permissions: frozenset[Permission]
    person_id: int | None = None
    name: str = ""
    role: str = ""
    role_name: str = ""
    lists: frozenset[int] | None = None
    needs_two_factor: bool = False
    via: str = field(default="", compare=False)
    origin: str = field(default="", compare=False)

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

    def require_either(self, permission: Permission, other: Permission) -> None:
        """Do nothing if one of two permissions is held.

        Raises:
            Denied: If neither is.
        """
        if not self.may(permission) and not self.may(other):
            raise Denied(
                f"You need the permission “{permission}” for this, or “{other}”.",
                hint="An admin of this workspace can give you a role that has it.",
            )

    def require_all_lists(self) -> None:
        """Do nothing for somebody who may see every list: for what can't be narrowed to a few.

        Raises:
            Denied: For somebody whose access is limited to some lists.
        """
        if self.lists is not None:
            raise Denied("This shows more than the lists you may see.", hint="An admin of this workspace can give you access to all lists.")

    def require_list(self, list_id: int) -> None:
        """Do nothing if a list may be seen; whether it exists is for the caller to find out.

        Raises:
            NotFound: If it is not among the lists this person may see, in the words of a list that is not there.
        """
        if self.lists is not None and list_id not in self.lists:
            raise NotFound("There is no such list.", hint="It may have been deleted; choose another one.")
