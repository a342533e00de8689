"""Contacts: find people, change many at once, open one, add one."""

from __future__ import annotations

import streamlit as st

from core.contacts.consent.consent import ConsentStatus
from core.permissions import Permission
from core.ui import dialogs, paging
from core.ui.audience import bulk_people, export_dialog, people_table
from core.ui.page import open_page
from core.ui.parts import empty_state
from core.ui.targets import wanted_id

page = open_page("Contacts", needs=Permission.CONTACTS_VIEW)
if (linked := wanted_id("person")) is not None:  # as addresses of earlier releases say it
    st.switch_page(people_table.CONTACT, query_params={"id": str(linked)})
directory, may_edit = page.services.directory, page.may(Permission.CONTACTS_EDIT)


def add_person() -> None:
    lists = {name: number for number, name in page.services.lists.names(page.by).items()}
    with st.form("add_person_form", border=False):
        email = st.text_input("Email address", key="new_email", placeholder="name@example.com")
        first = st.text_input("First name", key="new_first")
        last = st.text_input("Last name", key="new_last")
        only = None if page.sees_all_lists or len(lists) != 1 else list(lists)
        on = st.multiselect(
            "Lists", list(lists), default=only, key="new_lists", placeholder="None" if page.sees_all_lists else "Choose one"
        )
        agreed = st.checkbox("This person agreed to get email from us", key="new_agreed")
        if st.form_submit_button("Add person", type="primary"):
            with page.act("Added."):
                consent = ConsentStatus.SUBSCRIBED if agreed else ConsentStatus.UNKNOWN
                names = {"first_name": first or "", "last_name": last or ""}
                page.services.contacts.save(page.by, email or "", **names, list_ids=[lists[name] for name in on], consent=consent)
                dialogs.done()


def people() -> None:
    choice = people_table.filters(page)
    found = paging.read(lambda limit, offset: directory.page(page.by, choice, limit=limit, offset=offset), key="person_page")
    if not found.rows:
        st.info("Nobody matches. Try fewer letters, or another list.", icon=":material/search_off:")
        return
    above = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    chosen = people_table.table(page, found.rows, choosing=may_edit)
    with above:
        if may_edit:
            bulk_people.bar(page, chosen, choice, found.total)
        export_dialog.button(page, choice, found.total, chosen)
    paging.choose(found.total, key="person_page", what=("person", "people"))


if may_edit and page.header("Add person", icon="person_add"):
    dialogs.show("add_person")
page.say_lists()
bulk_people.progress(page)
if not page.services.contacts.count(page.by):
    words = "The people you write to live here, with what you know about them and what they agreed to."
    if empty_state("group", "No contacts yet", words, "Import contacts" if may_edit else ""):
        st.switch_page("pages/audience/import_contacts.py")
else:
    people()
dialogs.dialog("add_person", "Add a person", add_person)
bulk_people.question(page)
