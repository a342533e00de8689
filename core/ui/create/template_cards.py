"""The cards of the library: what a template looks like, where it lies, who changed it when, and what can be done with it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.permissions import Permission
from core.templates.library.finding import Card, Shelf, Wanted
from core.templates.library.names import NO_FOLDER
from core.ui import dialogs, rows
from core.ui.page import Page
from core.ui.words import plain

EDITOR = "pages/create/template.py"
VERSIONS = "pages/create/template_versions.py"
SIZE = 24
ANY_FOLDER, IN_NONE, ANY_TAG = "All folders", "In no folder", "All tags"
# What the menu of a card offers: the word, and what it opens or does.
_ACTIONS = {
    "versions": ":material/history: Versions and use",
    "duplicate": ":material/content_copy: Duplicate",
    "rename": ":material/edit: Rename",
    "move": ":material/drive_file_move: Move to folder",
    "tag": ":material/sell: Tags",
    "export": ":material/download: Export",
    "archive": ":material/archive: Archive",
    "unarchive": ":material/unarchive: Take out of the archive",
}


def filters(shelf: Shelf) -> Wanted:
    """Draw the row of filters, which the address keeps, and return what is looked for.

    Args:
        shelf: What there is to choose from.
    """
    look: dict[str, Any] = {"label_visibility": "collapsed", "bind": "query-params"}
    with st.container(horizontal=True, vertical_alignment="bottom", key="template_filters"):
        search = st.text_input("Search", type="search", placeholder="Name, tag or words in it", key="template_search", width=300, **look)
        # What is chosen stands in the address as it is shown, so it says nothing that changes by itself, such as how many there are.
        folder = tag = None
        if shelf.folders:
            folder = st.selectbox("Folder", [ANY_FOLDER, *shelf.folders, IN_NONE], key="folder", width=200, **look)
        if shelf.tags:
            tag = st.selectbox("Tag", [ANY_TAG, *shelf.tags], key="tag", width=170, **look)
        archived = st.toggle("Archive", key="archived", bind="query-params", help="Show those that were put away.")
    chosen = {ANY_FOLDER: "", None: "", IN_NONE: NO_FOLDER}.get(folder, folder)
    return Wanted((search or "").strip(), chosen or "", tag if tag and tag != ANY_TAG else "", bool(archived))


def grid(page: Page, shelf: Shelf) -> None:
    """Draw the cards of a page of templates."""
    pictures = page.services.template_thumbnails.pictures(page.by, [card.version_id for card in shelf.rows])
    with st.grid(min_column_width=240, gap="medium", key="template_grid"):
        for card in shelf.rows:
            _card(page, card, pictures.get(card.version_id, ""))


def _card(page: Page, card: Card, picture: bytes | str) -> None:
    template = card.template
    with st.container(border=True, height="stretch", gap="small", key=f"card_{template.id}"):
        if picture:
            st.image(picture, width="stretch", alt=f"What {template.name} looks like")
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", wrap=False):
            with st.container(width="stretch"):
                rows.title(template.name, EDITOR, {"id": str(template.id)}, key=f"open_{template.id}")
            _menu(page, card)
        folder = f":material/folder: {plain(template.folder)} · " if template.folder else ""
        st.caption(f"{folder}{plain(card.changed_by)}, {page.when(template.updated_at)}", help=page.exactly(template.updated_at))
        if template.tags:
            st.markdown(" ".join(f":gray-badge[{plain(tag)}]" for tag in template.tags))


def _menu(page: Page, card: Card) -> None:
    may_edit = page.may(Permission.TEMPLATES_EDIT)
    left_out = {"archive"} if card.template.is_archived else {"unarchive"}
    offered = [name for name in _ACTIONS if name not in left_out and (may_edit or name in {"versions", "export"})]
    key = f"more_{card.template.id}"
    chosen = st.menu_button("More", offered, type="tertiary", format_func=_ACTIONS.__getitem__, key=key)
    if chosen:
        _do(page, card, chosen)


def _do(page: Page, card: Card, what: str) -> None:
    shelves, template_id = page.services.template_shelves, card.template.id
    if what == "versions":
        st.switch_page(VERSIONS, query_params={"id": str(template_id)})
    elif what == "duplicate":
        with page.act("Copied."):
            shelves.duplicate(page.by, template_id)
            st.rerun()
    elif what == "archive":
        with page.act("Put into the archive. Campaigns that use it go on."):
            shelves.archive(page.by, template_id)
            st.rerun()
    elif what == "unarchive":
        with page.act("Taken out of the archive."):
            shelves.unarchive(page.by, template_id)
            st.rerun()
    else:
        dialogs.show(what, card.template)
