"""Processing past events again: the form, how far a job is, and what was done before."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from core.errors import InvalidInput
from core.events.intake_words import done_name, lasting, size
from core.events.jobs import Job, JobKind, JobState
from core.permissions import Permission
from core.ui import dialogs, paging
from core.ui.page import Page
from core.ui.parts import problem
from core.ui.words import number, plain

DIALOG = "process_again"
EVERY = 1.5
SIZE = 5
PATIENCE = timedelta(seconds=20)
_KINDS = {JobKind.REPLAY: "Events processed again", JobKind.RECLASSIFY: "People and machines told apart again"}
_STATES = {
    JobState.DONE: ("Done", "check_circle", "green"),
    JobState.FAILED: ("Failed", "error", "red"),
    JobState.CANCELLED: ("Stopped", "stop_circle", "gray"),
}
_WHAT_HAPPENS = (
    "Postwright reads {size} of raw lines again, from {since} to {until}.\n"
    "- What is in your reports already stays as it is; nothing counts twice.\n"
    "- What was left out then and can be told now is added, with all that follows: hard bounces and complaints suppress, "
    "unsubscribes count.\n"
    "- You can close this page meanwhile, and stop it at any time."
)


def form(page: Page) -> None:
    """Draw the dialog that asks for the time, and says what will happen."""
    now, zone = page.services.clock.now(), ZoneInfo(page.workspace.timezone)
    local = now.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
    left, right = st.columns(2)
    since = left.datetime_input("From", local - timedelta(days=1), key="again_since", step=60)
    until = right.datetime_input("Until", local + timedelta(minutes=1), key="again_until", step=60)
    ready = _what_happens(page, since, until, zone)
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button("Go back", key="again_no", on_click=dialogs.hide)
        pressed = st.button("Process again", type="primary", key="again_yes", disabled=ready is None)
    if pressed and ready:
        with page.act("On its way. You can close this page."):
            page.services.intake.replay(page.by, *ready)
            dialogs.done()
    if not dialogs.opened(DIALOG)[0]:
        st.rerun()


def work(page: Page) -> None:
    """Draw what is being done and what was; nothing where nobody ever asked for anything."""
    jobs = page.services.intake.jobs(page.by)
    if not jobs:
        return
    st.subheader("Past events", anchor=False)
    for job in jobs:
        if job.is_open:
            _follow(page, job)
    ended = [job for job in jobs if not job.is_open]
    with st.container(gap="xsmall"):
        for job in paging.cut(ended, key="jobs_page", size=SIZE):
            _ended(page, job)
    if len(ended) > SIZE:
        paging.choose(len(ended), key="jobs_page", what="job", size=SIZE)


def _what_happens(page: Page, since: datetime | None, until: datetime | None, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Draw what pressing the button does; return the time it is about, None where that makes no sense."""
    if since is None or until is None:
        return None
    begin, end = since.replace(tzinfo=zone), min(until.replace(tzinfo=zone), page.services.clock.now())
    try:
        extent = page.services.intake.extent(page.by, begin, end)
    except InvalidInput as error:
        problem(error)
        return None
    if not extent.files:
        kept = f"The oldest is from {page.exactly(extent.raw_since)}." if extent.raw_since else "There are none at all."
        st.info(f"No raw lines of this time are kept. {kept}", icon=":material/auto_delete:")
        return None
    kept = f" Raw lines are kept since {page.exactly(extent.raw_since)}." if extent.raw_since and extent.raw_since > begin else ""
    st.caption(f"Times are in {plain(page.workspace.timezone)}.{kept}")
    st.markdown(_WHAT_HAPPENS.format(size=f"up to {size(extent.size)}", since=page.exactly(begin), until=page.exactly(end)))
    return begin, end


def _follow(page: Page, job: Job) -> None:
    def body() -> None:
        now = page.services.intake.job(page.by, job.id)
        if not now.is_open:
            st.rerun()
        _open(page, now)

    st.fragment(run_every=EVERY)(body)()


def _open(page: Page, job: Job) -> None:
    with st.container(border=True, key=f"job_{job.id}"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**{_KINDS[job.kind]}** :gray[{plain(_range(page, job))}]", width="stretch")
            if page.may(Permission.INTAKE_MANAGE) and st.button("Stop", icon=":material/stop_circle:", key=f"stop_{job.id}"):
                with page.act("Stopped. What it did until then stays."):
                    page.services.intake.cancel(page.by, job.id)
                    st.rerun()
        st.progress(job.progress, text=" · ".join([f"{100 * job.progress:.0f} %", *_left(page, job), *_counts(job)]))
        waits = job.state is JobState.WAITING and page.services.clock.now() - job.created_at > PATIENCE
        hint = ":orange[It has not begun. Is the ingester running? `postwright up` starts it.]"
        st.caption(hint if waits else "You can close this page; it goes on.")


def _ended(page: Page, job: Job) -> None:
    words, icon, colour = _STATES[job.state]
    with st.container(border=True, gap=None, key=f"job_{job.id}"):
        st.markdown(f":{colour}[:material/{icon}:] **{_KINDS[job.kind]}** :gray[{plain(_range(page, job))}]")
        parts = [f"{words} {page.when(job.finished_at)}", *(_counts(job) or ["nothing was found"])]
        st.caption(" · ".join(parts), help=page.exactly(job.finished_at), width="content")
        if job.error:
            st.markdown(f":small[:red[{plain(job.error)}]]")


def _counts(job: Job) -> list[str]:
    first = sorted(job.counts.items(), key=lambda each: (each[0] != "added", each[0]))
    return [f"{number(count)} {plain(done_name(word))}" for word, count in first]


def _left(page: Page, job: Job) -> list[str]:
    passed = (page.services.clock.now() - job.created_at).total_seconds()
    if job.progress < 0.05 or job.progress >= 1:
        return []
    return [f"about {lasting(max(1, passed * (1 - job.progress) / job.progress))} left"]


def _range(page: Page, job: Job) -> str:
    return f"{page.exactly(job.since)} – {page.exactly(job.until)}"
