"""One template: its source, how readers see it, and its earlier versions."""

from __future__ import annotations

import streamlit as st

from core.permissions import Permission
from core.templates.compiling.compiler import TemplateKind
from core.ui.create import code_source, preflight_panel, template_preview, template_test
from core.ui.create.editor import visual
from core.ui.page import open_page
from core.ui.targets import find

BACK = ("Templates", "pages/create/templates.py")

page = open_page("Template", needs=Permission.TEMPLATES_VIEW, back=BACK)
templates, may_edit = page.services.templates, page.may(Permission.TEMPLATES_EDIT)
template = find(page, templates.get, what="template", back=BACK)
latest = templates.latest(page.by, template.id)
VERSIONS, LANGUAGES = "pages/create/template_versions.py", "pages/create/template_languages.py"


def versions() -> None:
    this = {"id": str(template.id)}
    st.page_link(VERSIONS, label="Versions and use", icon=":material/history:", query_params=this)
    st.page_link(LANGUAGES, label="Languages", icon=":material/translate:", query_params=this)
    kept = templates.versions(page.by, template.id)
    if len(kept) < 2:
        return
    with st.expander(f"Earlier versions ({len(kept) - 1})", icon=":material/history:"):
        for one in kept[1:]:
            with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                st.markdown(f"Version {one.number} · {page.when(one.created_at)}", help=page.exactly(one.created_at), width="content")
                how = {"on_click": code_source.write, "args": (template.id, one.source), "disabled": not may_edit or now.in_conflict}
                st.button("Take back into the editor", key=f"version_{one.id}", **how)


page.title(template.name)
if latest.kind is TemplateKind.BLOCKS:
    visual.draw(page, template, latest, may_edit=may_edit)
    page.stop()
now = code_source.current(page, latest, may_edit=may_edit)
template_test.button(page)
if may_edit and page.header("Save version", icon="save", disabled=now.in_conflict):
    code_source.save(page, now)
source, preview = st.columns([1, 1], gap="medium")
with source:
    code_source.draw(page, template, latest, now, may_edit=may_edit)
    versions()
with preview:
    found = code_source.compiled(page, now)
    if found:
        preflight_panel.draw(page, found, key="template", source=now.words, template_id=template.id)
        template_preview.draw(page, found, key="template", height=720, template_id=template.id)
code_source.ask_to_discard(page, latest, now)
template_test.ask(page, template, lambda: template_test.InEditor(now.words, now.kind))
