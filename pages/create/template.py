"""One template: its source, how readers see it, and its earlier versions."""

from __future__ import annotations

import streamlit as st

from core.errors import InvalidInput
from core.permissions import Permission
from core.templates.compiling.compiler import CompiledTemplate, TemplateKind
from core.templates.library.names import LONGEST_NOTE
from core.ui.create import code_helps, preflight_panel, template_preview, template_test
from core.ui.create.editor import visual
from core.ui.page import open_page
from core.ui.parts import problem
from core.ui.targets import find

MONOSPACE = "<style>textarea[aria-label=Source] { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 13px }</style>"
BACK = ("Templates", "pages/create/templates.py")

page = open_page("Template", needs=Permission.TEMPLATES_VIEW, back=BACK)
templates, may_edit = page.services.templates, page.may(Permission.TEMPLATES_EDIT)
template = find(page, templates.get, what="template", back=BACK)
latest = templates.latest(page.by, template.id)
SOURCE, NOTE = f"source_{template.id}", f"note_{template.id}"
VERSIONS, LANGUAGES = "pages/create/template_versions.py", "pages/create/template_languages.py"


def edit() -> None:
    st.caption(f"{KINDS[latest.kind]} · version {latest.number} · changed {page.when(template.updated_at)}")
    st.html(MONOSPACE)
    st.text_area("Source", key=SOURCE, height=600, disabled=not may_edit, help="Leave the field to see the change beside it.")
    if may_edit:
        st.text_input("Note for the next version", key=NOTE, placeholder="What is new in it", max_chars=LONGEST_NOTE)
        code_helps.pictures(page, latest.kind, key=f"picture_{template.id}")
    code_helps.fields(page)


def compiled() -> CompiledTemplate | None:
    """Return what is in the editor, compiled; where that can't be done, say why and in which line."""
    try:
        return templates.try_out(page.by, st.session_state[SOURCE] or "", latest.kind, template_id=template.id)
    except InvalidInput as error:
        problem(error)
        return None


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
                st.button(
                    "Take back into the editor", key=f"version_{one.id}", on_click=bring_back, args=(one.source,), disabled=not may_edit
                )


def bring_back(source: str) -> None:
    st.session_state[SOURCE] = source


KINDS = {TemplateKind.MJML: "MJML", TemplateKind.HTML: "HTML", TemplateKind.BLOCKS: "Blocks"}
page.title(template.name)
if latest.kind is TemplateKind.BLOCKS:
    visual.draw(page, template, latest, may_edit=may_edit)
    page.stop()
st.session_state.setdefault(SOURCE, latest.source)
changed = (st.session_state[SOURCE] or "") != latest.source
template_test.button(page)
if may_edit and page.header("Save version", icon="save", disabled=False):
    with page.act("Saved as a new version." if changed else "Nothing has changed since the last version."):
        source_now, note = st.session_state[SOURCE] or "", st.session_state.get(NOTE) or ""
        templates.save_version(page.by, template.id, source_now, kind=latest.kind, note=note)
        st.session_state[NOTE] = ""
        st.rerun()
source, preview = st.columns([1, 1], gap="medium")
with source:
    edit()
    versions()
with preview:
    found = compiled()
    if found:
        preflight_panel.draw(page, found, key="template", source=st.session_state[SOURCE] or "", template_id=template.id)
        template_preview.draw(page, found, key="template", height=720, template_id=template.id)
template_test.ask(page, template, lambda: template_test.InEditor(st.session_state[SOURCE] or "", latest.kind))
