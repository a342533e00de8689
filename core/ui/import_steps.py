"""The steps of an import as a page shows them: what the columns are, what would happen, how far it is, what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from core.contacts.attributes import clean_name
from core.contacts.importing import Encoding, ImportPlan, ImportResult
from core.ui import figures
from core.ui.background import Work
from core.ui.figures import Figure
from core.ui.page import Page
from core.ui.words import counted, number, plain

STEPS = ("Choose a file", "Match the columns", "Check and import")
FIELDS = {"email": "Email address", "first_name": "First name", "last_name": "Last name", "skip": "Leave out"}
SHOWN_SAMPLES = 3


@dataclass
class Draft:
    """An import that is being prepared; kept in the session.

    Args:
        data: The file's bytes.
        file_name: Its name.
        plan: What it holds.
        encoding: How to read the bytes.
        mapping: A field per column.
        list_name: The list everybody is put on.
        checked: What would happen, once that was asked.
    """

    data: bytes
    file_name: str
    plan: ImportPlan
    encoding: Encoding
    mapping: dict[str, str] = field(default_factory=dict)
    list_name: str = ""
    checked: ImportResult | None = None


def heading(step: int) -> None:
    """Say which step this is.

    Args:
        step: From 0.
    """
    st.caption(f"Step {step + 1} of {len(STEPS)} · {STEPS[step]}")
    st.progress((step + 1) / len(STEPS))


def match_columns(plan: ImportPlan) -> dict[str, str]:
    """Let somebody say what each column is; return a field per column."""
    mapping: dict[str, str] = {}
    with st.grid(min_column_width=260):
        for position, column in enumerate(plan.columns):
            with st.container(border=True, gap="xsmall", height="stretch"):
                st.markdown(f"**{plain(column)}**")
                samples = [plain(row[column][:40]) for row in plan.sample if row.get(column)][:SHOWN_SAMPLES]
                st.caption(", ".join(samples) or "empty in the first rows")
                mapping[column] = _field(column, plan.mapping[column], position)
    return mapping


def _field(column: str, suggested: str, position: int) -> str:
    own = suggested if suggested.startswith("attribute.") else f"attribute.{clean_name(column) or f'column_{position + 1}'}"
    options = [*FIELDS, own]
    words = FIELDS | {own: f"Attribute “{own.removeprefix('attribute.')}”"}
    return st.selectbox(
        f"What “{plain(column)}” is",
        options,
        index=options.index(suggested),
        format_func=words.__getitem__,
        key=f"import_field_{position}",
        label_visibility="collapsed",
    )


def summary(result: ImportResult, *, dry: bool) -> None:
    """Draw what would become, or became, of the rows."""
    cards = [
        Figure("New people" if dry else "Added", number(result.created)),
        Figure(
            "Already known", number(result.updated + result.unchanged), note=f"{number(result.updated)} get something new" if dry else ""
        ),
        Figure("Can’t be imported" if dry else "Left out", number(result.refused)),
    ]
    figures.draw(cards, key="import_dry" if dry else "import_done")


def refusals(result: ImportResult) -> None:
    """Draw why rows were left out, the first of them."""
    if not result.refused_rows:
        return
    rows = [{"Line": row.line, "Why": row.reason, "Address": row.email} for row in result.refused_rows[:50]]
    st.markdown(f"**{counted(result.refused, 'row')} can’t be imported.** The rest is not held up by them.")
    st.dataframe(rows, hide_index=True, height=min(38 * (len(rows) + 1), 260), alt="Rows that can’t be imported and why")


def progress(page: Page, work: Work, file_name: str) -> None:
    """Draw how far an import is, and how long it will still take."""
    left = work.seconds_left(page.services.clock.now())
    words = f"{number(work.done)} of {number(work.total)} people" if work.total else "Reading and checking every row"
    st.progress(work.done / work.total if work.total else 0.0, text=words + (f" · about {max(1, round(left))} s left" if left else ""))
    st.caption(f"You can close this page; “{plain(file_name)}” is imported as a whole, or not at all.")
