"""Contacts: find somebody, see what is known about them, add one person."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.contacts.consent import ConsentStatus
from core.contacts.contacts import Contact
from core.errors import NotFound
from core.permissions import Permission
from core.ui import dialogs, paging, person
from core.ui.page import open_page
from core.ui.parts import empty_state
from core.ui.targets import wanted_id
from core.ui.words import plain

page = open_page("Contacts", needs=Permission.CONTACTS_VIEW)
contacts, may_edit = page.services.contacts, page.may(Permission.CONTACTS_EDIT)
lists = {one.name: one.id for one in page.services.lists.all(page.by)}
ANY_LIST, ANY_CONSENT = "All lists", "Any consent"


def filters() -> tuple[str, int | None, ConsentStatus | None]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        look = {"label_visibility": "collapsed", "bind": "query-params"}
        search = st.text_input("Search", type="search", placeholder="Search by address or name", key="person_search", width=340, **look)
        chosen = st.selectbox("List", [ANY_LIST, *lists], key="person_list", width=160, **look)
        consent = st.selectbox(
            "Consent", [ANY_CONSENT, *ConsentStatus], key="person_consent", width=160, format_func=str.capitalize, **look
        )
    return (search or "").strip(), lists.get(chosen), ConsentStatus(consent) if consent != ANY_CONSENT else None


def table(rows: list[Contact]) -> None:
    shown = [
        {
            "Open": ":material/person_search:",
            "Address": one.email,
            "Name": " ".join(filter(None, [one.first_name, one.last_name])),
            "Consent": one.consent.value.capitalize(),
            "Added": one.created_at,
        }
        for one in rows
    ]
    columns = {
        "Open": st.column_config.ButtonColumn(
            "", on_click=open_row, args=([one.id for one in rows],), key="person_row", width=56, pinned=True, type="tertiary"
        ),
        "Address": st.column_config.TextColumn(width="medium"),
        "Added": st.column_config.DatetimeColumn(format="D MMM YYYY", timezone=page.workspace.timezone),
    }
    order = ["Open", "Address", "Name", "Consent", "Added"]
    st.dataframe(shown, column_config=columns, column_order=order, hide_index=True, height="content", alt="Contacts, newest first")


def open_row(ids: list[int]) -> None:
    dialogs.show("person", ids[st.session_state["person_row"]["row"]])


def add_person() -> None:
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
                ids = [lists[name] for name in on]
                contacts.save(page.by, email or "", first_name=first or "", last_name=last or "", list_ids=ids, consent=consent)
                dialogs.done()


def details(contact_id: int) -> None:
    try:
        contact = contacts.get(page.by, contact_id)
    except NotFound:
        return
    dialogs.dialog("person", plain(contact.email), partial(person.show, page, contact), width="medium", position="right")


if may_edit and page.header("Add person", icon="person_add"):
    dialogs.show("add_person")
if (linked := wanted_id("person")) is not None and st.session_state.get("person_linked") != linked:
    st.session_state["person_linked"] = linked
    dialogs.show("person", linked)
page.say_lists()
if not contacts.count(page.by):
    words = "The people you write to live here, with what you know about them and what they agreed to."
    if empty_state("group", "No contacts yet", words, "Import contacts" if may_edit else ""):
        st.switch_page("pages/audience/import_contacts.py")
else:
    search, list_id, consent = filters()
    ask = partial(contacts.page, page.by, search=search, list_id=list_id, consent=consent)
    found = paging.read(lambda limit, offset: ask(limit=limit, offset=offset), key="person_page")
    if found.rows:
        table(found.rows)
        paging.choose(found.total, key="person_page", what=("person", "people"))
    else:
        st.info("Nobody matches. Try fewer letters, or another list.", icon=":material/search_off:")
dialogs.dialog("add_person", "Add a person", add_person)
if (opened := dialogs.opened("person"))[0]:
    details(opened[1])
