"""Moving in from another tool, as pages show it: where its export is, what it holds, what became of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.contacts.imports.files.folders import new_folder
from core.contacts.imports.importing import ImportState, PastImport
from core.contacts.move_in.kits.catalogue import recognise
from core.contacts.move_in.kits.kit import Said
from core.contacts.move_in.moving_in import MoveInPlan, MoveInResult
from core.ui import figures
from core.ui.audience import import_history
from core.ui.figures import Figure
from core.ui.page import Page
from core.ui.words import counted, number, plain

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

FILE = "pages/audience/move_in.py"
_WHERE = (
    ("Mailchimp", "Audience › All contacts › Export audience. Give us the ZIP as it is; the one of a whole account works too."),
    ("Klaviyo", "Audience › Lists & segments › a list › Manage list › Export list to CSV, with all columns."),
    ("Brevo", "Contacts › Export, with the blocklist columns."),
    ("listmonk", "Subscribers › Export."),
)
_SHOWN = 50
_NOS = (Said.UNSUBSCRIBED, Said.COMPLAINED, Said.BLOCKED)


@dataclass
class Draft:
    """An export that is being looked at; kept in the session.

    Args:
        file: Where it is on the disk.
        folder: The private folder it is in.
        file_name: What it is called.
        plan: What was found in it.
    """

    file: Path
    folder: Path
    file_name: str
    plan: MoveInPlan

    def discard(self) -> None:
        """Let go of the file."""
        shutil.rmtree(self.folder, ignore_errors=True)


def read(page: Page, file: UploadedFile) -> Draft | None:
    """Return an upload as a draft, None if it is from no tool we know; it goes to the disk in pieces.

    Raises:
        InvalidInput: If it can't be read; says what to do.
    """
    folder = new_folder(page.services.settings.uploads_dir)
    try:
        upload = folder / "export"
        with upload.open("wb") as out:
            shutil.copyfileobj(file, out, 1 << 20)
        plan = page.services.move_ins.look(page.by, upload, file.name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    if plan is None:
        shutil.rmtree(folder, ignore_errors=True)
        return None
    return Draft(upload, folder, file.name, plan)


def start(page: Page, draft: Draft, list_name: str) -> int:
    """Put the move-in of an export on record, and return the import's number; its file goes with it.

    Raises:
        StorageFull: If it can't be kept.
    """
    return page.services.move_ins.start(page.by, draft.file, draft.file_name, list_name=list_name, kit=draft.plan.kit)


def pointer(page: Page, columns: Sequence[str] = ()) -> None:
    """Point to moving in: quietly, or with the tool's name where a file has its columns.

    Args:
        page: The page.
        columns: The names in the heading of a file that is being imported; none before there is one.
    """
    if not page.sees_all_lists:
        return
    kit = recognise(columns) if columns else None
    if kit is not None:
        words = f"This looks like an export of {kit.label}. Moving in also takes over who had agreed and who had said no."
        st.info(words, icon=":material/move_to_inbox:")
    if kit is not None or not columns:
        st.page_link(FILE, label="Move in from another tool", icon=":material/move_to_inbox:")


def where_to_find() -> None:
    """Say where each tool has its export."""
    with st.expander("Where do I find the export?"):
        st.markdown("\n".join(f"- **{label}:** {words}" for label, words in _WHERE))


def forecast(plan: MoveInPlan, file_name: str) -> None:
    """Draw what an export holds.

    Args:
        plan: What was found in it.
        file_name: What it is called.
    """
    st.markdown(f"**{plain(file_name)}** looks like an export of **{plain(plan.label)}**. Nothing is changed yet.")
    said = plan.standings
    others = [one for one in said if one not in {Said.SUBSCRIBED, Said.BOUNCED, *_NOS}]
    cards = [
        Figure("Subscribed", number(said.get(Said.SUBSCRIBED, 0)), note="get your campaigns"),
        Figure("Said no", number(sum(said.get(one, 0) for one in _NOS)), note="stay unsubscribed"),
        Figure("Bounced", number(said.get(Said.BOUNCED, 0)), note="are suppressed"),
        Figure("Neither", number(sum(said[one] for one in others)), note="come in without consent" if Said.NOTHING not in said else ""),
        Figure("Opens and clicks", number(plan.past_events), note="count for the person, for no campaign"),
    ]
    figures.draw(cards, key="move_in_forecast")
    if Said.NOTHING in said:
        st.warning(
            "This export does not say who had agreed. Whoever is new counts as subscribed, as in any import.", icon=":material/info:"
        )


def outcome(page: Page, one: PastImport, result: MoveInResult, start_over: Callable[[], None]) -> None:
    """Draw what became of an export, by what is on record.

    Args:
        page: The page.
        one: The import.
        result: What became of it.
        start_over: Begins another one.
    """
    people = result.people.created + result.people.updated + result.people.unchanged
    st.success(f"{counted(people, 'person', 'people')} moved in from {plain(result.plan.label)}.", icon=":material/check_circle:")
    if one.error:
        words = "What people did in the past was not kept as a whole; moving the export in again keeps it, and changes nothing else."
        st.warning(f"{words} {plain(one.error)}", icon=":material/history_toggle_off:")
    cards = [
        Figure("Added", number(result.created)),
        Figure("Unsubscribed", number(result.nos.unsubscribed)),
        Figure("Suppressed", number(result.nos.suppressed)),
        Figure("Proven", number(result.proofs), help="Since when they had agreed, and from where, is on record for them."),
        Figure("Tags put on", number(result.tagged)),
        Figure("Opens and clicks", number(result.past_events), note="new ones appear within a minute"),
    ]
    figures.draw(cards, key="move_in_outcome")
    if rows := [{"Line": row.line, "Why": row.reason, "Address": row.email} for row in result.people.refused_rows[:_SHOWN]]:
        st.markdown(f"**{counted(result.people.refused, 'row was', 'rows were')} left out**")
        widths = {"Line": st.column_config.NumberColumn(width=60), "Why": st.column_config.TextColumn(width="large")}
        st.dataframe(rows, hide_index=True, column_config=widths, alt="Rows that can’t be imported and why")
    import_history.actions(page, one, "Move in another export", start_over)


def pointer_to(page: Page, one: PastImport) -> None:
    """Point from an import to what became of the export that it was."""
    if one.moved_in_from and one.state is ImportState.DONE and page.sees_all_lists:
        query = {"import": str(one.id)}
        st.page_link(FILE, label="What became of the export", icon=":material/move_to_inbox:", query_params=query)
