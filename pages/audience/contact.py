"""One contact: what is known, where they stand, and everything that happened."""

from __future__ import annotations

import streamlit as st

from core.permissions import Permission
from core.ui.audience import contact_facts, contact_standing, contact_timeline
from core.ui.audience.people_table import name_of
from core.ui.page import open_page
from core.ui.targets import find

LIST = ("Contacts", "pages/audience/contacts.py")

page = open_page("Contact", needs=Permission.CONTACTS_VIEW, back=LIST)
profile = find(page, page.services.profiles.get, what="contact", back=LIST)
may_edit = page.may(Permission.CONTACTS_EDIT)

page.title(name_of(profile.contact) or profile.contact.email)
contact_standing.badges(page, profile)
left, right = st.columns([2, 3], gap="medium")
with left:
    contact_facts.about(page, profile, may_edit=may_edit)
    contact_facts.belonging(page, profile, may_edit=may_edit)
    contact_standing.notes(page, profile, may_edit=may_edit)
    contact_standing.consent(page, profile)
    if may_edit:
        contact_standing.danger(page, profile)
with right:
    contact_timeline.draw(page, profile.contact.id)
contact_facts.dialogs_of(page, profile)
contact_standing.questions(page, profile)
