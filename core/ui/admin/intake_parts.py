"""Parts of the event intake's page: figures, the chart, what was left out and why, and where events came from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

import streamlit as st

from core.events.backlog import Backlog
from core.events.intake_figures import Moment, Overview, StepCount
from core.events.intake_words import lasting, outcome_name, size, step_name, why
from core.providers.catalogue import CATALOGUE
from core.ui import charts, figures
from core.ui.charts import Series
from core.ui.figures import Figure
from core.ui.page import Page
from core.ui.palette import Meaning
from core.ui.words import ENOUGH, number, percent, plain

# A moment is normal: the ingester looks twice a second.
LATE_SECONDS = 30
NOBODY_WORKS = (
    "**Nothing is taking events in at the moment.** {size} wait in the journals. Nothing is lost: `postwright up` or "
    "`postwright ingester` goes on where it ended."
)
BEHIND = "**Events arrive faster than they are taken in.** {size} wait, the oldest since {since}. Nothing is lost."


def health(page: Page, backlog: Backlog) -> None:
    """Draw a warning where what comes in is not taken in."""
    if not backlog.waiting_bytes or backlog.behind < LATE_SECONDS:
        return
    words = BEHIND if backlog.is_worked_on else NOBODY_WORKS
    said = words.format(size=size(backlog.waiting_bytes), since=page.when(backlog.waiting_since))
    st.warning(said, icon=":material/hourglass_top:" if backlog.is_worked_on else ":material/power_off:")


def numbers(found: Overview, period: str) -> None:
    """Draw what came in, how late, and how much of it was left out."""
    everything = found.kept + found.repeated + found.left_out
    behind, waiting = found.backlog.behind, found.backlog.waiting_bytes
    shown = [
        Figure("Events kept", _short(found.kept), _rate(found), help=f"Events that got to your reports, {period}."),
        Figure(
            "Behind by",
            lasting(behind) if behind >= 1 else "0 s",
            f"{size(waiting)} wait" if waiting else "nothing waits",
            help="How long ago the oldest event came that your reports don’t know yet.",
        ),
        Figure(
            "Slowest",
            "–" if found.slowest is None else lasting(found.slowest),
            "to get to your reports",
            help=f"The longest that an event took from the moment we heard of it to your reports, {period}.",
        ),
        Figure(
            "Left out",
            _short(found.left_out),
            _share(found.left_out, everything),
            help="Lines and events that could not be used. They stay in the journal.",
        ),
        Figure("Told again", _short(found.repeated), "each counts once", help="Events that were reported more than once."),
    ]
    figures.draw(shown, key="intake_figures")


def chart(page: Page, found: Overview, period: str) -> None:
    """Draw events over time by what became of them."""
    zone, drawn = ZoneInfo(page.workspace.timezone), _whole(found.moments)
    moments = [moment.at.astimezone(zone) for moment in drawn]
    series = [Series("Kept", Meaning.OPENED, [moment.kept for moment in drawn])]
    if found.repeated:
        series.append(Series("Told again", Meaning.UNSUBSCRIBED, [moment.repeated for moment in drawn]))
    if found.left_out:
        series.append(Series("Left out", Meaning.BOUNCED, [moment.left_out for moment in drawn]))
    table = [
        {"From": at, "Kept": moment.kept, "Told again": moment.repeated, "Left out": moment.left_out}
        for at, moment in zip(moments, drawn, strict=True)
    ]
    title = f"Events {_every(found.step)}, {period}"
    alt = f"{title}: {number(found.kept)} kept, {number(found.repeated)} told again, {number(found.left_out)} left out"
    if not any(any(one.values) for one in series):
        st.info(f"No events, {period}. They appear here seconds after they happen.", icon=":material/hourglass_empty:")
        return
    charts.card(title, partial(charts.over_time, moments, series), table, key="intake_chart", alt=alt)


def left_out(page: Page, found: Overview) -> None:
    """Draw what was left out, why, and what to do about it."""
    st.subheader("Left out and why", anchor=False)
    if not found.reasons:
        st.markdown(":green[:material/check_circle:] Nothing was left out.")
        return
    for reason in found.reasons:
        _reason(page, reason)


def sources(page: Page, found: Overview) -> None:
    """Draw where events came from and when the last one did."""
    st.subheader("Where they came from", anchor=False)
    if not found.sources:
        st.markdown(":gray[Nothing came in.]")
        return
    for source in found.sources:
        with st.container(border=True, horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            with st.container(gap=None, width="stretch"):
                st.markdown(f"**{plain(provider_name(source.provider))}**")
                said = "what left through it, what it reported" if source.provider else "opens, clicks, unsubscribes, conversions"
                st.caption(f"{said} · last {page.when(source.last_at)}", help=page.exactly(source.last_at), width="content")
            st.markdown(f"**{number(source.events)}**", width="content")


def steps(found: Overview) -> None:
    """Draw what each step did, for those who want to know exactly."""
    if not found.steps:
        return
    with st.expander("Step by step", icon=":material/conversion_path:"):
        rows = [
            {
                "Step": step_name(each.step),
                "What became of them": outcome_name(each.outcome),
                "How many": each.count,
                "Whose": "this workspace" if each.is_ours else "can’t be told",
            }
            for each in found.steps
        ]
        st.dataframe(rows, hide_index=True, height="content", alt="What each step on an event’s way did")


def provider_name(kind: str | None) -> str:
    """Return what a kind of provider is called."""
    if not kind:
        return "Postwright itself"
    return CATALOGUE[kind].label if kind in CATALOGUE else kind


def _reason(page: Page, reason: StepCount) -> None:
    words = why(reason.step, reason.outcome)
    key = f"reason_{reason.step}_{reason.outcome}_{reason.is_ours}"
    with st.container(border=True, horizontal=True, horizontal_alignment="distribute", key=key):
        with st.container(gap="xsmall", width="stretch"):
            st.markdown(f"**{words.title}**")
            whose = "" if reason.is_ours else " It can’t be told whose they are, so every workspace sees them."
            st.markdown(f":small[{words.meaning}{whose}]")
            st.markdown(f":small[:gray[{words.advice} Last {page.when(reason.last_at)}.]]")
        st.markdown(f"**{number(reason.count)}**", width="content")


def _whole(moments: Sequence[Moment]) -> Sequence[Moment]:
    """Return the moments without the one that is not over yet, which would look like a fall; with it where nothing came before."""
    before = moments[:-1]
    return before if any(moment.kept or moment.repeated or moment.left_out for moment in before) else moments


def _share(part: int, whole: int) -> str:
    if whole < ENOUGH:
        return "of what came in"
    return "under 0.1 % of what came in" if 0 < part < whole / 1_000 else f"{percent(part, whole)} of what came in"


def _short(count: int) -> str:
    """Return a count as it fits into a card on a phone; the chart's table has it in full."""
    return number(count) if count < 1_000_000 else f"{count / 1_000_000:,.2f} M"


def _rate(found: Overview) -> str:
    seconds = (found.until - found.since) / timedelta(seconds=1)
    per_minute = 60 * found.kept / seconds
    if per_minute >= 600:
        return f"{number(per_minute / 60)} a second"
    return f"{number(per_minute)} a minute" if per_minute >= 10 else f"{per_minute:.1f} a minute"


def _every(step: timedelta) -> str:
    return {1: "per minute", 15: "per 15 minutes", 60: "per hour"}.get(step // timedelta(minutes=1), "per day")
