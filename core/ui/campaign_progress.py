"""A campaign on its way: how many have left, how fast, and how long the rest will take."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import streamlit as st

from core.campaigns.models import Campaign
from core.campaigns.states import CampaignState
from core.messages.states import OPEN_STATES, MessageState
from core.ui.page import Page
from core.ui.words import counted, number, plain

EVERY = 1.5
PATIENCE = timedelta(seconds=20)
WAITING = ":orange[Nothing has left yet. Is the worker running? `postwright up` starts it; nothing is lost meanwhile.]"
HELD_UP = (
    "**Nothing can leave at the moment:** {} Nothing is lost: it is tried again by itself every minute or so. "
    "If its settings are wrong, correct the connection under Admin › Connections."
)

STATES = {
    MessageState.SKIPPED: "left out (unsubscribed, suppressed or not confirmed)",
    MessageState.REFUSED: "refused by the provider",
    MessageState.RETRY: "to be tried again",
    MessageState.UNCERTAIN: "uncertain: no answer, so never sent twice",
    MessageState.BOUNCED: "bounced",
    MessageState.CANCELLED: "cancelled",
}


def follow(page: Page, campaign: Campaign) -> None:
    """Draw the progress, by itself anew while it is being sent; once that changes, the page is drawn anew."""

    def body() -> None:
        now = page.services.campaigns.get(page.by, campaign.id)
        if now.state is not campaign.state:
            st.rerun()
        _draw(page, now, page.services.ledger.counts(page.by, campaign.id))

    st.fragment(run_every=EVERY if campaign.state is CampaignState.SENDING else None)(body)()


def words(done: int, total: int, per_second: float | None) -> str:
    """Return how far it is: "12,000 of 42,694 · 310 a second · about 2 min left".

    Args:
        done: Messages that are settled.
        total: All messages.
        per_second: The pace, or None while it can't be told.
    """
    parts = [f"{number(done)} of {number(total)}"]
    if per_second and done < total:
        seconds = (total - done) / per_second
        left = f"{round(seconds / 60)} min" if seconds >= 90 else f"{max(1, round(seconds))} s"
        parts += [f"{number(max(1, per_second))} a second", f"about {left} left"]
    return " · ".join(parts)


def _draw(page: Page, campaign: Campaign, counts: Mapping[MessageState, int]) -> None:
    total = sum(counts.values())
    done = total - sum(counts.get(state, 0) for state in OPEN_STATES)
    pace = _pace(campaign.id, done, page.services.clock.now()) if campaign.state is CampaignState.SENDING else None
    with st.container(border=True):
        if campaign.state in (CampaignState.SENT, CampaignState.CANCELLED):
            st.markdown(f"**{counted(total, 'email')}**, all settled {page.when(campaign.finished_at)}.")
        else:
            st.progress(done / total if total else 1.0, text=words(done, total, pace))
        if campaign.state is CampaignState.PAUSED:
            st.caption("Paused. Nothing leaves until you resume.")
        elif campaign.state is CampaignState.SENDING:
            if campaign.stopped_reason:
                st.warning(HELD_UP.format(plain(campaign.stopped_reason)), icon=":material/hourglass_empty:")
                return
            waits = not done and campaign.launched_at and page.services.clock.now() - campaign.launched_at > PATIENCE
            st.caption(WAITING if waits else "You can close this page; sending goes on.")
        told = [f"{number(counts[state])} {words_of}" for state, words_of in STATES.items() if counts.get(state)]
        if told:
            st.caption(" · ".join(told))


def _pace(campaign_id: int, done: int, now: datetime) -> float | None:
    """Return messages a second since somebody began to watch."""
    first_done, since = st.session_state.setdefault(f"_pace_{campaign_id}", (done, now))
    seconds = (now - since).total_seconds()
    return (done - first_done) / seconds if seconds >= 1 and done > first_done else None
