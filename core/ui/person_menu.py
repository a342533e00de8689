"""The bottom of the sidebar: who is signed in, their account, the way out, and where they have several, their workspaces."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import Page as StreamlitPage

from core.errors import PostwrightError
from core.ui.parts import problem
from core.ui.services import services
from core.ui.signing_in import auth
from core.ui.words import plain


def person_menu(visitor: auth.Visitor, page: str) -> None:
    """Draw the person's name and role, opening to their account and the way out.

    Args:
        visitor: Who is signed in.
        page: The address of the page on show; on another one the menu is another, and so closed again.
    """
    by = visitor.principal
    with st.popover(plain(by.name) or "You", icon=":material/account_circle:", width="stretch", key=f"person_menu_{page}"):
        st.markdown(f"**{plain(by.name)}** :gray-badge[{plain(by.role_name)}]")
        st.page_link("pages/account/account.py", label="Your account", icon=":material/manage_accounts:", width="stretch")
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
