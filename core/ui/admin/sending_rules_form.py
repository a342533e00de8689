"""The workspace's rules for all campaigns: quiet hours, and how many emails a person gets at most."""

from __future__ import annotations

import streamlit as st

from core.sending_rules import MOST_DAYS, MOST_MESSAGES, Cap, SendingRules
from core.ui.create import hours_input
from core.ui.page import Page
from core.ui.words import plain


def draw(page: Page) -> None:
    """Draw the rules and keep what is changed."""
    known = page.workspace.sending_rules
    with st.container(border=True, width=640):
        st.markdown("**When and how often people get campaigns**")
        st.caption(f"By each person’s own clock: their attribute `time_zone`, else {plain(page.workspace.timezone)}.")
        with page.act():
            rules = SendingRules(hours_input.quiet(known.quiet, "quiet"), _cap(known.cap))
            if st.button("Save rules", key="rules_save", disabled=rules == known):
                page.services.workspaces.update(page.by, sending_rules=rules)
                st.rerun()


def _cap(known: Cap | None) -> Cap | None:
    tip = "Counted over all campaigns. Who has had as many is left out; a campaign that is important goes out all the same."
    if not st.toggle("Limit how many campaigns a person gets", known is not None, key="cap_on", help=tip):
        return None
    shown = known or Cap(3, 7)
    left, right = st.columns(2)
    messages = left.number_input("At most, emails", 1, MOST_MESSAGES, shown.messages, key="cap_messages")
    days = right.number_input("Within, days", 1, MOST_DAYS, shown.days, key="cap_days")
    return Cap(int(messages), int(days))
