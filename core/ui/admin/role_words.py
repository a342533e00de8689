"""Roles in words: what each is for, and what permissions belong together."""

from __future__ import annotations

from collections.abc import Sequence

from core.accounts.roles import RoleDefinition
from core.permissions import ALLOWS, EVERYBODY, Permission, Role
from core.ui.page import Page
from core.ui.words import plain

_P = Permission
GROUPS: dict[str, tuple[Permission, ...]] = {
    "Campaigns": (_P.OVERVIEW_VIEW, _P.CAMPAIGNS_VIEW, _P.CAMPAIGNS_EDIT, _P.CAMPAIGNS_SEND, _P.MESSAGES_SEND),
    "Templates": (_P.TEMPLATES_VIEW, _P.TEMPLATES_EDIT),
    "Contacts": (_P.CONTACTS_VIEW, _P.CONTACTS_EDIT, _P.CONTACTS_IMPORT, _P.CONTACTS_EXPORT, _P.SUPPRESSIONS_EVERYWHERE),
    "Segments": (_P.SEGMENTS_VIEW, _P.SEGMENTS_EDIT),
    "Results": (_P.REPORTS_VIEW, _P.EVENTS_EXPORT, _P.EVENTS_WRITE, _P.OUTBOX_VIEW),
    "Administration": (
        *(_P.CONNECTIONS_MANAGE, _P.PEOPLE_MANAGE, _P.ROLES_MANAGE, _P.TOKENS_MANAGE),
        *(_P.WORKSPACE_EDIT, _P.WORKSPACES_CREATE, _P.INTAKE_VIEW, _P.INTAKE_MANAGE, _P.AUDIT_VIEW, _P.PRIVACY_MANAGE),
    ),
}
_BUILT_IN = {
    Role.ADMIN: "Everything, including people and connections",
    Role.MARKETER: "Writes, imports, sends and reads reports",
    Role.ANALYST: "Reads reports, builds segments, exports",
}


def described(role: RoleDefinition) -> str:
    """Return in a few words what a role is for; for one of the workspace's own, what it allows."""
    if role.is_built_in:
        return _BUILT_IN[Role(role.key)]
    allowed = [permission for group in GROUPS.values() for permission in group if permission in role.permissions]
    if not allowed:
        return "Only their own account"
    named = ", ".join(ALLOWS[permission][:1].lower() + ALLOWS[permission][1:] for permission in allowed[:2])
    more = f", and {len(allowed) - 2} more" if len(allowed) > 2 else ""
    return f"{named[:1].upper()}{named[1:]}{more}"


def within_reach(page: Page, roles: Sequence[RoleDefinition]) -> dict[str, RoleDefinition]:
    """Return the roles this person may decide about, by key: those that allow no more than they have."""
    return {role.key: role for role in roles if role.permissions <= page.by.permissions | EVERYBODY}


def badge(key: str, name: str) -> str:
    """Return a role as a coloured badge: who may do everything stands out."""
    return f":violet-badge[{plain(name)}]" if key == Role.ADMIN else f":gray-badge[{plain(name)}]"
