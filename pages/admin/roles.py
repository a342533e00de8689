"""Roles: what each allows, side by side, and the workspace's own."""

from __future__ import annotations

import streamlit as st

from core.accounts.roles import RoleDefinition
from core.permissions import Permission
from core.ui import dialogs
from core.ui.admin import role_parts
from core.ui.admin.role_words import badge, described, within_reach
from core.ui.page import Page, open_page
from core.ui.words import counted, plain

page = open_page(
    "Roles", needs=Permission.ROLES_MANAGE, help="What people may do. Three roles are always there; make your own for the rest."
)


def main(page: Page) -> None:
    if page.header("New role"):
        dialogs.show("edit_role", None)
    roles = page.services.roles.table(page.by)
    reach = within_reach(page, roles)
    with st.grid(min_column_width=260):
        for role in roles:
            card(page, role, changeable=role.key in reach and not role.is_built_in)
    st.markdown("##### Who may do what", anchors=False)
    role_parts.comparison(roles)
    editing, key = dialogs.opened("edit_role")
    if editing:
        known = next((role for role in roles if role.key == key), None)
        title = f"Change {plain(known.name)}" if known else "New role"
        dialogs.dialog("edit_role", title, lambda: role_parts.edit(page, known), width="medium")
    ask_before_deleting(page, roles)


def card(page: Page, role: RoleDefinition, *, changeable: bool) -> None:
    with st.container(border=True, height="stretch", gap="small"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(badge(role.key, role.name), width="content")
            people = counted(role.people, "person", "people") if role.people else "Nobody yet"
            st.caption(people, width="content")
        st.markdown(described(role))
        if not changeable:
            return
        with st.container(horizontal=True):
            st.button(
                "Change",
                icon=":material/edit:",
                key=f"edit_{role.key}",
                type="tertiary",
                on_click=dialogs.show,
                args=("edit_role", role.key),
            )
            ask = ("delete_role", role.key)
            st.button("Delete", icon=":material/delete:", key=f"delete_{role.key}", type="tertiary", on_click=dialogs.show, args=ask)


def ask_before_deleting(page: Page, roles: list[RoleDefinition]) -> None:
    asked, key = dialogs.opened("delete_role")
    role = next((role for role in roles if role.key == key), None)
    if not asked or role is None:
        return
    question = dialogs.Question(
        title=f"Delete {plain(role.name)}?",
        body="Nobody can be given this role any more, and invitations to it end. Past campaigns stay as they are.",
        yes="Delete role",
    )
    dialogs.ask_first(page, question, lambda: page.services.roles.delete(page.by, role.key), name="delete_role", success="Deleted.")


main(page)
