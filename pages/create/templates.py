"""Templates: what emails look like; start from one of ours, or bring MJML or HTML."""

from __future__ import annotations

import streamlit as st

from core.errors import Conflict, InvalidInput
from core.permissions import Permission
from core.templates.library import Template
from core.templates.starters import STARTERS, Starter
from core.ui import dialogs
from core.ui.page import open_page
from core.ui.parts import empty_state
from core.ui.rows import row
from core.ui.words import number, plain

EDITOR = "pages/create/template.py"
WAYS = ("Ours", "A file", "Paste")

page = open_page("Templates", needs=Permission.TEMPLATES_VIEW)
templates, may_edit = page.services.templates, page.may(Permission.TEMPLATES_EDIT)


def new_template() -> None:
    way = st.segmented_control("Start from", WAYS, default=WAYS[0], required=True, key="template_way") or WAYS[0]
    with st.form("new_template", border=False):
        if way == "Ours":
            chosen = st.radio(
                "Template", STARTERS, format_func=lambda one: one.name, captions=[one.description for one in STARTERS], key="starter"
            )
        elif way == "A file":
            file = st.file_uploader("MJML or HTML file", type=["mjml", "html", "htm"], key="template_file")
        else:
            pasted = st.text_area("MJML or HTML", height=220, key="template_source")
        name = st.text_input("Name", key="template_name", placeholder="Autumn newsletter")
        if not st.form_submit_button("Make template", type="primary"):
            return
    with page.act("Template made."):
        if way == "Ours":
            create(name or chosen.name, chosen.source)
        elif way == "A file":
            create(name or (file.name.rsplit(".", 1)[0] if file else ""), decoded(file.getvalue() if file else b""))
        else:
            create(name or "", pasted or "")


def decoded(data: bytes) -> str:
    if not data:
        raise InvalidInput("There is no file yet.", hint="Choose an MJML or HTML file.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput("This file is not UTF-8 text.", hint="Save it as UTF-8 in your editor and choose it again.") from error


def create(name: str, source: str) -> None:
    if any(one.name == " ".join(name.split()) for one in templates.all(page.by)):
        raise Conflict(f"There is a template called “{name.strip()}” already.", hint="Choose another name.")
    made = templates.save(page.by, name, source)
    dialogs.hide()
    st.switch_page(EDITOR, query_params={"id": str(made.template_id)})


def draw(one: Template) -> None:
    caption = f"changed {page.when(one.updated_at)}"
    figures = [(number(one.latest_number), "version" if one.latest_number == 1 else "versions")]
    row(one.name, EDITOR, {"id": str(one.id)}, caption=caption, figures=figures, key=f"template_{one.id}")


def starters() -> None:
    st.subheader("Start from one of ours", anchor=False)
    with st.grid(len(STARTERS), min_column_width=240):
        for one in STARTERS:
            starter(one)


def starter(one: Starter) -> None:
    with st.container(border=True, height="stretch"):
        st.markdown(f"**{plain(one.name)}**")
        st.caption(one.description)
        st.space("stretch")
        if st.button("Use this one", key=f"starter_{one.name}"):
            with page.act("Template made."):
                create(one.name, one.source)


if may_edit and page.header("New template"):
    dialogs.show("new_template")
found = templates.all(page.by)
for template in found:
    draw(template)
if not found:
    words = "A template is the body of an email: words, pictures, links, and fields such as the reader’s first name."
    if empty_state("article", "No templates yet", words, "Bring your own" if may_edit else ""):
        dialogs.show("new_template")
    if may_edit:
        starters()
dialogs.dialog("new_template", "New template", new_template, width="medium")
