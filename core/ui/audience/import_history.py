"""Imports that are going on or over: how far one is, what became of it, taking the last one back, all that there were."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import streamlit as st

from core.contacts.imports.importing import ImportState, PastImport, Undone
from core.errors import NotFound
from core.ui import dialogs, figures
from core.ui.dialogs import Question
from core.ui.figures import Figure
from core.ui.page import Page
from core.ui.words import counted, number, plain

FILE = "pages/audience/import_contacts.py"
_OPEN = (ImportState.WAITING, ImportState.RUNNING)
GOING_ON = (*_OPEN, ImportState.FOLLOWING)
_STAGES = {"reading": "Reading", "checking": "Checking", "comparing": "Taking in", "writing": "Writing"}
_STATES: dict[ImportState, tuple[str, Literal["gray", "blue", "green", "red", "orange"]]] = {
    ImportState.WAITING: ("Waiting", "gray"),
    ImportState.RUNNING: ("Going on", "blue"),
    ImportState.FOLLOWING: ("Going on", "blue"),
    ImportState.DONE: ("Imported", "green"),
    ImportState.CANCELLED: ("Cancelled", "gray"),
    ImportState.FAILED: ("Failed", "red"),
    ImportState.UNDONE: ("Taken back", "orange"),
}
_SHOWN = 20
_WHOLE = "The file is imported as a whole, or not at all."
_MOVE_IN_STAYS = (
    "\n\nThis can’t be taken back: whoever had said no is not written to, suppressed addresses stay suppressed, "
    "and opens and clicks of the past stay on record."
)


def progress(page: Page, one: PastImport) -> None:
    """Draw how far an import is, and the button that cancels it."""
    st.markdown(f"**{plain(one.file_name)}** is being {'moved in' if one.moved_in_from else 'imported'}.")
    if one.state is ImportState.FOLLOWING:
        st.progress(1.0, text=f"Keeping what they did · {counted(one.done, 'open or click', 'opens and clicks')} so far")
        st.caption("Everybody is in. You can close this page; it goes on.")
        return
    words = f"{_STAGES.get(one.stage, 'Starting')} · {number(one.done)} of {number(one.total)} rows" if one.total else "Starting"
    left = _seconds_left(page, one)
    words += f" · about {max(1, round(left))} s left for this step" if left else ""
    st.progress(min(1.0, one.done / one.total) if one.total else 0.0, text=words)
    whole = "People come in as a whole, or not at all; then what they did." if one.moved_in_from else _WHOLE
    st.caption(f"You can close this page; it goes on. {whole}")
    if st.button("Cancel", key="import_cancel", icon=":material/close:"):
        with page.act("Cancelled. Nothing was imported."):
            page.services.imports.cancel(page.by, one.id)
            st.rerun()


def _seconds_left(page: Page, one: PastImport) -> float | None:
    """Return how long the rest of this step will take at the pace seen since it came on show; None while that can't be said."""
    now, step = page.services.clock.now(), (one.id, one.stage)
    seen, since, done = st.session_state.get("import_step", (None, now, 0))
    if seen != step:
        st.session_state["import_step"] = (step, now, one.done)
        return None
    passed, gained = (now - since).total_seconds(), one.done - done
    return passed / gained * (one.total - one.done) if gained > 0 and passed >= 1 else None


def outcome(page: Page, one: PastImport, start_over: Callable[[], None]) -> None:
    """Draw what became of an import, with its refused rows to download and, for the last one, the way back.

    Args:
        page: The page.
        one: The import.
        start_over: Begins another one.
    """
    _said(one)
    if one.state in {ImportState.DONE, ImportState.UNDONE}:
        cards = [
            Figure("Added", number(one.created)),
            Figure("Changed", number(one.updated)),
            Figure("Unchanged", number(one.unchanged)),
            Figure("Left out", number(one.refused)),
            Figure("Can’t be mailed", number(one.suppressed), help="Their address is suppressed, and stays so."),
        ]
        figures.draw(cards, key="import_done")
    actions(page, one, "Import another file", start_over)


def actions(page: Page, one: PastImport, again: str, start_over: Callable[[], None]) -> None:
    """Draw what can be done about an import that is over.

    Args:
        page: The page.
        one: The import.
        again: The words for beginning another one.
        start_over: Begins it.
    """
    st.caption(f"{plain(one.file_name)} · {counted(one.rows, 'row')} · {page.exactly(one.created_at)} · {_by_whom(page, one)}")
    with st.container(horizontal=True):
        st.button(again, key="import_again", on_click=start_over)
        if one.refused and one.state in {ImportState.DONE, ImportState.UNDONE}:
            refused = partial(page.services.imports.refused_rows, page.by, one.id)
            label = f"Download {counted(one.refused, 'left-out row')}"
            st.download_button(label, refused, "left-out-rows.csv", "text/csv", on_click="ignore", icon=":material/download:")
        if one.can_be_undone:
            st.button("Take it back", key="import_undo", icon=":material/undo:", on_click=dialogs.show, args=("undo_import",))
        if st.button("Show contacts", type="primary", key="import_show"):
            st.switch_page("pages/audience/contacts.py")
    ask_undo(page, one)


def ask_undo(page: Page, one: PastImport) -> None:
    """Ask before an import is taken back, and say what that did."""
    parts = [f"the {counted(one.created, 'person', 'people')} it added go again"] if one.created else []
    parts += [f"the {counted(one.updated, 'person', 'people')} it changed are as they were before"] if one.updated else []
    does = " and ".join(parts) or "it changed nobody, so nothing changes"
    body = f"{does[:1].upper()}{does[1:]}. Whoever was mailed, edited or agreed to something since stays as they are now."
    if one.moved_in_from:
        body += _MOVE_IN_STAYS
    elif one.updated or one.created:
        body += " Whoever the file said no for is still not written to."
    question = Question("Take this import back?", body, "Take it back")

    def undo() -> None:
        st.session_state["import_undone"] = page.services.imports.undo(page.by, one.id)

    dialogs.ask_first(page, question, undo, name="undo_import", success="The import was taken back.")


def _say_undone() -> None:
    """Say what taking back did, as long as that is known."""
    undone: Undone | None = st.session_state.pop("import_undone", None)
    words = "This import was taken back."
    if undone is not None:
        parts = [f"{counted(undone.removed, 'person is', 'people are')} gone again"] if undone.removed else []
        parts += [f"{counted(undone.restored, 'person is', 'people are')} as before"] if undone.restored else []
        words += f" {', '.join(parts)}." if parts else ""
        stay = undone.kept + undone.left
        words += f" {counted(stay, 'person stays', 'people stay')} as they are now, because something happened since." if stay else ""
    st.info(words, icon=":material/undo:")


def asked_for(page: Page) -> PastImport | None:
    """Return the import that the page's address names, None if it names none that is there."""
    wanted = st.query_params.get("import", "")
    try:
        return page.services.imports.get(page.by, int(wanted)) if wanted.isascii() and wanted.isdigit() and len(wanted) < 18 else None
    except NotFound:
        return None


def past(page: Page, known: list[PastImport], title: str = "Imports so far") -> None:
    """Draw the imports there were."""
    if not known:
        return
    st.markdown(f"### {title}")
    for one in known[:_SHOWN]:
        with st.container(border=True, horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            _row(page, one)


def _row(page: Page, one: PastImport) -> None:
    with st.container(gap="xsmall", width="stretch"):
        if st.button(f"**{plain(one.file_name) or 'A file'}**", type="tertiary", key=f"import_open_{one.id}", wrap=False):
            st.query_params["import"] = str(one.id)
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            words, colour = _STATES[one.state]
            st.badge(words, color=colour)
            who = f"{page.when(one.created_at)} · {_by_whom(page, one)}"
            st.caption(who, width="content", help=page.exactly(one.created_at))
    counts = f"{number(one.created)} added · {number(one.updated)} changed · {number(one.refused)} left out"
    st.markdown(f":small[{counts}]", width="content")


def _by_whom(page: Page, one: PastImport) -> str:
    return "by you" if one.imported_by == page.by.label else plain(one.importer or one.imported_by)


def _said(one: PastImport) -> None:
    people = one.created + one.updated + one.unchanged
    if one.state is ImportState.DONE:
        st.success(f"{counted(people, 'person is', 'people are')} on the list.", icon=":material/check_circle:")
        if one.error:
            st.warning(f"What people did in the past was not kept as a whole. {plain(one.error)}", icon=":material/history_toggle_off:")
    elif one.state is ImportState.FAILED:
        st.error(f"**Nothing was imported.** {plain(one.error)}", icon=":material/error:")
    elif one.state is ImportState.CANCELLED:
        st.info("This import was cancelled. Nothing was imported.", icon=":material/close:")
    elif one.state is ImportState.UNDONE:
        _say_undone()
