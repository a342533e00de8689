"""The languages of a template: its words beside those of another language, and how that looks."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.permissions import Permission
from core.templates.languages.choice import normal_language
from core.ui import dialogs
from core.ui.create import language_form, text_draft, translation_writing
from core.ui.dialogs import Question
from core.ui.page import open_page
from core.ui.parts import empty_state
from core.ui.targets import find

HELP = "Readers whose contact has a language get the mail in it; everybody else gets the main one."
BACK = ("Templates", "pages/create/templates.py")
page = open_page("Languages", needs=Permission.TEMPLATES_VIEW, help=HELP, back=BACK)
templates, translating, drafts = page.services.templates, page.services.translating, page.services.template_drafts
may_edit = page.may(Permission.TEMPLATES_EDIT)
template = find(page, templates.get, what="template", back=BACK)
latest = templates.latest(page.by, template.id)
written = translating.languages(page.by, template.id)
tags = sorted({*written, *(drafts.languages(page.by, template.id) if may_edit else ())})
CHOSEN, ADDED = f"language_{template.id}", f"language_added_{template.id}"


def add() -> None:
    with st.form("add_language", border=False):
        options, look = language_form.common(tags), {"index": None, "accept_new_options": True, "key": "new_language"}
        language = st.selectbox("Language", options, format_func=language_form.name_of, **look)
        st.caption("Choose one, or type its code, like de or pt-BR. Nobody gets it before you save the translation.")
        if st.form_submit_button("Add", type="primary"):
            with page.act("Language added."):
                tag, words = normal_language(language_form.tag_of(language or "")), language_form.nothing_said(latest)
                if tag not in tags:
                    drafts.keep(page.by, template.id, words, latest.kind, based_on=latest.number, revision=0, language=tag)
                st.session_state[ADDED] = tag
                dialogs.done()


def forget(language: str) -> None:
    text_draft.forget(template.id, language)
    st.session_state.pop(CHOSEN, None)


def remove(language: str) -> None:
    translating.remove(page.by, template.id, language)
    discard(language)


def discard(language: str) -> None:
    drafts.discard(page.by, template.id, language)
    forget(language)


def questions(language: str) -> None:
    name = language_form.name_of(language)
    if may_edit and language in written:
        st.button("Take this language out", on_click=dialogs.show, args=("remove_language",), key="remove_language_open", type="tertiary")
    body = f"Readers of {name} get the main language from the next version on. Versions before this one keep it."
    question = Question(f"Take {name} out?", body, "Take it out")
    dialogs.ask_first(page, question, partial(remove, language), name="remove_language", success="Language taken out.")
    body = "What was typed since the last save goes, also what others typed." if language in written else f"{name} goes with it."
    question = Question("Discard this draft?", body, "Discard draft")
    dialogs.ask_first(page, question, partial(discard, language), name="discard_translation", success="The draft is gone.")


page.title(f"Languages of {template.name}")
with page.actions:
    if st.button("Open template", icon=":material/edit_document:", key="open_template"):
        st.switch_page("pages/create/template.py", query_params={"id": str(template.id)})
if may_edit and page.header("Add a language", icon="translate"):
    dialogs.show("add_language")
if tags:
    if added := st.session_state.pop(ADDED, None):
        st.session_state[CHOSEN] = added
    chosen = st.segmented_control("Language", tags, default=tags[0], required=True, format_func=language_form.name_of, key=CHOSEN)
    language = chosen if chosen in tags else tags[0]
    translation_writing.draw(page, latest, language, written.get(language), may_edit=may_edit)
    questions(language)
else:
    words = "Write this mail in another language, and each reader gets theirs."
    if empty_state("translate", "Only in one language", words, "Add a language" if may_edit else ""):
        dialogs.show("add_language")
dialogs.dialog("add_language", "Add a language", add)
