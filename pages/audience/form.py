"""One sign-up form: what it asks for beside what people will see, and how many came in."""

from __future__ import annotations

import streamlit as st

from core.contacts.hosted.design import FormDesign
from core.errors import PostwrightError
from core.permissions import Permission
from core.ui.audience import form_parts
from core.ui.audience.form_editor import FormEditor, new_design
from core.ui.page import open_page
from core.ui.targets import find
from core.ui.words import plain

LIST = ("Forms", "pages/audience/forms.py")

page = open_page("Form", needs=Permission.CONTACTS_VIEW, all_lists=True, back=LIST)
forms, may_edit = page.services.forms, page.may(Permission.CONTACTS_EDIT)
form = find(page, forms.get, what="form", back=LIST) if "id" in st.query_params else None
KEY = f"form_{form.id if form else 'new'}"


def preview(design: FormDesign) -> None:
    try:
        form_parts.preview(forms.draft(page.by, design), key="form_preview")
    except PostwrightError as error:
        with st.container(border=True):
            st.markdown(f":material/edit_note: **Not complete yet.** {plain(error.message)}")
            st.caption(plain(error.hint))


def save(name: str, design: FormDesign) -> None:
    with page.act("Saved." if form else "Form made. It takes people from now on."):
        kept = forms.update(page.by, form.id, name, design) if form else forms.create(page.by, name, design)
        st.switch_page("pages/audience/form.py", query_params={"id": str(kept.id)})


page.title(form.name if form else "New form")
wants = may_edit and page.header("Save form" if form else "Make form", icon="save")
fields, seen = st.columns([1, 1], gap="medium")
with fields:
    if form:
        with st.container(horizontal=True, vertical_alignment="center"):
            form_parts.badge(form.form)
            st.caption(f"Version {form.form.wording_version} of what people agree to · changed {page.when(form.updated_at)}")
    known = form.name if form else ""
    called = st.text_input(
        "Name, seen by your team only", known, key=f"{KEY}_name", placeholder="Footer of the shop", disabled=not may_edit
    )
    made = FormEditor(page, KEY, form.form.design if form else new_design(page), disabled=not may_edit).draw()
with seen:
    preview(made)
if wants:
    save(called or "", made)
if form:
    form_parts.per_day(page, form)
    with st.expander("Link and code", icon=":material/code:"):
        form_parts.share(page, form)
