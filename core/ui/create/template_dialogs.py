"""What the library asks: a new template, another name, a folder, tags, a file."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from core.templates.blocks.blank import blank
from core.templates.blocks.document import read_document
from core.templates.library.finding import Shelf
from core.templates.library.models import Template
from core.templates.look.brand import Brand
from core.templates.starters import STARTERS, Starter
from core.templates.thumbnails.sketching import sketch
from core.ui import dialogs
from core.ui.create import template_file
from core.ui.create.template_cards import EDITOR
from core.ui.page import Page
from core.ui.words import plain

_NO_FOLDER = "No folder"
BLANK = "Blank, with blocks"
WAYS = ("Ours", BLANK, "A file", "Paste")


def draw(page: Page, shelf: Shelf) -> None:
    """Draw whatever is asked right now.

    Args:
        page: The page.
        shelf: Which folders and tags there are.
    """
    dialogs.dialog("new_template", "New template", lambda: _new(page), width="large")
    for name, title, body in (
        ("rename", "Rename", _rename),
        ("move", "Move to folder", _move),
        ("tag", "Tags", _tag),
        ("export", "Export", _export),
    ):
        is_open, template = dialogs.opened(name)
        if is_open:
            dialogs.dialog(name, title, lambda body=body, template=template: body(page, shelf, template))  # type: ignore[misc]


def create(page: Page, name: str, source: str) -> None:
    """Make a template and open it."""
    made = page.services.templates.save(page.by, name, source, is_new=True)
    dialogs.hide()
    st.switch_page(EDITOR, query_params={"id": str(made.template_id)})


def starters(page: Page) -> None:
    """Draw what an empty library can begin with."""
    st.subheader("Start from one of ours", anchor=False)
    brand = _brand(page)
    with st.grid(min_column_width=240):
        for one in STARTERS:
            _starter(page, one, brand)


def _starter(page: Page, one: Starter, brand: Brand) -> None:
    with st.container(border=True, height="stretch"):
        _picture(one, brand)
        st.markdown(f"**{plain(one.name)}**")
        st.caption(one.description)
        st.space("stretch")
        if st.button("Use this one", key=f"starter_{one.name}"):
            with page.act("Template made."):
                create(page, one.name, one.source)


def _new(page: Page) -> None:
    way = st.segmented_control("Start from", WAYS, default=WAYS[0], required=True, key="template_way") or WAYS[0]
    if way == "A file":  # no form: what is asked depends on what is in the file
        template_file.ask(page)
        return
    if way == "Ours":
        _one_of_ours(page)
        return
    with st.form("new_template", border=False):
        if way == BLANK:
            st.caption("A header, room for your words, and a footer. You put it together by dragging blocks.")
            source = blank().as_json()
        else:
            source = st.text_area("MJML or HTML", height=220, key="template_source") or ""
        _name(page, "", source)


def _one_of_ours(page: Page) -> None:
    """Ask which; what it looks like and the button stand beside the choice, in sight whatever is chosen."""
    left, right = st.columns([3, 2], gap="medium")
    captions = [one.description for one in STARTERS]
    chosen = left.radio("Template", STARTERS, format_func=lambda one: one.name, captions=captions, key="starter")
    with right:
        _picture(chosen, _brand(page))
        with st.form("new_template", border=False):
            _name(page, chosen.name, chosen.source)


def _name(page: Page, usual: str, source: str) -> None:
    """Ask what it is called and make it; within the form that is sent."""
    name = st.text_input("Name", key="template_name", placeholder=usual or "Autumn newsletter")
    if st.form_submit_button("Make template", type="primary"):
        with page.act("Template made."):
            create(page, name or usual, source)


def _picture(one: Starter, brand: Brand) -> None:
    st.image(sketch(read_document(one.source), brand, one.name), width="stretch", alt=f"What {one.name} looks like")


def _brand(page: Page) -> Brand:
    kit = page.services.brand_kits.default(page.by)
    return kit.brand if kit else Brand()


def _export(page: Page, _shelf: Shelf, template: Template) -> None:
    st.markdown("The newest version as one file, with its languages, tags, pictures and brand kit. Another workspace can import it.")
    with page.act():
        name, media_type = page.services.template_exchange.file_name(page.by, template.id)
        make = partial(_exported, page, template)
        how: dict[str, Any] = {"icon": ":material/download:", "type": "primary", "key": "exported", "on_click": "ignore"}
        st.download_button(f"Download {plain(name)}", make, name, media_type, **how)


def _exported(page: Page, template: Template) -> bytes:
    """Return the file; called when it is downloaded, for that is what the log tells."""
    return page.services.template_exchange.export(page.by, template.id).data


def _rename(page: Page, _shelf: Shelf, template: Template) -> None:
    with st.form("rename_template", border=False):
        name = st.text_input("Name", value=template.name, key=f"new_name_{template.id}")
        if st.form_submit_button("Rename", type="primary"):
            with page.act("Renamed."):
                page.services.template_shelves.rename(page.by, template.id, name or "")
                dialogs.done()


def _move(page: Page, shelf: Shelf, template: Template) -> None:
    st.caption("Choose a folder or type the name of a new one. A folder is there as long as something lies in it.")
    with st.form("move_template", border=False):
        folders = [_NO_FOLDER, *sorted({*shelf.folders, template.folder} - {""}, key=str.casefold)]
        at = folders.index(template.folder or _NO_FOLDER)
        folder = st.selectbox("Folder", folders, index=at, accept_new_options=True, key=f"new_folder_{template.id}")
        if st.form_submit_button("Move", type="primary"):
            with page.act("Moved."):
                page.services.template_shelves.move(page.by, template.id, folder if folder and folder != _NO_FOLDER else "")
                dialogs.done()


def _tag(page: Page, shelf: Shelf, template: Template) -> None:
    with st.form("tag_template", border=False):
        known = sorted({*shelf.tags, *template.tags}, key=str.casefold)
        placeholder = "Choose tags, or type new ones"
        tags = st.multiselect(
            "Tags", known, default=list(template.tags), placeholder=placeholder, accept_new_options=True, key=f"new_tags_{template.id}"
        )
        if st.form_submit_button("Save tags", type="primary"):
            with page.act("Tags saved."):
                page.services.template_shelves.tag(page.by, template.id, tags)
                dialogs.done()
