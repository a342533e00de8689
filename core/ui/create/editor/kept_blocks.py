"""Keeping a block for other templates, and looking after those that were kept."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.templates.blocks.document import Document, Section
from core.templates.blocks.parts import NAMES
from core.templates.blocks.saved import SavedBlock
from core.ui.create.editor.session import Editing
from core.ui.page import Page
from core.ui.parts import remark
from core.ui.words import counted, plain

_SHOWN = 20  # kept blocks in the list; more are found by a part of their names


def names(page: Page) -> list[tuple[int, str]]:
    """Return numbers and names of the kept blocks that can be put in."""
    return [(one.id, one.name) for one in page.services.saved_blocks.all(page.by) if one.block]


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
        with st.popover("Keep for other templates", icon=":material/bookmark_add:", width="stretch"):
            name = st.text_input("Name", key=f"keep_name_{part.id}_{now.generation}", max_chars=100, placeholder=NAMES[part.kind]) or ""
            st.caption("Put in elsewhere it is a copy: changing one does not change the others.")
            if st.button("Keep", type="primary", key=f"keep_{part.id}"):
                with page.act(f"Kept as “{plain(name)}”. It is in the palette now."):
                    page.services.saved_blocks.save(page.by, name, part)


def _manage(page: Page) -> None:
    kept = page.services.saved_blocks.all(page.by)
    if not kept:
        return
    with st.expander(counted(len(kept), "kept block"), icon=":material/bookmark:"):
        search = ""
        if len(kept) > _SHOWN:
            how: dict[str, Any] = {"label_visibility": "collapsed", "placeholder": "Find a kept block", "icon": ":material/search:"}
            search = (st.text_input("Find a kept block", key="kept_search", **how) or "").strip().casefold()
        found = [one for one in kept if search in one.name.casefold()]
        for one in found[:_SHOWN]:
            _row(page, one)
        if len(found) > _SHOWN:
            st.caption(f"{len(found) - _SHOWN} more. Type a part of a name to find one.")
        elif not found:
            st.caption("No kept block is called so.")


def _row(page: Page, one: SavedBlock) -> None:
    key = f"kept_{one.id}"
    # Where it was renamed elsewhere meanwhile, what this tab shows must not undo that.
    if key not in st.session_state or st.session_state.get(f"{key}_was") != one.name:
        st.session_state[key] = one.name
    st.session_state[f"{key}_was"] = one.name
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        how: dict[str, Any] = {"label_visibility": "collapsed", "max_chars": 100}
        name = st.text_input(f"Name of {plain(one.name)}", key=key, **how) or ""
        with st.popover(":material/delete:", help=f"Delete {plain(one.name)}", type="tertiary"):
            st.markdown(f"“{plain(one.name)}” is gone for good. Copies in templates stay.")
            gone = st.button("Delete kept block", key=f"forget_{one.id}", type="primary")
    if one.block is None:
        remark("Can’t be put in: another release kept it. Delete it, or build it again.")
    if gone:
        with page.act("Deleted. Copies in templates stay."):
            page.services.saved_blocks.delete(page.by, one.id)
            st.rerun()
    elif name.strip() and name != one.name:
        with page.act(f"Renamed to “{plain(name)}”."):
            page.services.saved_blocks.rename(page.by, one.id, name)
