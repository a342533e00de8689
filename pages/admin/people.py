"""People: who may sign in to this workspace and as what, and who is on their way in."""

from __future__ import annotations

import streamlit as st

from core.permissions import Permission
from core.ui import dialogs
from core.ui.admin import people_dialogs
from core.ui.admin.people_cards import draw_invitation, draw_person
from core.ui.admin.role_words import within_reach
from core.ui.page import Page, open_page

page = open_page("People", needs=Permission.PEOPLE_MANAGE, help="Everybody who can sign in to this workspace, and what they may do in it.")


def main(page: Page) -> None:
    roles = page.services.roles.all(page.by)
    reach = within_reach(page, roles)
    if page.by.lists is None and page.header("Invite", icon="person_add"):
        dialogs.show("invite_person")
    invitations = page.services.invitations.all(page.by)
    if invitations:
        st.markdown("##### Invited", anchors=False)
        for invitation in invitations:
            draw_invitation(page, invitation, reach)
        st.markdown("##### In the workspace", anchors=False)
    for person in page.services.people.all(page.by):
        draw_person(page, person, reach)
    people_dialogs.draw(page, roles)


main(page)
