"""Campaigns in words and colours: their states, and the figures that reports, lists and the overview share."""

from __future__ import annotations

import streamlit as st

from core.analytics.models import Totals
from core.campaigns.states import CampaignState
from core.ui.figures import Figure, change, with_machines
from core.ui.words import number, percent

STATES: dict[CampaignState, tuple[str, str, str]] = {
    CampaignState.DRAFT: ("Draft", "edit", "gray"),
    CampaignState.SCHEDULED: ("Scheduled", "schedule", "blue"),
    CampaignState.SENDING: ("Sending", "send", "violet"),
    CampaignState.PAUSED: ("Paused", "pause", "orange"),
    CampaignState.SENT: ("Sent", "check", "green"),
    CampaignState.CANCELLED: ("Cancelled", "close", "gray"),
}


def badge(state: CampaignState) -> None:
    """Draw where a campaign is."""
    words, icon, colour = STATES[state]
    st.badge(words, icon=f":material/{icon}:", color=colour)  # type: ignore[arg-type]


def figures(now: Totals, before: Totals | None = None) -> list[Figure]:
    """Return the cards of what messages came to, people first.

    Args:
        now: What they came to.
        before: The same of the period before, where there is one to compare with.
    """
    was = before or Totals()
    opens_note = _note(percent(now.unique_opens, now.delivered), with_machines(now.unique_opens, now.unique_opens_with_machines))
    clicks_note = _note(percent(now.unique_clicks, now.delivered), with_machines(now.unique_clicks, now.unique_clicks_with_machines))
    return [
        Figure("Delivered", number(now.delivered), f"of {number(now.sent)} sent", change(now.delivered, was.delivered), _DELIVERED),
        Figure("Unique opens", number(now.unique_opens), opens_note, change(now.unique_opens, was.unique_opens), _OPENS),
        Figure("Unique clicks", number(now.unique_clicks), clicks_note, change(now.unique_clicks, was.unique_clicks), _CLICKS),
        Figure("Click-to-open", percent(now.unique_clicks, now.unique_opens), "clicks of opens", _points(now, was), _CLICK_TO_OPEN),
        Figure(
            "Unsubscribes",
            number(now.unsubscribes),
            _note(percent(now.unsubscribes, now.delivered)),
            change(now.unsubscribes, was.unsubscribes),
            "People who unsubscribed after one of these emails.",
            less_is_better=True,
        ),
    ]


def beside(when: str, totals: Totals) -> str:
    """Return the quieter line of a campaign's row: when it left, and what opens and clicks are with machines where they add any.

    Args:
        when: When it left, in words.
        totals: What it came to.
    """
    opens, clicks = totals.unique_opens_with_machines, totals.unique_clicks_with_machines
    added = [
        f"{number(opens)} opened" if opens > totals.unique_opens else "",
        f"{number(clicks)} clicked" if clicks > totals.unique_clicks else "",
    ]
    words = " and ".join(filter(None, added))
    return f"{when} · {words} incl. machines" if words else when


_DELIVERED = "Taken by the provider and not bounced."
_OPENS = "Different people who opened, each counted once per campaign. Machines that prefetch pictures are left out."
_CLICKS = "Different people who clicked, each counted once per campaign. Link scanners are left out."
_CLICK_TO_OPEN = "Of the people who opened, how many clicked."


def _note(share: str, machines: str = "") -> str:
    """Return the quieter line: the share of the delivered, and what machines add."""
    words = share if share.startswith("not") else f"{share} of delivered"
    return "  \n".join(filter(None, [words, machines]))


def _points(now: Totals, was: Totals) -> float | None:
    return change(now.click_to_open, was.click_to_open) if now.click_to_open is not None and was.click_to_open else None
