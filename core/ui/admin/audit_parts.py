"""The parts of the audit log's page: an entry as a card, its details, and whether the chain is whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby
from zoneinfo import ZoneInfo

import streamlit as st

from core.audit.log import AuditEntry
from core.audit.verifying import Verdict
from core.ui import background, dialogs
from core.ui.admin.audit_words import came_with, changes, icon, sentence
from core.ui.page import Page
from core.ui.parts import problem
from core.ui.words import counted, number, plain

# Up to here a check is done before anybody could look at a progress bar.
AT_ONCE = 20_000
SHOWN_FLAWS = 10


@dataclass(frozen=True)
class Checked:
    """What a check found, and when."""

    verdict: Verdict
    at: datetime


def entries(page: Page, rows: Sequence[AuditEntry]) -> None:
    """Draw entries as cards under the days they happened on, newest first."""
    for day, on_it in groupby(rows, lambda entry: _day(page, entry.at)):
        st.markdown(f":gray[:small[{day}]]")
        with st.container(gap="xsmall"):
            for entry in on_it:
                _card(page, entry)


def details(page: Page, entry: AuditEntry) -> None:
    """Draw everything an entry tells."""
    st.markdown(f"{icon(entry)} {sentence(entry)}")
    facts = {
        "When": page.exactly(entry.at),
        "Who": f"{entry.actor_name} ({entry.actor})" if entry.actor_name != entry.actor else entry.actor,
        "From": entry.origin or "not known",
        "With": came_with(entry) or "not known",
        "What": str(entry.action),
        "To what": f"{entry.target_name} ({entry.target})" if entry.target_name else entry.target,
    }
    st.markdown("\n".join(f"- :gray[{name}:] {plain(value)}" for name, value in facts.items()))
    if rows := changes(entry):
        st.dataframe(rows, hide_index=True, height="content", alt="What was before and what is after")
    st.caption(f"Entry {number(entry.sequence)} of the chain. Its hash ties the next one to it:")
    st.code(entry.hash, language=None, wrap_lines=True)


def chain(page: Page, total: int) -> None:
    """Draw whether the chain is whole: nothing is claimed before somebody asked.

    Args:
        page: The page.
        total: About how many entries there are.
    """
    name = f"audit:{page.by.workspace_id}"
    work = background.find(name)
    if work and not work.finished:
        _follow(name)
        return
    if work and work.error:
        problem(work.error)
    checked: Checked | None = work.result if work else None
    with st.container(border=True, horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="chain"):
        with st.container(width="stretch", gap=None):
            _state(page, checked)
        if st.button("Check again" if checked else "Check", icon=":material/verified_user:", key="check_chain"):
            _begin(page, name, total)
            st.rerun()
    if checked and not checked.verdict.is_whole:
        _flaws(checked.verdict)


def _begin(page: Page, name: str, total: int) -> None:
    background.forget(name)
    by, clock, audit = page.by, page.services.clock, page.services.audit
    work = background.start(name, lambda told: Checked(audit.check(by, told), clock.now()), clock.now())
    if total <= AT_ONCE and work.thread:
        work.thread.join()


def _follow(name: str) -> None:
    st.fragment(run_every=0.7)(partial(_progress, name))()


def _progress(name: str) -> None:
    work = background.find(name)
    if work is None or work.finished:
        st.rerun()
    share = min(1.0, work.done / work.total) if work.total else 0.0
    st.progress(share, text=f"{number(work.done)} of {counted(work.total, 'entry', 'entries')} checked")


def _state(page: Page, checked: Checked | None) -> None:
    if checked is None:
        st.markdown(":gray[:material/link:] Every entry is tied to the one before it, so a change made behind its back shows.")
        return
    verdict, found = checked.verdict, f"Checked {page.when(checked.at)}: {counted(checked.verdict.entries, 'entry', 'entries')}"
    if verdict.is_whole:
        st.markdown(f":green[:material/check_circle:] **{found}, unbroken**")
    else:
        st.markdown(f":red[:material/error:] **{found}, and the chain is broken**")
        return
    notes = []
    if verdict.unsealed:
        waiting = counted(verdict.unsealed, "entry waits", "entries wait")
        notes.append(f"The newest {waiting} for the seal that the worker puts on every minute.")
    if verdict.late:
        notes.append(
            f"{counted(verdict.late, 'entry was', 'entries were')} sealed more than a day late: "
            "the worker did not run then, or seals were taken away."
        )
    if notes:
        st.caption(" ".join(notes))


def _flaws(verdict: Verdict) -> None:
    shown = [f"- {flaw.words}" for flaw in verdict.flaws[:SHOWN_FLAWS]]
    if len(verdict.flaws) > SHOWN_FLAWS:
        shown.append("- and more: `postwright audit verify` lists them")
    st.error("Somebody changed the log in the database. Find out who can write it.\n" + "\n".join(shown), icon=":material/gpp_bad:")


def _card(page: Page, entry: AuditEntry) -> None:
    look = {"horizontal": True, "horizontal_alignment": "distribute", "vertical_alignment": "center"}
    with st.container(border=True, key=f"entry_{entry.sequence}", **look):  # type: ignore[arg-type]
        with st.container(gap=None, width="stretch"):
            st.markdown(f"{icon(entry)} {sentence(entry)}")
            parts = [page.when(entry.at), f"from {plain(entry.origin)}" if entry.origin else "", came_with(entry)]
            st.caption(" · ".join(filter(None, parts)), help=page.exactly(entry.at), width="content")
        look = {"icon": ":material/chevron_right:", "icon_position": "right", "type": "tertiary"}
        st.button("Details", key=f"show_{entry.sequence}", on_click=dialogs.show, args=("entry", entry), **look)  # type: ignore[arg-type]


def _day(page: Page, at: datetime) -> str:
    zone = ZoneInfo(page.workspace.timezone)
    day, today = at.astimezone(zone).date(), page.services.clock.now().astimezone(zone).date()
    return {0: "Today", 1: "Yesterday"}.get((today - day).days, f"{day.day} {day:%B %Y}")
