"""Parts of a campaign's report: the hours and the links."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from core.analytics.models import HourPoint, LinkRow
from core.ui import charts
from core.ui.charts import Series
from core.ui.narrow import line, table_or_list
from core.ui.palette import Meaning
from core.ui.words import counted, number, plain


def by_hour(hours: Sequence[HourPoint]) -> None:
    """Draw opens and clicks an hour, machines hatched beneath."""
    if not any(point.opens or point.clicks or point.machine_opens or point.machine_clicks for point in hours):
        st.info("No opens or clicks yet. They appear here seconds after they happen.", icon=":material/hourglass_empty:")
        return
    series = [
        Series("Opens", Meaning.OPENED, [one.opens for one in hours], [one.machine_opens for one in hours]),
        Series("Clicks", Meaning.CLICKED, [one.clicks for one in hours], [one.machine_clicks for one in hours]),
    ]
    table = [
        {
            "Hour": one.hour,
            "Sent": one.sent,
            "Opens": one.opens,
            "Unique opens": one.unique_opens,
            "Clicks": one.clicks,
            "Unique clicks": one.unique_clicks,
            "Unsubscribes": one.unsubscribes,
            "Machine opens": one.machine_opens,
            "Machine clicks": one.machine_clicks,
        }
        for one in hours
    ]
    alt = f"Opens and clicks an hour: {number(sum(series[0].values))} opens and {number(sum(series[1].values))} clicks by people"
    draw = partial(charts.over_time, [one.hour for one in hours], series)
    charts.card("Opens and clicks an hour, since the launch", draw, table, key="report_chart", alt=alt)
    if any(series[0].machines) or any(series[1].machines):
        st.caption("Solid is people; hatched is machines: link scanners and picture prefetchers.")


def links(found: Sequence[LinkRow]) -> None:
    """Draw the links of an email and who clicked them; nothing where it has none."""
    if not found:
        return
    st.subheader("Links", anchor=False)
    most = max(one.unique_clicks for one in found) or 1
    shown = [{"Link": one.url, "People": one.unique_clicks, "Clicks": one.clicks, "By machines": one.machine_clicks} for one in found]
    columns = {
        "Link": st.column_config.LinkColumn(width="medium"),
        "People": st.column_config.ProgressColumn(format="localized", min_value=0, max_value=most, help="Different people who clicked"),
    }
    alt = "Links of this email and their clicks"
    draw = partial(st.dataframe, shown, column_config=columns, hide_index=True, height="content", alt=alt)
    table_or_list(draw, [_as_line(one) for one in found], key="links")


def _as_line(one: LinkRow) -> str:
    people = f"{counted(one.unique_clicks, 'person clicked', 'people clicked')}, {counted(one.clicks, 'time')}"
    return line(plain(one.url), "", f"{people} · {counted(one.machine_clicks, 'click')} by machines")
