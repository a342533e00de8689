"""Moving in from another tool, as pages show it: where its export is, what it holds, what became of it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.contacts.kits.catalogue import recognise
from core.contacts.kits.kit import Said
from core.contacts.moving_in import MoveInPlan, MoveInResult
from core.ui import figures
from core.ui.figures import Figure
from core.ui.page import Page
from core.ui.words import number, plain

FILE = "pages/audience/move_in.py"
_WHERE = (
    ("Mailchimp", "Audience › All contacts › Export audience. Give us the ZIP as it is; the one of a whole account works too."),
    ("Klaviyo", "Audience › Lists & segments › a list › Manage list › Export list to CSV, with all columns."),
    ("Brevo", "Contacts › Export, with the blocklist columns."),
    ("listmonk", "Subscribers › Export."),
)
_NOS = (Said.UNSUBSCRIBED, Said.COMPLAINED, Said.BLOCKED)


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


def outcome(result: MoveInResult) -> None:
    """Draw what became of an export."""
    cards = [
        Figure("Added", number(result.created)),
        Figure("Unsubscribed", number(result.nos.unsubscribed)),
        Figure("Suppressed", number(result.nos.suppressed)),
        Figure("Opens and clicks", number(result.plan.past_events), note="new ones appear within a minute"),
        Figure("Left out", number(sum(one.refused for one in result.imports))),
    ]
    figures.draw(cards, key="move_in_outcome")
    if rows := [{"Line": row.line, "Why": row.reason, "Address": row.email} for one in result.imports for row in one.refused_rows[:50]]:
        st.dataframe(rows, hide_index=True, alt="Rows that can’t be imported and why")
