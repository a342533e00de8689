"""Fields of contacts: a card each, and the dialogs that change them."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.contacts.attributes import AttributeType
from core.contacts.fields import CustomField, FieldUses
from core.ui import dialogs
from core.ui.dialogs import Question
from core.ui.page import Page
from core.ui.words import counted, plain

TYPES = {
    AttributeType.TEXT: "Text",
    AttributeType.NUMBER: "Number",
    AttributeType.BOOLEAN: "Yes or no",
    AttributeType.DATE: "Date",
}


def draw(page: Page, one: CustomField, *, may_edit: bool) -> None:
    """Draw a field."""
    look = {"horizontal": True, "horizontal_alignment": "distribute", "vertical_alignment": "center"}
    with st.container(border=True, key=f"field_card_{one.name}", **look):  # type: ignore[arg-type]
        with st.container(gap=None, width="content"):
            st.markdown(f"**{plain(one.label)}** :gray-badge[{TYPES.get(one.type, one.type.value)}]")
            st.caption(f"`contact.{one.name}`" + (f" · {plain(one.description)}" if one.description else ""))
        if may_edit:
            with st.container(horizontal=True, width="content"):
                st.button("Edit", key=f"field_edit_{one.name}", type="tertiary", on_click=dialogs.show, args=("edit_field", one))
                st.button("Delete", key=f"field_delete_{one.name}", type="tertiary", on_click=dialogs.show, args=("delete_field", one))


def add(page: Page) -> None:
    """Draw the form for a new field."""
    with st.form("add_field_form", border=False):
        label = st.text_input("Name", key="new_field_label", placeholder="Shoe size")
        kind = st.selectbox("Type", list(TYPES), format_func=TYPES.__getitem__, key="new_field_type")
        description = st.text_input("Description", key="new_field_description", placeholder="Optional")
        if st.form_submit_button("Add field", type="primary"):
            with page.act("Added."):
                page.services.fields.add(page.by, label or "", kind, description or "")
                dialogs.done()


def questions(page: Page) -> None:
    """Draw the dialog that is open, if one is."""
    is_open, one = dialogs.opened("edit_field")
    if is_open:
        dialogs.dialog("edit_field", "Edit the field", partial(_edit, page, one))
    is_open, one = dialogs.opened("delete_field")
    if is_open:
        uses = page.services.fields.uses(page.by, one.name)
        body = f"“{plain(one.label)}” goes for good, with everybody’s values. {_used(uses)}"
        question = Question("Delete this field?", body, "Delete field", typed="delete")
        dialogs.ask_first(page, question, partial(page.services.fields.delete, page.by, one.name), name="delete_field", success="Deleted.")


def _edit(page: Page, one: CustomField) -> None:
    with st.form("edit_field_form", border=False):
        label = st.text_input("Name", one.label, key="field_label")
        st.caption(f"Templates go on calling it `contact.{one.name}`.")
        kinds = list(TYPES)
        kind = st.selectbox("Type", kinds, index=kinds.index(one.type), format_func=TYPES.__getitem__, key="field_type")
        description = st.text_input("Description", one.description, key="field_description")
        if st.form_submit_button("Save", type="primary"):
            with page.act("Saved."):
                if kind is not one.type:
                    page.services.fields.retype(page.by, one.name, kind)
                page.services.fields.describe(page.by, one.name, label or "", description or "")
                dialogs.done()


def _used(uses: FieldUses) -> str:
    if not uses.templates and not uses.segments:
        return "No template and no segment uses it."
    templates, segments = counted(len(uses.templates), "template"), counted(len(uses.segments), "segment")
    named = ", ".join(plain(name) for name in (*uses.templates, *uses.segments)[:5])
    return f"It is **used in {templates} and {segments}**: {named}."
