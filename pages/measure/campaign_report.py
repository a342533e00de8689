"""The report of one campaign: what people did, what machines added, which links, which subject."""

from __future__ import annotations

import io
from datetime import timedelta
from functools import partial

import streamlit as st

from core.analytics.exporting import EventFormat, report_csv, write_events
from core.analytics.models import CampaignReport
from core.campaigns.states import CampaignState
from core.permissions import Permission
from core.ui import figures
from core.ui.create import ab_test, campaign_words
from core.ui.figures import Figure
from core.ui.measure import report_parts, who_got_it
from core.ui.page import open_page
from core.ui.parts import empty_state
from core.ui.targets import find
from core.ui.words import number

BACK = ("Reports", "pages/measure/reports.py")
FRESH = timedelta(days=1)

page = open_page("Campaign report", needs=Permission.REPORTS_VIEW, back=BACK)
campaign = find(page, page.services.campaigns.get, what="campaign", back=BACK)
analytics = page.services.analytics


def is_fresh() -> bool:
    if campaign.launched_at is None:
        return False
    return campaign.state is CampaignState.SENDING or page.services.clock.now() - campaign.launched_at < FRESH


def report() -> None:
    with st.skeleton(height=360):
        found = analytics.campaign_report(page.by, campaign.id, timezone=page.workspace.timezone)
    totals = found.totals
    cards = campaign_words.figures(totals)
    if campaign.track_conversions:
        money = ", ".join(f"{one.amount:,.2f} {one.currency}" for one in totals.revenues)
        cards.append(
            Figure("Conversions", number(totals.conversions), money or "no revenue yet", help="Purchases told by your landing page.")
        )
    figures.draw(cards, key="report_figures")
    told_apart = [
        f"{number(totals.bounced)} bounced",
        f"{number(totals.complaints)} marked it as spam",
        f"{number(totals.skipped)} left out",
    ]
    uncertain = f" · {number(totals.uncertain)} uncertain, never sent twice" if totals.uncertain else ""
    st.caption(f"{' · '.join(told_apart)}{uncertain} · as of {page.exactly(found.made_at)}")
    report_parts.by_hour(found.hourly)
    ab_test.draw(found.arms)
    report_parts.links(found.links)
    who_got_it.summary(page, campaign)
    downloads(found)


def downloads(found: CampaignReport) -> None:
    with st.container(horizontal=True):
        name = f"campaign-{campaign.id}"
        icon = ":material/download:"
        st.download_button("Report as CSV", partial(report_csv, found), f"{name}-report.csv", "text/csv", icon=icon, key="report_csv")
        if page.may(Permission.EVENTS_EXPORT):
            events = partial(event_file, page.by)
            st.download_button("Events as CSV", events, f"{name}-events.csv", "text/csv", icon=icon, key="events_csv")


def event_file(by: object) -> bytes:
    out = io.BytesIO()
    write_events(analytics.event_rows(by, campaign.id), EventFormat.CSV, out)
    return out.getvalue()


page.title(campaign.name)
with st.container(horizontal=True, vertical_alignment="center"):
    campaign_words.badge(campaign.state)
    st.caption(f"Launched {page.when(campaign.launched_at)}", help=page.exactly(campaign.launched_at) or None, width="content")
    st.page_link("pages/create/campaign.py", label="Show campaign", query_params={"id": str(campaign.id)})
if campaign.launched_at is None:
    if empty_state("bar_chart", "Not sent yet", "The report begins when the campaign is launched.", "Go to the campaign"):
        st.switch_page("pages/create/campaign.py", query_params={"id": str(campaign.id)})
else:
    st.fragment(run_every=5 if is_fresh() else None)(report)()
