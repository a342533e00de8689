"""Campaigns: every email you wrote, from draft to sent."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.campaigns.models import Campaign
from core.campaigns.states import CampaignState
from core.permissions import Permission
from core.ui import dialogs, paging, rows
from core.ui.create import campaign_words
from core.ui.dialogs import Question
from core.ui.page import open_page
from core.ui.parts import empty_state
from core.ui.words import number, plain

EDITOR = "pages/create/campaign.py"
SIZE = 20
ALL = "All"

page = open_page("Campaigns", needs=Permission.CAMPAIGNS_VIEW)
campaigns, may_edit = page.services.campaigns, page.may(Permission.CAMPAIGNS_EDIT)


def filtered(found: list[Campaign]) -> list[Campaign]:
    present = [state for state in CampaignState if any(one.state is state for one in found)]
    if len(present) < 2:
        return found
    words = {state.value: campaign_words.STATES[state][0] for state in present}
    chosen = st.segmented_control(
        "State",
        [ALL, *words],
        default=ALL,
        required=True,
        format_func=lambda key: words.get(key, ALL),
        key="campaign_state",
        bind="query-params",
        label_visibility="collapsed",
    )
    return [one for one in found if chosen in (ALL, one.state.value)]


def draw(one: Campaign) -> None:
    caption = f"{plain(one.subject)} · {when(one)}"
    figures = [(number(people(one)), "people")] if one.launched_at else []
    badge = partial(campaign_words.badge, one.state)
    actions = partial(delete_button, one) if one.state is CampaignState.DRAFT and may_edit else None
    query = {"id": str(one.id)}
    rows.row(one.name, EDITOR, query, caption=caption, badge=badge, figures=figures, actions=actions, key=f"campaign_{one.id}")


def when(one: Campaign) -> str:
    """Return what happened last, or happens next, and how long ago or ahead that is."""
    if one.state is CampaignState.SCHEDULED:
        return ":orange[could not be sent at its time]" if one.stopped_reason else f"goes out {page.when(one.scheduled_at)}"
    return f"launched {page.when(one.launched_at)}" if one.launched_at else f"made {page.when(one.created_at)}"


def people(one: Campaign) -> int:
    """Return how many a campaign was frozen for; that never changes, so it is asked once a session."""
    key = f"_people_of_{one.id}"
    if key not in st.session_state:
        st.session_state[key] = sum(page.services.ledger.counts(page.by, one.id).values())
    return st.session_state[key]


def delete_button(one: Campaign) -> None:
    how = {"type": "tertiary", "on_click": dialogs.show, "args": ("delete", one)}
    st.button(":material/delete:", help="Delete this draft", key=f"delete_{one.id}", **how)


def delete(one: Campaign) -> None:
    question = Question("Delete this draft?", f"“{plain(one.name)}” was sent to nobody. The draft goes for good.", "Delete draft")
    dialogs.ask_first(page, question, partial(campaigns.delete, page.by, one.id), name="delete", success="Draft deleted.")


if may_edit and page.header("New campaign"):
    st.switch_page(EDITOR)
page.say_lists()
found = campaigns.all(page.by)
if not found:
    words = "A campaign is one email to many people: a template, a subject, and whom it goes to."
    if empty_state("campaign", "No campaigns yet", words, "New campaign" if may_edit else "", key="first_campaign"):
        st.switch_page(EDITOR)
else:
    matching = filtered(found)
    for campaign in paging.cut(matching, key="campaign_page", size=SIZE):
        draw(campaign)
    paging.choose(len(matching), key="campaign_page", what="campaign", size=SIZE)
if (opened := dialogs.opened("delete"))[0]:
    delete(opened[1])
