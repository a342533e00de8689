"""Everybody a campaign was for: who got it, who did not, and why; and the same as a file."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.campaigns.states import CampaignState
from core.messages.fates import Fate
from core.messages.recipients import RecipientPage
from core.permissions import Permission, Principal
from core.ui import looking_again, paging
from core.ui.create import campaign_missing, campaign_words
from core.ui.measure import fate_words, who_got_it
from core.ui.page import open_page
from core.ui.parts import empty_state
from core.ui.targets import find
from core.ui.words import number, plain

BACK = ("Campaigns", "pages/create/campaigns.py")
CAMPAIGN = "pages/create/campaign.py"
REPORT = "pages/measure/campaign_report.py"
EVERYBODY = "all"
ANY_REASON = "Any reason"
NOT_FOR = "This campaign is not for anybody with this address, or you can’t see them."

page = open_page("Who got it", needs=Permission.CAMPAIGNS_VIEW, back=BACK)
campaign = find(page, page.services.campaigns.get, what="campaign", back=BACK)
recipients, state = page.services.recipients, st.session_state


def people() -> None:
    told = recipients.fates(page.by, campaign.id)
    fate = choose_fate(told)
    with st.container(horizontal=True, vertical_alignment="bottom", key="people_filters"):
        look = {"label_visibility": "collapsed"}
        address = st.text_input("Address", type="search", placeholder="Find an address", key="people_address", width=260, **look)
        reason = choose_reason(fate) if fate in who_got_it.WITH_REASONS else ""
        if page.may(Permission.CONTACTS_EXPORT):
            name, icon = f"campaign-{campaign.id}-{fate or 'everybody'}.csv", ":material/download:"
            st.download_button("CSV", partial(as_csv, page.by, fate), name, "text/csv", icon=icon, key="people_csv", on_click="ignore")
    if fate:
        more = campaign_missing.policy(page, campaign) if fate is Fate.UNCERTAIN else fate_words.MEANINGS[fate]
        st.caption(more)
    show(fate, reason, (address or "").strip())


def choose_fate(told: dict[Fate, int]) -> Fate | None:
    names = {EVERYBODY: f"Everybody {number(sum(told.values()))}", **who_got_it.labels(told)}
    if state.setdefault("people_fate", st.query_params.get("fate", EVERYBODY)) not in names:  # nobody has this fate (any more)
        state["people_fate"] = EVERYBODY
    look = {"label_visibility": "collapsed", "format_func": names.get}
    chosen = st.pills("Outcome", list(names), required=True, key="people_fate", **look)
    st.query_params["fate"] = str(chosen)
    fate = None if chosen in (None, EVERYBODY) else Fate(chosen)
    if state.get("people_of") != fate:  # others begin at their first page
        state["people_of"] = fate
        state.pop("people_page", None)
        state.pop("people_reason", None)
    return fate


def choose_reason(fate: Fate | None) -> str:
    if fate is None:
        return ""
    found = recipients.reasons(page.by, campaign.id, fate)
    names = {reason: f"{number(count)} · {fate_words.why(fate, reason)}" for reason, count in found.items()}
    if len(names) < 2:
        return ""
    chosen = st.selectbox(
        "Reason",
        [ANY_REASON, *names],
        format_func=lambda key: names.get(key, ANY_REASON),
        key="people_reason",
        width=420,
        label_visibility="collapsed",
    )
    return "" if chosen == ANY_REASON else str(chosen)


def show(fate: Fate | None, reason: str, address: str) -> None:
    if address:
        one = recipients.find(page.by, campaign.id, address)
        if one is None:
            st.info(NOT_FOR, icon=":material/search_off:")
        else:
            who_got_it.table(page, [one])
        return
    found: RecipientPage = paging.read(partial(some, fate, reason), key="people_page")
    who_got_it.table(page, found.rows, fate)
    paging.choose(found.total, key="people_page", what=("person", "people"))


def some(fate: Fate | None, reason: str, limit: int, offset: int) -> RecipientPage:
    return recipients.page(page.by, campaign.id, fate, reason, limit=limit, offset=offset)


def as_csv(by: Principal, fate: Fate | None) -> bytes:
    return "".join(recipients.stream_csv(by, campaign.id, fate)).encode()


page.title(campaign.name)
with st.container(horizontal=True, vertical_alignment="center"):
    campaign_words.badge(campaign.state)
    st.caption(f"“{plain(campaign.subject)}”", width="content")
    st.page_link(CAMPAIGN, label="Show campaign", query_params={"id": str(campaign.id)})
    if page.may(Permission.REPORTS_VIEW):
        st.page_link(REPORT, label="Show report", query_params={"id": str(campaign.id)})
if campaign.launched_at is None:
    if empty_state("group", "Not sent yet", "Here stands who got it, once it is launched.", "Go to the campaign"):
        st.switch_page(CAMPAIGN, query_params={"id": str(campaign.id)})
else:
    looking_again.follow(people, f"people_{campaign.id}", 5 if campaign.state is CampaignState.SENDING else None)
