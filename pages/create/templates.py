"""Templates: what emails look like; found by name, folder, tag and what they say; started from ours, a file or your own code."""

from __future__ import annotations

import streamlit as st

from core.permissions import Permission
from core.templates.library.finding import Wanted
from core.ui import dialogs, paging
from core.ui.create import template_cards, template_dialogs
from core.ui.page import open_page
from core.ui.parts import empty_state

PAGE = "templates_page"

page = open_page("Templates", needs=Permission.TEMPLATES_VIEW)
templates, may_edit = page.services.templates, page.may(Permission.TEMPLATES_EDIT)
if may_edit and page.header("New template"):
    dialogs.show("new_template")


def nothing_here(wanted: Wanted) -> None:
    if wanted == Wanted(archived=True):
        st.info("Nothing is in the archive.", icon=":material/archive:")
    elif wanted == Wanted():
        st.info("All your templates are in the archive.", icon=":material/archive:")
    else:
        st.info("No template is like this. Try fewer filters, or look in the archive.", icon=":material/search_off:")


known = templates.page(page.by, limit=0)
if known.in_all:
    wanted = template_cards.filters(known)
    found = paging.read(lambda limit, offset: templates.page(page.by, wanted, limit, offset), key=PAGE, size=template_cards.SIZE)
    if found.rows:
        template_cards.grid(page, found)
        paging.choose(found.total, key=PAGE, what="template", size=template_cards.SIZE)
    else:
        nothing_here(wanted)
else:
    words = "A template is the body of an email: words, pictures, links, and fields such as the reader’s first name."
    if empty_state("article", "No templates yet", words, "Bring your own" if may_edit else ""):
        dialogs.show("new_template")
    if may_edit:
        template_dialogs.starters(page)
template_dialogs.draw(page, known)
