"""What an import would do, as a page shows it: how many, what changes about whom, which rows can't be imported and why."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.contacts.imports.importing import ImportResult
from core.ui import figures
from core.ui.figures import Figure
from core.ui.words import counted, number

_SHOWN_ROWS = 200


def forecast(result: ImportResult) -> None:
    """Draw what would become of the rows, and what would change about whom."""
    strange = result.roles + result.disposable
    cards = [
        Figure("New people", number(result.created)),
        Figure(
            "Changed",
            number(result.updated),
            help="Known people who get a new value, a tag or the list, or whom the file says no for.",
        ),
        Figure("Unchanged", number(result.unchanged)),
        Figure("Can’t be imported", number(result.refused)),
        Figure("Can’t be mailed", number(result.suppressed), help="They are imported, but their address is suppressed; that stays."),
        Figure("Unusual", number(strange), help="Addresses of a role (info@) or made to be thrown away. They are imported all the same."),
    ]
    figures.draw(cards, key="import_dry")
    _changes(result)
    _refusals(result)
    _flagged(result)


def _changes(result: ImportResult) -> None:
    rows = [
        {"Address": row.email, "Field": name.removeprefix("attribute."), "Before": _shown(before), "After": _shown(after)}
        for row in result.changes
        for name, (before, after) in row.fields.items()
    ]
    if rows:
        st.markdown("**What changes about people you have**")
        st.dataframe(rows[:_SHOWN_ROWS], hide_index=True, height=_height(rows), alt="What changes about known people: before and after")


def _refusals(result: ImportResult) -> None:
    if not result.refused_rows:
        return
    rows = [{"Line": row.line, "Why": row.reason, "Address": row.email} for row in result.refused_rows[:_SHOWN_ROWS]]
    st.markdown(f"**{counted(result.refused, 'row')} can’t be imported.** The rest is not held up by them.")
    st.dataframe(rows, hide_index=True, height=_height(rows), alt="Rows that can’t be imported and why")


def _flagged(result: ImportResult) -> None:
    if not result.flagged_rows:
        return
    words = {"role": "An address of a role", "disposable": "Made to be thrown away"}
    rows = [{"Line": row.line, "Address": row.email, "What": words.get(row.why, row.why)} for row in result.flagged_rows[:_SHOWN_ROWS]]
    with st.expander(f"{counted(result.roles + result.disposable, 'unusual address', 'unusual addresses')}, imported all the same"):
        st.dataframe(rows, hide_index=True, height=_height(rows), alt="Unusual addresses")


def _height(rows: Sequence[object]) -> int:
    return min(35 * (len(rows) + 1) + 3, 283)


def _shown(value: object) -> str:
    if value is None:
        return ""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
