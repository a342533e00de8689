"""The page of a template made of blocks: editing, looking at it as readers get it, saving versions, throwing a draft away."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from core.templates.compiling.compiler import TemplateKind
from core.templates.library.models import Template, TemplateVersion
from core.templates.library.names import LONGEST_NOTE
from core.ui import dialogs
from core.ui.create import draft_words, template_test
from core.ui.create.editor import session, workbench
from core.ui.page import Page

VERSIONS, LANGUAGES = "pages/create/template_versions.py", "pages/create/template_languages.py"
_WAYS = {"edit": ":material/edit: Edit", "preview": ":material/visibility: Preview"}


def draw(page: Page, template: Template, latest: TemplateVersion, *, may_edit: bool) -> None:
    """Draw the page.

    Args:
        page: The page.
        template: The template.
        latest: Its newest version, made of blocks.
        may_edit: Whether the person may change it.
    """
    session.choose_asked_for(session.current(page, latest, may_edit=may_edit))
    template_test.button(page)
    if may_edit and page.header("Save version", icon="save"):
        dialogs.show("save_version")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        how = {"default": "edit", "required": True, "label_visibility": "collapsed", "key": f"way_{template.id}"}
        way = st.segmented_control("What to do", list(_WAYS), format_func=_WAYS.__getitem__, **how)  # type: ignore[call-overload]
        _standing(page, latest)
    if way == "preview":
        workbench.preview(page, template, latest, may_edit=may_edit)
    else:
        workbench.draw(page, template, latest, may_edit=may_edit)
    dialogs.dialog("save_version", "Save version", partial(_save, page, template, latest))
    _discard(page, template, latest)
    template_test.ask(page, template, partial(_in_editor, page, template, latest))


def _standing(page: Page, latest: TemplateVersion) -> None:
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        saved = f"version {latest.number} · saved {page.when(latest.created_at)}"
        st.caption(saved, help=page.exactly(latest.created_at), width="content")
        this: dict[str, Any] = {"query_params": {"id": str(latest.template_id)}, "width": "content"}
        st.page_link(VERSIONS, label="Versions", icon=":material/history:", **this)
        st.page_link(LANGUAGES, label="Languages", icon=":material/translate:", **this)


def _in_editor(page: Page, template: Template, latest: TemplateVersion) -> template_test.InEditor:
    now = session.current(page, latest, may_edit=True)
    return template_test.InEditor(now.document.as_json(), TemplateKind.BLOCKS, workbench.todos(page, template, now))


def _save(page: Page, template: Template, latest: TemplateVersion) -> None:
    now = session.current(page, latest, may_edit=True)
    changed = now.document.as_json() != latest.source
    todo = workbench.todos(page, template, now) if changed else []
    session.look_again(page, now)
    if todo:
        workbench.say_todos(todo)
    if now.in_conflict:
        st.warning("Choose first whether to load theirs or to go on with yours: it stands above the canvas.", icon=":material/group:")
    st.markdown("A version never changes again. Campaigns that use an earlier one keep it." if changed else "Nothing has changed yet.")
    how: dict[str, Any] = {"placeholder": "Autumn offers, new footer", "max_chars": LONGEST_NOTE, "disabled": not changed}
    note = st.text_input("What is new in it", key="version_note", **how) or ""
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button("Go back", key="save_no", on_click=dialogs.hide)
        yes = st.button("Save version", type="primary", key="save_yes", disabled=not changed or bool(todo) or now.in_conflict)
    if yes:
        with page.act("Saved as a new version."):
            source = now.document.as_json()
            made = page.services.templates.save_version(page.by, template.id, source, kind=TemplateKind.BLOCKS, note=note)
            session.begin_anew(page, now, made)
            dialogs.done()
    if not dialogs.opened("save_version")[0]:
        st.rerun()


def _discard(page: Page, template: Template, latest: TemplateVersion) -> None:
    how = {"name": workbench.DISCARD, "success": "The draft is gone."}
    dialogs.ask_first(page, draft_words.discarding(latest.number), partial(_drop, page, template, latest), **how)


def _drop(page: Page, template: Template, latest: TemplateVersion) -> None:
    page.services.template_drafts.discard(page.by, template.id)
    session.begin_anew(page, session.current(page, latest, may_edit=True), latest)
