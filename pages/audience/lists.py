"""Lists: people who were put together by hand or by an import."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.contacts.lists import ContactList
from core.permissions import Permission
from core.ui import dialogs
from core.ui.dialogs import Question
from core.ui.page import open_page
from core.ui.parts import empty_state
from core.ui.rows import title
from core.ui.words import counted, number, plain

page = open_page("Lists", needs=Permission.CONTACTS_VIEW)
lists, may_edit = page.services.lists, page.may(Permission.CONTACTS_EDIT)


def new_list() -> None:
    with st.form("new_list_form", border=False):
        name = st.text_input("Name", key="list_name", placeholder="Newsletter")
        if st.form_submit_button("Make list", type="primary"):
            with page.act("List made."):
                lists.create(page.by, name or "")
                dialogs.done()


def rename(which: ContactList) -> None:
    with st.form("rename_list_form", border=False):
        name = st.text_input("Name", which.name, key=f"list_rename_{which.id}")
        if st.form_submit_button("Rename", type="primary"):
            with page.act("Renamed."):
                lists.rename(page.by, which.id, name or "")
                dialogs.done()


def joining(which: ContactList) -> None:
    known = presented[which.id]
    with st.form("joining_form", border=False):
        words = "Whoever is put on this list by a form, an import or by hand gets one mail, and is on it once they have confirmed."
        st.caption(f"{words} People whose consent you hold already can be let in at once.")
        asks = st.toggle("Ask by mail first (double opt-in)", which.double_opt_in, key=f"asks_{which.id}")
        email = st.text_input("The mail is from", which.from_email, key=f"asks_from_{which.id}", placeholder="news@example.com")
        name = st.text_input("Sender’s name", which.from_name, key=f"asks_name_{which.id}")
        open_words = "Anybody who gets your mail may join or leave it on the page their mail links to, where they see its name."
        is_public = st.toggle("Open to everybody", known.is_public, key=f"list_public_{which.id}", help=open_words)
        read = "People read it there, and on sign-up forms that offer this list."
        description = st.text_input("Description", known.description, key=f"list_description_{which.id}", help=read)
        if st.form_submit_button("Save", type="primary"):
            with page.act("Saved."):
                page.services.public_lists.present(page.by, which.id, is_public=is_public, description=description or "")
                lists.set_opt_in(page.by, which.id, double_opt_in=asks, from_email=email or "", from_name=name or "")
                dialogs.done()


def draw(one: ContactList) -> None:
    look = {"horizontal": True, "horizontal_alignment": "distribute", "vertical_alignment": "center"}
    with st.container(border=True, key=f"list_{one.id}", **look):
        with st.container(gap=None, width="content"):
            title(one.name, "pages/audience/contacts.py", {"person_list": one.name}, key=f"open_list_{one.id}")
            asks = " · asks by mail first" if one.double_opt_in else ""
            openly = " · open to everybody" if presented[one.id].is_public else ""
            made = f"made {page.when(one.created_at)}"
            st.caption(f"{counted(one.size, 'person', 'people')} · {made}{asks}{openly}", help=page.exactly(one.created_at))
        if may_edit:
            with st.container(horizontal=True, width="content"):
                st.button("Joining", key=f"joining_{one.id}", on_click=dialogs.show, args=("joining", one), type="tertiary")
                st.button("Rename", key=f"rename_{one.id}", on_click=dialogs.show, args=("rename", one), type="tertiary")
                st.button("Delete", key=f"delete_{one.id}", on_click=dialogs.show, args=("delete", one), type="tertiary")


def delete(which: ContactList) -> None:
    body = f"The list “{plain(which.name)}” goes. Its {number(which.size)} people stay in your contacts; nobody is unsubscribed."
    question = Question("Delete this list?", body, "Delete list")
    dialogs.ask_first(page, question, partial(lists.delete, page.by, which.id), name="delete", success="List deleted.")


if may_edit and page.sees_all_lists and page.header("New list"):
    dialogs.show("new_list")
page.say_lists()
found, presented = lists.all(page.by), page.services.public_lists.all(page.by)
if not found:
    words = "A list holds people you put together: newsletter readers, guests of an event. An import makes one for you."
    if empty_state("list_alt", "No lists yet", words, "Import contacts" if may_edit and page.sees_all_lists else ""):
        st.switch_page("pages/audience/import_contacts.py")
for one in found:
    draw(one)
dialogs.dialog("new_list", "New list", new_list)
for name, body in {"rename": rename, "joining": joining, "delete": delete}.items():
    is_open, which = dialogs.opened(name)
    if is_open and name != "delete":
        dialogs.dialog(name, "Rename list" if name == "rename" else "How people join", partial(body, which))
    elif is_open:
        body(which)
