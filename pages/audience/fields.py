"""Fields and tags: what is kept about people, and the words put on them."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.permissions import Permission
from core.ui import dialogs
from core.ui.audience import field_parts, tag_parts
from core.ui.page import open_page
from core.ui.parts import empty_state

HELP = "Fields hold what you know about people, for merge fields and segments. Tags are words you put on them."

page = open_page("Fields and tags", needs=Permission.CONTACTS_VIEW, help=HELP)
may_edit = page.may(Permission.CONTACTS_EDIT) and page.sees_all_lists

page.say_lists()
of_fields, of_tags = st.tabs(["Fields", "Tags"], key="fields_tab", on_change="rerun")
with of_fields:
    if may_edit:
        st.button("Add a field", icon=":material/add:", key="add_field", on_click=dialogs.show, args=("add_field",))
    fields = page.services.fields.all(page.by)
    if not fields:
        empty_state("data_object", "No fields yet", "Columns of an import become fields; you can add one as well.")
    for field in fields:
        field_parts.draw(page, field, may_edit=may_edit)
with of_tags:
    if may_edit:
        st.button("New tag", icon=":material/add:", key="add_tag", on_click=dialogs.show, args=("add_tag",))
    tags = page.services.tags.all(page.by)
    if not tags:
        empty_state("sell", "No tags yet", "Put a tag on people under Contacts, or bring them along with an import.", key="no_tags")
    for tag in tags:
        tag_parts.draw(page, tag, may_edit=may_edit)
dialogs.dialog("add_field", "Add a field", partial(field_parts.add, page))
dialogs.dialog("add_tag", "New tag", partial(tag_parts.add, page))
field_parts.questions(page)
tag_parts.questions(page)
