"""The bottom of the sidebar: who is signed in, their password, the way out, and where they have several, their workspaces."""

from __future__ import annotations

import streamlit as st

from core.errors import PostwrightError
from core.ui import auth
from core.ui.parts import problem
from core.ui.services import services
from core.ui.words import plain


def person_menu(visitor: auth.Visitor) -> None:
    """Draw the person's name and role, opening to their password and the way out."""
    by = visitor.principal
    with st.popover(plain(by.name) or "You", icon=":material/account_circle:", width="stretch", key="person_menu"):
        st.markdown(f"**{plain(by.name)}** :gray-badge[{plain(by.role_name)}]")
        if st.button("Change password", icon=":material/key:", width="stretch", key="change_password"):
            _change_password(visitor)
        st.button("Sign out", icon=":material/logout:", width="stretch", key="sign_out", on_click=auth.leave)


def workspace_switcher(visitor: auth.Visitor) -> None:
    """Draw the choice of workspaces for somebody who has several; a demo is marked as one."""
    mine = services().workspaces.for_person(visitor.principal.person_id or 0)
    here = next((workspace for workspace in mine if workspace.id == visitor.principal.workspace_id), None)
    if here and here.is_demo:
        st.caption(":orange-badge[Demo] Everybody in this workspace is made up.")
    if len(mine) < 2:
        return
    ids = [workspace.id for workspace in mine]
    names = {workspace.id: workspace.name for workspace in mine}
    chosen = st.selectbox("Workspace", ids, index=ids.index(visitor.principal.workspace_id), format_func=lambda id_: names[id_])
    if chosen != visitor.principal.workspace_id:
        services().sessions.move(visitor.token, chosen)
        st.rerun()


@st.dialog("Change your password")
def _change_password(visitor: auth.Visitor) -> None:
    with st.form("change_password_form", border=False):
        current = st.text_input("Current password", type="password", autocomplete="current-password")
        new = st.text_input("New password", type="password", autocomplete="new-password")
        st.caption("At least 12 characters. You will be signed out everywhere and sign in again.")
        pressed = st.form_submit_button("Change password", type="primary")
    if not pressed:
        return
    try:
        services().password_changes.change(visitor.principal, current, new)
    except PostwrightError as error:
        problem(error)
    else:
        auth.leave()
        st.rerun()
