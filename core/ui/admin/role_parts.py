"""The table of roles and permissions, and the form in which a role of the workspace's own is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.accounts.roles import LONGEST_NAME, RoleDefinition
from core.permissions import ALLOWS, Permission
from core.ui import dialogs
from core.ui.admin.role_words import GROUPS, badge
from core.ui.page import Page
from core.ui.words import plain


def comparison(roles: Sequence[RoleDefinition]) -> None:
    """Draw every permission with the roles that allow it; a row on a wide screen, two lines on a phone."""
    names = {role.key: plain(role.name) for role in roles}
    only = st.pills("Show what one role allows", list(names), format_func=names.__getitem__, key="compare_roles")
    for group, permissions in GROUPS.items():
        shown = {permission: [role for role in roles if permission in role.permissions] for permission in permissions}
        if only:
            shown = {permission: having for permission, having in shown.items() if only in [role.key for role in having]}
        if shown:
            _group(group, shown)


def _group(name: str, permissions: Mapping[Permission, Sequence[RoleDefinition]]) -> None:
    with st.container(border=True, gap="small"):
        st.markdown(f"**{name}**")
        for permission, roles in permissions.items():
            words, having = st.columns([2, 3], gap=None, vertical_alignment="center")
            words.markdown(ALLOWS[permission])
            having.markdown(" ".join(badge(role.key, role.name) for role in roles))


def edit(page: Page, known: RoleDefinition | None) -> None:
    """Draw the form of a role: its name, and a box for each permission; what this person may not give can't be ticked."""
    with st.form("role_form", border=False):
        name = st.text_input("Name", known.name if known else "", max_chars=LONGEST_NAME, placeholder="Proofreader", key="role_name")
        with st.grid(min_column_width=280):
            chosen = [permission for group, permissions in GROUPS.items() for permission in _boxes(page, known, group, permissions)]
        pressed = st.form_submit_button("Save" if known else "Make role", type="primary", key="role_save")
    if not pressed:
        return
    with page.act("Saved. It counts from everybody’s next click." if known else f"{plain(name)} is there. Give it to people under People."):
        if known:
            page.services.roles.change(page.by, known.key, name=name, permissions=chosen)
        else:
            page.services.roles.create(page.by, name, chosen)
        dialogs.done()


def _boxes(page: Page, known: RoleDefinition | None, group: str, permissions: Sequence[Permission]) -> list[Permission]:
    with st.container(gap="xsmall"):
        st.markdown(f"**{group}**")
        return [permission for permission in permissions if _box(page, known, permission)]


def _box(page: Page, known: RoleDefinition | None, permission: Permission) -> bool:
    ticked, may = known is not None and permission in known.permissions, page.may(permission)
    why = None if may else "You can’t give what you don’t have yourself."
    return st.checkbox(ALLOWS[permission], ticked, key=f"allow_{permission}", disabled=not may, help=why)
