"""Who has not got a campaign, and the button that sends it to them: what is known, what is asked, and what it costs to guess."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Literal

import streamlit as st

from core.campaigns.models import Campaign
from core.campaigns.states import CampaignState
from core.jobs import doorbell
from core.messages.fates import Fate
from core.messages.missing import Choice, Missing
from core.permissions import Permission
from core.ui import dialogs, looking_again
from core.ui.measure import fate_words
from core.ui.page import Page
from core.ui.words import counted, number, plain

PEOPLE = "pages/measure/campaign_people.py"
# Providers report within hours; what they have said nothing about for this long, they say nothing about any more.
HEARD_WITHIN = timedelta(days=3)
_SHOWN = 8
_EVERY = 5  # seconds: counting takes longer than the figures above, which move faster


def follow(page: Page, campaign: Campaign) -> None:
    """Draw who is missing and what can be done, by itself anew while the campaign is being sent."""
    every = _EVERY if campaign.state is CampaignState.SENDING else None
    looking_again.follow(partial(_draw, page, campaign), f"missing_{campaign.id}", every)


def _draw(page: Page, campaign: Campaign) -> None:
    found = page.services.again.missing(page.by, campaign.id)
    may_send = page.may(Permission.CAMPAIGNS_SEND)
    over = campaign.state in (CampaignState.SENT, CampaignState.CANCELLED)
    if found.surely:
        with st.container(border=True, key="missing"):
            st.markdown(f"#### {counted(found.surely, 'person has', 'people have')} not got it", anchors=False)
            st.markdown("\n".join(f"- {line}" for line in _lines(found)))
            if found.barred:
                st.caption(_barred(found.barred))
            if may_send:
                label, icon = f"Send to the missing {number(found.surely)}", ":material/forward_to_inbox:"
                kind: Literal["primary", "secondary"] = "primary" if over else "secondary"
                if st.button(label, icon=icon, key="send_missing", type=kind):
                    _ask(campaign)
    if found.uncertain:
        _uncertain(page, campaign, found.uncertain)
    offers_joined = over and may_send and not found.surely and page.may(Permission.CONTACTS_VIEW)
    if offers_joined and st.button("Send to people who joined since…", key="send_missing", type="tertiary"):
        _ask(campaign)


def ask(page: Page, campaign: Campaign) -> None:
    """Draw the question who of the missing gets it, if it was opened."""
    is_open, which = dialogs.opened("missing")
    if is_open and which == campaign.id:
        dialogs.dialog("missing", "Send to the missing", partial(_question, page, campaign), width="medium")


def _ask(campaign: Campaign) -> None:
    dialogs.show("missing", campaign.id)
    st.rerun()  # of the whole page, which draws the dialog


def _lines(found: Missing) -> Iterator[str]:
    if found.cancelled:
        yield f"{number(found.cancelled)} had not left when the campaign was cancelled"
    for reason, count in found.skipped.items():
        yield f"{number(count)} left out, because {fate_words.why(Fate.SKIPPED, reason)}; that is over"
    for reason, count in list(found.refused.items())[:_SHOWN]:
        yield f"{number(count)} refused: {plain(reason) or 'no reason given'}"
    rest = list(found.refused.values())[_SHOWN:]
    if rest:
        yield f"{number(sum(rest))} refused for {counted(len(rest), 'other reason')}"


def _barred(count: int) -> str:
    return f"{counted(count, 'other', 'others')} can’t get it: unsubscribed, suppressed, deleted or held out, or their address is no good."


def _uncertain(page: Page, campaign: Campaign, count: int) -> None:
    with st.container(border=True, key="uncertain"):
        st.markdown(f"#### {number(count)} uncertain", anchors=False)
        st.markdown(policy(page, campaign))
        query = {"id": str(campaign.id), "fate": Fate.UNCERTAIN.value}
        st.page_link(PEOPLE, label="Show who", icon=":material/list:", query_params=query)


def policy(page: Page, campaign: Campaign) -> str:
    """Return in plain words what happens to messages of which nobody knows whether they arrived."""
    begun = "They were handed over and no answer came. They may have arrived, so they are never sent again by themselves."
    until = campaign.finished_at + HEARD_WITHIN if campaign.finished_at else None
    if until is not None and until <= page.services.clock.now():
        days = HEARD_WITHIN.days
        return f"{begun} Nothing was heard of them for {days} days, so nothing more is expected: they stay on record as uncertain."
    when = f" until {page.exactly(until)}" if until else ""
    return f"{begun} A report from the provider, an open or a click settles them; that is waited for{when}."


def _question(page: Page, campaign: Campaign) -> None:
    found = page.services.again.missing(page.by, campaign.id)
    joined = _joined(page, campaign)
    chosen, total = _choose(found, joined)
    sure = True
    if chosen.uncertain:
        sure = st.checkbox(f"Yes, up to {counted(found.uncertain, 'person', 'people')} may get it twice", key="missing_twice")
    st.caption("Who unsubscribed or is suppressed is left out. Nobody who got it gets it again.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button("Go back", key="missing_no", on_click=dialogs.hide)
        label = f"Send to {counted(total, 'person', 'people')} now"
        pressed = st.button(label, type="primary", key="missing_yes", disabled=not total or not sure)
    if pressed:
        with page.act("On its way."):
            page.services.again.send(page.by, campaign.id, chosen)
            doorbell.ring(campaign.id, page.services.settings)
            dialogs.done()
    if not dialogs.opened("missing")[0]:
        st.rerun()


def _choose(found: Missing, joined: int) -> tuple[Choice, int]:
    """Draw who can be chosen; return who is, and how many that is."""
    picks = [("cancelled", found.cancelled, "whose email was cancelled", True)]
    picks += [("skipped", sum(found.skipped.values()), "who were left out and may be mailed now", True)]
    picks += [("joined", joined, "who came into the audience since the launch", not found.surely)]
    yes = {key: count and st.checkbox(f"{number(count)} {what}", value=on, key=f"missing_{key}") for key, count, what, on in picks if count}
    refused = [
        reason
        for at, (reason, count) in enumerate(found.refused.items())
        if st.checkbox(f"{number(count)} refused: {plain(reason) or 'no reason given'}", value=True, key=f"missing_refused_{at}")
    ]
    uncertain = bool(found.uncertain) and st.checkbox(
        f"{number(found.uncertain)} uncertain: nobody knows whether they got it", value=False, key="missing_uncertain"
    )
    total = sum(count for key, count, *_ in picks if yes.get(key)) + sum(found.refused[reason] for reason in refused)
    chosen = Choice(bool(yes.get("cancelled")), bool(yes.get("skipped")), tuple(refused), bool(yes.get("joined")), uncertain)
    return chosen, total + (found.uncertain if uncertain else 0)


def _joined(page: Page, campaign: Campaign) -> int:
    """Return how many have come into the audience since, asked once while the question is open: a segment takes a while."""
    if not page.may(Permission.CONTACTS_VIEW) or (campaign.audience.kind == "segment" and not page.may(Permission.SEGMENTS_VIEW)):
        return 0
    key = f"_joined_{campaign.id}"
    known, at = st.session_state.get(key, (0, None))
    now = page.services.clock.now()
    if at is None or now - at > timedelta(minutes=1):
        with st.spinner("Looking who joined since"):
            known, at = page.services.again.joined(page.by, campaign.id), now
        st.session_state[key] = (known, at)
    return int(known)
