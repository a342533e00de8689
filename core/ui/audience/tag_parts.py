"""Tags: a card each, and the dialogs that change them."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.contacts.tags import Tag
from core.ui import dialogs
from core.ui.dialogs import Question
from core.ui.page import Page
from core.ui.rows import title
from core.ui.words import counted, plain


def draw(page: Page, one: Tag, *, may_edit: bool) -> None:
    """Draw a tag; its name leads to the people who have it."""
    look = {"horizontal": True, "horizontal_alignment": "distribute", "vertical_alignment": "center"}
    with st.container(border=True, key=f"tag_card_{one.id}", **look):  # type: ignore[arg-type]
        with st.container(gap=None, width="content"):
            title(one.name, "pages/audience/contacts.py", {"person_tag": one.name}, key=f"open_tag_{one.id}")
            st.caption(counted(one.size, "person", "people"))
        if may_edit:
            with st.container(horizontal=True, width="content"):
                st.button("Rename", key=f"tag_rename_{one.id}", type="tertiary", on_click=dialogs.show, args=("rename_tag", one))
                st.button("Delete", key=f"tag_delete_{one.id}", type="tertiary", on_click=dialogs.show, args=("delete_tag", one))


def add(page: Page) -> None:
    """Draw the form for a new tag."""
    with st.form("add_tag_form", border=False):
        name = st.text_input("Name", key="new_tag", placeholder="VIP")
        if st.form_submit_button("Make tag", type="primary"):
            with page.act("Made."):
                page.services.tags.create(page.by, name or "")
                dialogs.done()


def questions(page: Page) -> None:
    """Draw the dialog that is open, if one is."""
    is_open, one = dialogs.opened("rename_tag")
    if is_open:
        dialogs.dialog("rename_tag", "Rename the tag", partial(_rename, page, one))
    is_open, one = dialogs.opened("delete_tag")
    if is_open:
        body = f"The tag “{plain(one.name)}” goes; {counted(one.size, 'person', 'people')} lose it and stay in your contacts."
        question = Question("Delete this tag?", body, "Delete tag")
        dialogs.ask_first(page, question, partial(page.services.tags.delete, page.by, one.id), name="delete_tag", success="Deleted.")


def _rename(page: Page, one: Tag) -> None:
    with st.form("rename_tag_form", border=False):
        name = st.text_input("Name", one.name, key="tag_name")
        if st.form_submit_button("Rename", type="primary"):
            with page.act("Renamed."):
                page.services.tags.rename(page.by, one.id, name or "")
                dialogs.done()
