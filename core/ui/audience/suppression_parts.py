"""Suppressed addresses on the page: what each reason is called, adding one or many, lifting one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from core.contacts.pasted import Pasted
from core.contacts.suppression.suppression import Suppression, SuppressionReason
from core.ui import dialogs
from core.ui.dialogs import Question
from core.ui.page import Page
from core.ui.words import counted, number, plain

REASONS: Mapping[SuppressionReason, tuple[str, str]] = {
    SuppressionReason.HARD_BOUNCE: ("Address does not exist", "red"),
    SuppressionReason.SOFT_BOUNCE: ("Mailbox out of reach for long", "orange"),
    SuppressionReason.COMPLAINT: ("Marked as spam", "red"),
    SuppressionReason.MANUAL: ("Added by hand", "gray"),
    SuppressionReason.ERASED: ("Asked to be forgotten", "violet"),
}


def draw(page: Page, one: Suppression, *, may_lift: bool) -> None:
    """Draw a suppressed address: since when, why, and what led to it."""
    look: dict[str, Any] = {"horizontal": True, "horizontal_alignment": "distribute", "vertical_alignment": "center"}
    with st.container(border=True, key=f"suppressed_{one.id}_{one.is_everywhere}", **look):
        with st.container(gap=None, width="content"):
            st.markdown(f"**{plain(one.email)}**" if one.email else "*An erased address, kept as a hash only*")
            since = page.when(one.created_at) + (f" · {plain(one.source)}" if one.source else "")
            st.caption(since, help=page.exactly(one.created_at))
        with st.container(horizontal=True, width="content", vertical_alignment="center"):
            words, colour = REASONS[one.reason]
            st.badge(words, color=colour)  # type: ignore[arg-type]
            if may_lift and one.email:
                st.button("Lift", key=f"lift_{one.email}", type="tertiary", on_click=dialogs.show, args=("lift", one))


def lift(page: Page, one: Suppression) -> None:
    """Ask before an address is let be written to again."""
    who = "Every workspace" if one.is_everywhere else "Campaigns"
    body = f"{who} can reach {plain(one.email)} again, as far as the person agreed to it."
    if one.reason is SuppressionReason.COMPLAINT:
        body += " **They marked an email of yours as spam**; writing again can harm everything you send."
    service = page.services.suppressed_everywhere if one.is_everywhere else page.services.suppressions
    question = Question("Lift this suppression?", body, "Lift suppression")
    dialogs.ask_first(page, question, partial(service.remove, page.by, one.email), name="lift", success="Lifted.")


def add_one(page: Page) -> None:
    """Draw the form that suppresses one address."""
    with st.form("suppress_form", border=False):
        email = st.text_input("Email address", key="suppress_email", placeholder="name@example.com")
        if st.form_submit_button("Suppress address", type="primary"):
            with page.act("Suppressed."):
                page.services.suppressions.add(page.by, email or "", SuppressionReason.MANUAL, "by hand")
                dialogs.done()


def add_many(page: Page, *, everywhere: bool) -> None:
    """Draw the form that suppresses a pasted list or a file, for this workspace or for all."""
    where = "everywhere, in all workspaces" if everywhere else "in this workspace"
    with st.form("suppress_many_form", border=False):
        st.caption(f"One address a line, or a CSV whose first column they are. They are suppressed {where}.")
        typed = st.text_area("Addresses", key="suppress_text", placeholder="name@example.com", height=160)
        file = st.file_uploader("Or a file", ["csv", "txt"], key="suppress_file")
        source = st.text_input("Where they come from", key="suppress_source", placeholder="Suppression list of our old tool")
        if st.form_submit_button("Suppress addresses", type="primary"):
            with page.act():
                text = file.getvalue().decode("utf-8-sig", "replace") if file else typed or ""
                service = page.services.suppressed_everywhere if everywhere else page.services.suppressions
                _tell(service.add_all(page.by, text, source or "by hand"))


def _tell(pasted: Pasted) -> None:
    known = len(pasted.addresses) - pasted.added
    st.success(f"{counted(pasted.added, 'address', 'addresses')} suppressed, {number(known)} were already.")
    if pasted.refused:
        st.warning(f"{counted(pasted.refused_count, 'line', 'lines')} can’t be used.")
        st.table({f"Line {line}": why for line, why in pasted.refused[:8]}, border="horizontal", alt="Lines that can’t be used")
