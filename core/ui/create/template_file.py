"""A template from a file: which file, and which brand it wears here."""

from __future__ import annotations

import streamlit as st

from core.errors import InvalidInput, PostwrightError
from core.templates.exchange.brand import BrandChoice
from core.templates.exchange.files import LARGEST_FILE, Loaded, brand_in
from core.ui import dialogs
from core.ui.create.template_cards import EDITOR
from core.ui.page import Page
from core.ui.words import counted, plain

_KINDS = ["json", "zip", "mjml", "html", "htm"]
_FIRST = "  \nIt is the first kit here, so it becomes the default: templates that have chosen no brand wear it too."


def ask(page: Page) -> None:
    """Draw what is asked: the file, which brand it wears where it brings one along, and a name; make the template of it."""
    file = st.file_uploader("Exported template, MJML or HTML", type=_KINDS, key="template_file", max_upload_size=LARGEST_FILE // 1_000_000)
    kit = _kit(file.getvalue()) if file else ""
    choice = _brand(page, kit) if kit else BrandChoice.HERE
    if not file:
        st.caption("An exported template brings its languages, pictures and brand kit along.")
    name = st.text_input("Name", key="template_name", placeholder="What the file says")
    if st.button("Make template", type="primary", key="load_template"):
        with page.act():
            _load(page, file.getvalue() if file else b"", file.name if file else "", name or "", choice)


def _brand(page: Page, kit: str) -> BrandChoice:
    is_first = not page.services.brand_kits.all(page.by)
    captions = {
        BrandChoice.NEW: f"The kit here that says the same; where there is none, “{plain(kit)}” is made.{_FIRST if is_first else ''}",
        BrandChoice.HERE: "It looks like your other emails.",
        BrandChoice.COLOURS: "It wears the brand of this workspace, but for the colours.",
    }
    labels = {BrandChoice.NEW: f"As in the file: “{plain(kit)}”", BrandChoice.HERE: "The brand of this workspace"}
    labels[BrandChoice.COLOURS] = "Only the colours of the file"
    words, at = list(captions.values()), int(is_first)
    chosen = st.radio("Brand", list(captions), at, format_func=labels.__getitem__, captions=words, key="template_brand")
    return chosen or BrandChoice.HERE


def _load(page: Page, data: bytes, file_name: str, name: str, choice: BrandChoice) -> None:
    if not data:
        raise InvalidInput("There is no file yet.", hint="Choose an exported template, or an MJML or HTML file.")
    made = page.services.template_exchange.load(page.by, data, file_name, name=name, brand=choice)
    dialogs.hide()
    with page.act(words(made)):
        st.switch_page(EDITOR, query_params={"id": str(made.template_id)})


def words(loaded: Loaded) -> str:
    """Return what became of a file."""
    if loaded.kit is None:
        return "Template made."
    if loaded.made is None:
        return f"Template made. It wears “{plain(loaded.kit.name)}”, which says the same as the brand kit in the file."
    others = len(loaded.made.restyled.changed)
    followed = f" {counted(others, 'other template wears', 'other templates wear')} it too." if others else ""
    return f"Template made, and the brand kit “{plain(loaded.kit.name)}” with it.{followed}"


def _kit(data: bytes) -> str:
    try:
        return brand_in(data)
    except PostwrightError:  # said when it is loaded
        return ""
