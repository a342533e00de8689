"""The table of roles and permissions, and the form in which a role of the workspace's own is made."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.accounts.roles import LONGEST_NAME, RoleDefinition
from core.permissions import ALLOWS, Permission
from core.ui import dialogs
from core.ui.page import Page
from core.ui.role_words import GROUPS
from core.ui.words import plain

AT_ONCE = 4  # roles beside each other; more would not fit a phone


def comparison(roles: Sequence[RoleDefinition]) -> None:
    """Draw what each role allows, a row for each permission; where there are many roles, those chosen."""
    names = {role.key: role for role in roles}
    shown = list(names)[:AT_ONCE]
    if len(roles) > AT_ONCE:
        shown = st.multiselect(
            "Roles to compare",
            list(names),
            shown,
            format_func=lambda key: names[key].name,
            max_selections=AT_ONCE,
            placeholder="Choose up to four",
            key="compare_roles",
        )
    for group, permissions in GROUPS.items():
        rows = [_row(permission, [names[key] for key in shown]) for permission in permissions]
        st.markdown("\n".join([_line([f"**{group}**", *(plain(names[key].name) for key in shown)]), _rule(len(shown)), *rows]))


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


def _row(permission: Permission, roles: Sequence[RoleDefinition]) -> str:
    return _line([ALLOWS[permission], *(":green[:material/check:]" if permission in role.permissions else ":gray[–]" for role in roles)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(roles: int) -> str:
    return _line([":--", *([":-:"] * roles)])
