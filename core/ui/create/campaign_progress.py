"""A campaign on its way: how many have left, how fast, how long the rest will take, and what waits for what."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from core.campaigns.models import Campaign
from core.campaigns.states import CampaignState
from core.messages.fates import Fate, by_fate
from core.messages.standings import PATIENCE, Standing
from core.permissions import Permission
from core.ui import figures
from core.ui.figures import Figure
from core.ui.measure import fate_words
from core.ui.page import Page
from core.ui.words import counted, number, percent, plain

# What was on its way when somebody paused still comes to its outcome.
_EVERY = {CampaignState.SENDING: 1.5, CampaignState.PAUSED: 3.0}
WAITING = ":orange[Nothing has left yet. Is the worker running? `postwright up` starts it; nothing is lost meanwhile.]"
HELD_UP = (
    "**Nothing can leave at the moment:** {} Nothing is lost, and it goes on by itself as soon as it can. "
    "What is wrong or set too low is corrected under Admin › Connections."
)
STOPPED = (
    "**Paused, because nothing can leave before somebody has looked:** {} Nothing is lost, everybody still waits. "
    "Correct the connection under Admin › Connections, then resume here."
)
_OVER = (CampaignState.SENT, CampaignState.CANCELLED)
# As long as something waits these two are always there, so that the cards keep their places while the figures move.
_ALWAYS = (Fate.RECEIVED, Fate.WAITING)


def follow(page: Page, campaign: Campaign) -> None:
    """Draw the progress, by itself anew while it is being sent; once that changes, the page is drawn anew."""

    def body() -> None:
        now = page.services.campaigns.get(page.by, campaign.id)
        if now.state is not campaign.state:
            st.rerun()
        _draw(page, now, page.services.standings.now(page.by, campaign.id, after=now.finished_at))

    st.fragment(run_every=_EVERY.get(campaign.state))(body)()


def words(standing: Standing, *, moves: bool = True) -> str:
    """Return how far it is: "12,000 of 42,694 · 310 a second · about 2 min left".

    Args:
        standing: How it stands.
        moves: Whether it is being sent; what is paused has neither a pace nor an end.
    """
    parts = [f"{number(standing.settled)} of {number(standing.total)}"]
    if not moves:
        return parts[0]
    if standing.open and standing.rate and standing.rate.left_per_second > 0:
        pace = standing.rate.left_per_second
        parts.append(f"{number(pace)} a second" if pace >= 1 else f"{number(max(1, 60 * pace))} a minute")
    if standing.seconds_left is not None:
        parts.append(f"about {_span(standing.seconds_left)} left")
    return " · ".join(parts)


def _draw(page: Page, campaign: Campaign, standing: Standing) -> None:
    with st.container(border=True, key="progress"):
        if campaign.state in _OVER:
            st.markdown(f"**{counted(standing.total, 'email')}**, all settled {page.when(campaign.finished_at)}.")
        else:
            st.progress(
                standing.settled / standing.total if standing.total else 1.0,
                text=words(standing, moves=campaign.state is CampaignState.SENDING),
            )
        if campaign.state is CampaignState.SENDING and campaign.stopped_reason:
            st.warning(HELD_UP.format(plain(campaign.stopped_reason)), icon=":material/hourglass_empty:")
            _to_connections(page)
        if campaign.state is CampaignState.PAUSED and campaign.stopped_reason:
            st.error(STOPPED.format(plain(campaign.stopped_reason)), icon=":material/key_off:")
            _to_connections(page)
        if told := " ".join(_told(page, campaign, standing)):
            st.caption(told)
    if standing.total:
        figures.draw(_cards(standing), key="fates")


def _to_connections(page: Page) -> None:
    if page.may(Permission.CONNECTIONS_MANAGE):
        st.page_link("pages/admin/connections.py", label="Connections", icon=":material/arrow_forward:")
    else:
        st.caption("Somebody who may manage connections can do that, an admin for example.")


def _told(page: Page, campaign: Campaign, standing: Standing) -> Iterator[str]:
    """Yield what there is to say about where it is, a sentence each."""
    if campaign.state is CampaignState.PAUSED and not campaign.stopped_reason:
        yield "Paused. Nothing leaves until you resume."
    elif campaign.state is CampaignState.SENDING and not campaign.stopped_reason:
        waits = campaign.launched_at and page.services.clock.now() - campaign.launched_at > PATIENCE
        asleep = not standing.settled and standing.has_overdue
        yield WAITING if waits and asleep else "You can close this page; sending goes on."
    if campaign.state is CampaignState.SENDING:
        yield from _waits(page, standing)


def _waits(page: Page, standing: Standing) -> Iterator[str]:
    if standing.retrying:
        yield f"{counted(standing.retrying, 'email is', 'emails are')} tried again, the first {_time(page, standing.next_try)}."
    if standing.put_off:
        yield f"{counted(standing.put_off, 'email waits', 'emails wait')} for their time, the first {_time(page, standing.next_turn)}."


def _time(page: Page, moment: object) -> str:
    when = page.when(moment)  # type: ignore[arg-type]
    return when if when.startswith("in ") else "in a moment"


def _cards(standing: Standing) -> list[Figure]:
    told = by_fate(standing.counts)
    shown = [fate for fate in Fate if told.get(fate) or (standing.open and fate in _ALWAYS)]
    return [_card(fate, told.get(fate, 0), standing.total) for fate in shown]


def _card(fate: Fate, count: int, total: int) -> Figure:
    share = percent(count, total)
    note = "" if not share[0].isdigit() else "under 0.1 %" if share.startswith("0.0") and count else f"{share} of {number(total)}"
    return Figure(fate_words.NAMES[fate], number(count), note, help=fate_words.MEANINGS[fate])


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{round(minutes / 60)} h"
