"""Keeping a block for other templates, and looking after those that were kept."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.templates.blocks.document import Document, Section
from core.templates.blocks.parts import NAMES
from core.ui.create.editor.session import Editing
from core.ui.page import Page
from core.ui.words import counted, plain


def names(page: Page) -> list[tuple[int, str]]:
    """Return numbers and names of the blocks that were kept."""
    return [(one.id, one.name) for one in page.services.saved_blocks.all(page.by)]


def draw(page: Page, now: Editing, part: Any) -> None:
    """Draw what keeps the chosen block, or where no block is chosen the list of those that were kept.

    Args:
        page: The page.
        now: What is edited.
        part: The chosen part.
    """
    if isinstance(part, Document):
        _manage(page)
    elif not isinstance(part, Section):
        with st.popover("Keep this block for other templates", icon=":material/bookmark_add:", width="stretch"):
            name = st.text_input("Name", key=f"keep_name_{part.id}_{now.generation}", max_chars=100, placeholder=NAMES[part.kind]) or ""
            st.caption("Put in elsewhere it is a copy: changing one does not change the others.")
            if st.button("Keep", type="primary", key=f"keep_{part.id}"):
                with page.act(f"Kept as “{name.strip()}”. It is in the palette now."):
                    page.services.saved_blocks.save(page.by, name, part)


def _manage(page: Page) -> None:
    found = page.services.saved_blocks.all(page.by)
    if not found:
        return
    with st.expander(counted(len(found), "kept block"), icon=":material/bookmark:"):
        for one in found:
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
                how: dict[str, Any] = {"label_visibility": "collapsed", "max_chars": 100}
                name = st.text_input(f"Name of {plain(one.name)}", one.name, key=f"kept_{one.id}", **how) or ""
                gone = st.button(":material/delete:", key=f"forget_{one.id}", help="Delete; copies in templates stay", type="tertiary")
            with page.act():
                if gone:
                    page.services.saved_blocks.delete(page.by, one.id)
                elif name.strip() and name != one.name:
                    page.services.saved_blocks.rename(page.by, one.id, name)
