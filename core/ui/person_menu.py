"""The bottom of the sidebar: who is signed in, their password, the way out, and where they have several, their workspaces."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import Page as StreamlitPage

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


def workspace_switcher(visitor: auth.Visitor, start: StreamlitPage) -> None:
    """Draw which workspace this is, and for somebody who has several, the choice; a demo is marked as one.

    Args:
        visitor: Who looks.
        start: The page another workspace begins with: what the address of this one names is not there.
    """
    by = visitor.principal
    mine = services().workspaces.for_person(by.person_id or 0)
    names = {workspace.id: workspace.name for workspace in mine}
    if any(workspace.id == by.workspace_id and workspace.is_demo for workspace in mine):
        st.caption(":orange-badge[Demo] Everybody in this workspace is made up.")
    if len(mine) < 2:
        return
    chosen = st.selectbox("Workspace", list(names), index=list(names).index(by.workspace_id), format_func=names.__getitem__)
    if chosen == by.workspace_id:
        return
    try:
        services().sessions.move(visitor.token, chosen)
    except PostwrightError as error:  # they were let go there while the choice was open
        problem(error)
    else:
        st.switch_page(start, query_params={})


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
