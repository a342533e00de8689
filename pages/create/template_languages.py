"""The languages of a template: its words beside those of another language, and how that looks."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.permissions import Permission
from core.templates.compiling.compiler import TemplateKind
from core.ui import dialogs
from core.ui.create import language_form, template_preview
from core.ui.dialogs import Question
from core.ui.page import open_page
from core.ui.parts import empty_state
from core.ui.targets import find

HELP = "Readers whose contact has a language get the mail in it; everybody else gets the main one."
page = open_page("Languages", needs=Permission.TEMPLATES_VIEW, help=HELP, back=("Templates", "pages/create/templates.py"))
templates, translating, may_edit = page.services.templates, page.services.translating, page.may(Permission.TEMPLATES_EDIT)
template = find(page, templates.get, what="template", back=("Templates", "pages/create/templates.py"))
latest = templates.latest(page.by, template.id)
written = translating.languages(page.by, template.id)
CHOSEN = f"language_{template.id}"


def add() -> None:
    with st.form("add_language", border=False):
        tags, look = language_form.common(written), {"index": None, "accept_new_options": True, "key": "new_language"}
        language = st.selectbox("Language", tags, format_func=language_form.name_of, **look)
        st.caption("Choose one, or type its code, like de or pt-BR.")
        if st.form_submit_button("Add", type="primary"):
            with page.act("Language added."):
                words = "{}" if latest.kind is TemplateKind.BLOCKS else latest.source
                translating.put(page.by, template.id, language_form.tag_of(language or ""), words)
                st.session_state.pop(CHOSEN, None)
                dialogs.hide()
                st.rerun()


def remove(language: str) -> None:
    translating.remove(page.by, template.id, language)
    st.session_state.pop(CHOSEN, None)


def edit(language: str) -> None:
    words, preview = st.columns([1, 1], gap="medium")
    with words:
        said = language_form.draw(latest, language, written[language], may_edit=may_edit)
        if said is not None:
            with page.act("Saved as a new version."):
                translating.put(page.by, template.id, language, said)
                st.rerun()
        if may_edit:
            name = language_form.name_of(language)
            st.button("Take this language out", on_click=dialogs.show, args=("remove_language",), key="remove_language_open")
            body = f"Readers of {name} get the main language from the next version on. Versions before this one keep it."
            question = Question(f"Take {name} out?", body, "Take it out")
            dialogs.ask_first(page, question, partial(remove, language), name="remove_language", success="Language taken out.")
    with preview:
        template_preview.draw(
            page, translating.in_language(page.by, latest, language), key=f"language_{language}", height=720, template_id=template.id
        )


page.title(f"Languages of {template.name}")
if may_edit and page.header("Add a language", icon="translate"):
    dialogs.show("add_language")
if written:
    tags = list(written)
    chosen = st.segmented_control("Language", tags, default=tags[0], required=True, format_func=language_form.name_of, key=CHOSEN)
    edit(chosen if chosen in written else tags[0])
else:
    words = "Write this mail in another language, and each reader gets theirs."
    if empty_state("translate", "Only in one language", words, "Add a language" if may_edit else ""):
        dialogs.show("add_language")
dialogs.dialog("add_language", "Add a language", add)
