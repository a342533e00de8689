"""Exporting people from a page: a dialog that asks for the format and the columns, and lets the browser fetch the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import streamlit as st

from core.contacts.choosing import Choice
from core.contacts.export.columns import ExportColumn
from core.contacts.imports.mapping import ATTRIBUTE
from core.permissions import Permission
from core.ui import dialogs
from core.ui.page import Page
from core.ui.web.downloads import DOWNLOADS, Wanted
from core.ui.words import number

_SCRIPT = (Path(__file__).parents[1] / "components" / "download.js").read_text("utf-8")
_CSS = "p { color: var(--st-text-color); font-family: var(--st-font); margin: 0; }\n"
_FORMATS = {"csv": "CSV", "xlsx": "Excel", "parquet": "Parquet"}
_WHAT_FOR = {
    "csv": "For other tools; it can be imported here again and changes nobody. For spreadsheets choose Excel: German and French ones "
    "may make what stands behind a semicolon a cell of its own.",
    "xlsx": "A workbook with numbers and dates as such. Excel opens at most 1,048,576 rows.",
    "parquet": "Typed columns, for data tools such as DuckDB or pandas.",
}
_LABELS = {
    "email": "Email address",
    "first_name": "First name",
    "last_name": "Last name",
    "consent": "Consent",
    "lists": "Lists",
    "tags": "Tags",
    "source": "Where they came from",
    "created_at": "Added on",
    "updated_at": "Last changed on",
    "consent_at": "Consent since",
    "consent_source": "How we know of the consent",
    "suppressed": "Suppressed",
}
_BEGUN = "_export_begun"


@cache
def _component() -> Any:
    # Made on first use: at import there is no runtime yet that could know it.
    return st.components.v2.component("postwright_download", html='<p role="status"></p>\n', css=_CSS, js=_SCRIPT)


def button(page: Page, choice: Choice, people: int, chosen: Sequence[int] = ()) -> None:
    """Draw a button that opens the dialog, for those who may export.

    Args:
        page: The page.
        choice: What is looked for.
        people: How many match that.
        chosen: Who was chosen among them; nobody means all.
    """
    if not page.may(Permission.CONTACTS_EXPORT) or not people:
        return
    who, people = (
        (Wanted("csv", choice=choice, contact_ids=tuple(chosen)), len(chosen)) if chosen else (Wanted("csv", choice=choice), people)
    )
    if st.button("Export", icon=":material/download:", key="export_open"):
        st.session_state.pop(_BEGUN, None)
        dialogs.show("export")
    dialogs.dialog("export", f"Export {number(people)} {'person' if people == 1 else 'people'}", partial(_ask, page, who, people))


def _ask(page: Page, who: Wanted, people: int) -> None:
    there = page.services.exports.columns(page.by)
    form = st.segmented_control(
        "Format", list(_FORMATS), default="csv", format_func=_FORMATS.__getitem__, required=True, key="export_format"
    )
    st.caption(_WHAT_FOR[form])
    usual = [column.key for column in there if column.is_usual]
    named = {column.key: _label(column) for column in there}
    columns = st.multiselect("Columns", list(named), default=usual, format_func=named.__getitem__, key="export_columns")
    if not columns:
        st.info("Choose at least one column.", icon=":material/view_column:")
    if st.button(f"Export {number(people)} {'person' if people == 1 else 'people'}", type="primary", disabled=not columns, key="export_go"):
        with page.act():
            page.services.exports.check(page.by, form, people, columns)
            wanted = replace(who, format=form, columns=tuple(columns))
            st.session_state[_BEGUN] = "/exports/" + DOWNLOADS.put(page.token, wanted, page.services.clock.now())
    if path := st.session_state.get(_BEGUN):
        _component()(key="export_download", data={"path": path, "words": "Your browser is downloading the file. You can close this."})


def _label(column: ExportColumn) -> str:
    return _LABELS.get(column.key) or column.key.removeprefix(ATTRIBUTE)
