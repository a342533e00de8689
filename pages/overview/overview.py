"""Overview: what was sent lately, what came of it, and what to do first in a new workspace."""

from __future__ import annotations

from datetime import UTC, datetime, time
from functools import partial

import streamlit as st

from core.analytics.models import CampaignRow, Overview
from core.permissions import Permission
from core.ui import charts, figures, first_steps, rows
from core.ui.admin import privacy_alert, sender_alerts
from core.ui.charts import Series
from core.ui.create import campaign_words
from core.ui.page import open_page
from core.ui.palette import Meaning
from core.ui.parts import empty_state
from core.ui.words import number, percent

REPORT = "pages/measure/campaign_report.py"
PERIODS = {"7": "7 days", "30": "30 days", "90": "90 days"}

page = open_page("Overview", needs=Permission.OVERVIEW_VIEW)


def period() -> int:
    with page.actions:
        chosen = st.segmented_control(
            "Period",
            list(PERIODS),
            default="30",
            required=True,
            format_func=PERIODS.__getitem__,
            key="days",
            bind="query-params",
            label_visibility="collapsed",
        )
    return int(chosen or 30)


def activity(found: Overview) -> None:
    days = [datetime.combine(point.day, time(), UTC) for point in found.daily]
    series = [
        Series("Opens", Meaning.OPENED, [point.unique_opens for point in found.daily]),
        Series("Clicks", Meaning.CLICKED, [point.unique_clicks for point in found.daily]),
    ]
    table = [
        {
            "Day": point.day,
            "Sent": point.sent,
            "Opens": point.unique_opens,
            "Clicks": point.unique_clicks,
            "Unsubscribes": point.unsubscribes,
        }
        for point in found.daily
    ]
    opens, clicks = (number(sum(one.values)) for one in series)
    alt = f"Lines of opens and clicks a day: {opens} opens and {clicks} clicks by people in {found.days} days"
    title = f"Unique opens and clicks a day, last {found.days} days"
    charts.card(title, lambda: charts.over_time(days, series), table, key="overview_chart", alt=alt)


def recent(found: tuple[CampaignRow, ...]) -> None:
    st.subheader("Recent campaigns", anchor=False)
    named = {one.id: one for one in page.services.campaigns.all(page.by)}
    for row in found:
        campaign = named.get(row.campaign_id)
        if campaign is None:
            continue
        totals = row.totals
        shown = [
            (number(totals.delivered), "delivered"),
            (percent(totals.unique_opens, totals.delivered), "opened"),
            (percent(totals.unique_clicks, totals.delivered), "clicked"),
        ]
        sent = campaign_words.beside(f"sent {page.when(row.last_sent_at)}", totals)
        badge, query = partial(campaign_words.badge, campaign.state), {"id": str(campaign.id)}
        rows.row(campaign.name, REPORT, query, caption=sent, badge=badge, figures=shown, key=f"recent_{campaign.id}")


days = period()
page.say_lists()
sender_alerts.draw(page)
privacy_alert.draw(page)
with st.skeleton(height=360):
    found = page.services.analytics.overview(page.by, days, timezone=page.workspace.timezone)
if not page.workspace.is_demo:
    first_steps.draw(page, first_steps.steps(page, opened=bool(found.totals.opens_total)))
if found.totals.sent or found.previous_totals.sent:
    figures.draw(campaign_words.figures(found.totals, found.previous_totals), key="overview_figures", since=f"the {days} days before")
    activity(found)
    recent(found.campaigns)
else:
    words = f"Delivered emails, opens and clicks of the last {days} days will be here. Figures appear seconds after they happen."
    empty_state("monitoring", "Nothing was sent yet", words)
