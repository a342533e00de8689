"""Event intake: what came in, how late, what was left out and why; single events with their raw lines; processing past ones again."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import streamlit as st

from core.events.intake_figures import Overview
from core.permissions import Permission
from core.ui import dialogs
from core.ui.admin import intake_events, intake_jobs, intake_parts
from core.ui.page import open_page
from core.ui.parts import empty_state

PERIODS = {"Last hour": timedelta(hours=1), "Last 24 hours": timedelta(days=1), "Last 7 days": timedelta(days=7)}
HELP = "What comes in about your email, how late, and what is left out. What is left out stays in the journal and can be processed again."
NARROWEST = 340

page = open_page("Event intake", needs=Permission.INTAKE_VIEW, all_lists=True, help=HELP)


def period() -> str:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        chosen = st.segmented_control(
            "Time",
            list(PERIODS),
            default="Last hour",
            required=True,
            key="since",
            bind="query-params",
            label_visibility="collapsed",
        )
        st.button("Refresh", icon=":material/refresh:", type="tertiary", key="refresh")
    return chosen or "Last hour"


def is_empty(found: Overview) -> bool:
    """Return whether nothing ever came in."""
    return found.raw_since is None and not found.steps and not found.backlog.waiting_bytes


def draw(found: Overview, words: str) -> None:
    intake_parts.health(page, found.backlog)
    intake_parts.numbers(found, words)
    intake_parts.chart(page, found, words)
    with st.grid(2, min_column_width=NARROWEST, gap="medium"):
        with st.container():
            intake_parts.left_out(page, found)
        with st.container():
            intake_parts.sources(page, found)
    intake_parts.steps(found)


def empty() -> None:
    words = "Once email is on its way, every delivery, bounce, open and click is counted here. `postwright demo` fills a workspace."
    if empty_state("move_to_inbox", "Nothing has come in yet", words, "Go to campaigns"):
        st.switch_page("pages/create/campaigns.py")


name = period()
with st.skeleton(height=480):
    overview = page.services.intake.overview(page.by, page.services.clock.now() - PERIODS[name])
if is_empty(overview):
    empty()
else:
    if page.may(Permission.INTAKE_MANAGE) and page.header("Process again", icon="replay", key="again"):
        dialogs.show(intake_jobs.DIALOG)
    draw(overview, name[0].lower() + name[1:])
    intake_events.look_up(page)
    intake_jobs.work(page)
dialogs.dialog(intake_jobs.DIALOG, "Process past events again?", partial(intake_jobs.form, page), width="medium")
if (shown := dialogs.opened(intake_events.DIALOG))[0]:
    dialogs.dialog(intake_events.DIALOG, "Event", partial(intake_events.details, page, shown[1]), width="medium", position="right")
