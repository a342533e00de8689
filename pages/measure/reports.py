"""Reports: every campaign that was sent, with its figures side by side."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.analytics.models import CampaignRow
from core.campaigns.models import Campaign
from core.campaigns.states import CampaignState
from core.permissions import Permission
from core.ui import paging, rows
from core.ui.create import campaign_words
from core.ui.page import open_page
from core.ui.parts import empty_state
from core.ui.words import number, percent

REPORT = "pages/measure/campaign_report.py"
SIZE = 20

page = open_page("Reports", needs=Permission.REPORTS_VIEW)
unsent = {CampaignState.DRAFT, CampaignState.SCHEDULED}


def draw(campaign: Campaign, row: CampaignRow) -> None:
    totals = row.totals
    shown = [
        (number(totals.delivered), "delivered"),
        (percent(totals.unique_opens, totals.delivered), "opened"),
        (percent(totals.unique_clicks, totals.delivered), "clicked"),
        (number(totals.unsubscribes), "unsubscribed"),
    ]
    launched = campaign_words.beside(f"launched {page.when(campaign.launched_at)}", totals)
    badge = partial(campaign_words.badge, campaign.state)
    rows.row(campaign.name, REPORT, {"id": str(campaign.id)}, caption=launched, badge=badge, figures=shown, key=f"report_{campaign.id}")


search = ""
page.say_lists()
campaigns = [one for one in page.services.campaigns.all(page.by) if one.state not in unsent]
if len(campaigns) > SIZE:
    search = (st.text_input("Search", type="search", placeholder="Campaign name", key="report_search", bind="query-params") or "").strip()
matching = [one for one in campaigns if search.lower() in one.name.lower()]
if not campaigns:
    words = "Once a campaign is on its way, its deliveries, opens and clicks are counted here, people apart from machines."
    if empty_state("bar_chart", "No reports yet", words, "Go to campaigns"):
        st.switch_page("pages/create/campaigns.py")
elif not matching:
    st.info("No campaign has this name.", icon=":material/search_off:")
else:
    shown = paging.cut(matching, key="report_page", size=SIZE)
    with st.skeleton(height=360):
        table = page.services.analytics.campaign_table(page.by, [one.id for one in shown])
    for campaign in shown:
        draw(campaign, table[campaign.id])
    paging.choose(len(matching), key="report_page", what="campaign", size=SIZE)
