"""The versions of a template: who made them and why, what is different between two, going back, and where each is used."""

from __future__ import annotations

import streamlit as st

from core.permissions import Permission
from core.ui import dialogs
from core.ui.create import version_comparison, version_list
from core.ui.page import open_page
from core.ui.targets import find

BACK = ("Templates", "pages/create/templates.py")
EDITOR = "pages/create/template.py"
MOST_TO_COMPARE = 200

page = open_page("Versions", needs=Permission.TEMPLATES_VIEW, back=BACK)
versions = page.services.template_versions
template = find(page, page.services.templates.get, what="template", back=BACK)
page.title(f"Versions of {template.name}")
if page.header("Open template", icon="edit_document"):
    st.switch_page(EDITOR, query_params={"id": str(template.id)})
uses = versions.uses(page.by, template.id)
kept = versions.page(page.by, template.id, MOST_TO_COMPARE)
if len(kept) > 1:
    old, new = version_list.choose_two(kept)
    if old == new:
        st.info("Choose two different versions to compare them.", icon=":material/compare:")
    else:
        with page.act():
            languages = versions.compared(page.by, template.id, old, new)
            version_comparison.draw(page, version_comparison.choose(languages))
listed, used = st.columns([3, 2], gap="medium")
with listed:
    st.subheader("All versions", anchor=False)
    version_list.draw(page, template, uses)
with used:
    st.subheader("Where it is used", anchor=False)
    version_list.where_used(page, uses)
if dialogs.opened(version_list.RESTORE)[0]:
    version_list.ask(page, template)
