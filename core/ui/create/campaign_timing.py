"""When a campaign goes out: its hours and limits in the form, the question for a time, and what is shown while it waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from core.campaigns.drafts import MAX_HOLDOUT, DraftFields
from core.campaigns.models import Campaign
from core.campaigns.timetable import Forecast
from core.campaigns.timing import Late, Timing
from core.errors import PostwrightError
from core.hours import minute_words
from core.permissions import Permission
from core.ui import dialogs
from core.ui.create import hours_input
from core.ui.page import Page
from core.ui.parts import problem
from core.ui.words import counted, number, plain

DIALOG = "schedule"
EVERY = 5.0
_LATE = {Late.NOW: "They get it right away", Late.NEXT_DAY: "They get it the next day at that time"}


def draw(page: Page, draft: Campaign | None, key: str, fields: DraftFields) -> None:
    """Draw the hours a draft may go out in, who is held out, and whether it is important."""
    known = draft.timing if draft else Timing()
    held = draft.holdout_percent if draft else 0
    with st.expander("Hours and limits", expanded=bool(known.window or known.ignores_cap or held), icon=":material/schedule:"):
        window = hours_input.window(known.window, f"{key}_window")
        personal = known.in_contact_zone
        if window is not None:
            personal = _whose(page, "By whose clock", personal, f"{key}_whose_hours")
        held_out = st.number_input(
            "Hold out, % of people",
            0,
            MAX_HOLDOUT,
            held,
            key=f"{key}_holdout",
            help="They deliberately get nothing, so that you can compare what the others do with what happens anyway.",
        )
        important = _important(page, known, f"{key}_important")
    fields["timing"] = Timing(window, personal, known.late, important)
    fields["holdout_percent"] = int(held_out)


def ask(page: Page, draft: Campaign | None) -> None:
    """Draw the dialog that asks for the time, if it was opened for this campaign."""
    is_open, which = dialogs.opened(DIALOG)
    if is_open and draft and which.id == draft.id:
        dialogs.dialog(DIALOG, "Schedule this campaign", lambda: _form(page, which))


def before_launch(page: Page, draft: Campaign) -> str:
    """Return what the question before a launch says about hours and those held out, as Markdown; may be empty."""
    hours = draft.timing.window
    told = [f"It only goes out {hours_input.words(hours)}; outside of these hours it waits by itself."] if hours else []
    if quiet := page.workspace.sending_rules.quiet:
        told.append(f"Nobody gets it in the quiet hours ({minute_words(quiet.starts)}–{minute_words(quiet.ends)} where they live).")
    if draft.holdout_percent:
        told.append(f"About {draft.holdout_percent}% of the people are held out.")
    return "".join(f"\n\n{line}" for line in told)


def waiting(page: Page, campaign: Campaign) -> None:
    """Draw what a scheduled campaign waits for; once it is launched, the page is drawn anew."""
    if page.may(Permission.CAMPAIGNS_SEND):
        with page.actions:
            st.button("Unschedule", icon=":material/event_busy:", key="unschedule", on_click=_unschedule, args=(page, campaign))

    def body() -> None:
        now = page.services.campaigns.get(page.by, campaign.id)
        if (now.state, now.stopped_reason) != (campaign.state, campaign.stopped_reason):
            st.rerun()
        with st.container(border=True):
            _told(page, now)

    st.fragment(run_every=EVERY)(body)()


def _unschedule(page: Page, campaign: Campaign) -> None:
    with page.act("It is a draft again."):
        page.services.campaigns.unschedule(page.by, campaign.id)


def _told(page: Page, campaign: Campaign) -> None:
    if campaign.scheduled_wall is None:
        return
    whose = f"by the clock of {plain(campaign.scheduled_zone)}" if campaign.scheduled_zone else "by each person’s own clock"
    st.markdown(f"**{campaign.scheduled_wall:%A, %-d %B %Y, %H:%M}** {whose}")
    if campaign.stopped_reason:
        st.error(plain(campaign.stopped_reason), icon=":material/error:")
        return
    first = "The first people get it" if campaign.timing.in_contact_zone else "It begins"
    lines = [f"{first} {page.when(campaign.scheduled_at)} ({page.exactly(campaign.scheduled_at)})."]
    if campaign.timing.window:
        lines.append(f"It only goes out {hours_input.words(campaign.timing.window)}.")
    if campaign.holdout_percent:
        lines.append(f"{campaign.holdout_percent}% of the people are held out.")
    st.caption(" ".join([*lines, "Who is in the audience is looked at then. You can close this page."]))


def _form(page: Page, draft: Campaign) -> None:
    zone = ZoneInfo(page.workspace.timezone)
    local = page.services.clock.now().astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
    tomorrow = (local + timedelta(days=1)).replace(hour=9, minute=0)
    at = st.datetime_input("Date and time", tomorrow, min_value=local - timedelta(days=1), key="schedule_at", step=900)
    personal = _whose(page, "By whose clock", draft.timing.in_contact_zone, "schedule_whose")
    timing = Timing(draft.timing.window, personal, Late(st.session_state.get("schedule_late", draft.timing.late)), draft.timing.ignores_cap)
    forecast = _forecast(page, draft, at, timing) if at else None
    label = f"Schedule for {counted(forecast.people, 'person', 'people')}" if forecast else "Schedule"
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button("Go back", key="schedule_no", on_click=dialogs.hide)
        pressed = st.button(label, type="primary", key="schedule_yes", disabled=forecast is None)
    if pressed and at:
        with page.act("Scheduled."):
            page.services.campaigns.schedule(page.by, draft.id, at, timing)
            dialogs.done()
    if not dialogs.opened(DIALOG)[0]:
        st.rerun()


def _forecast(page: Page, draft: Campaign, at: datetime, timing: Timing) -> Forecast | None:
    """Draw what the time means for the people; return None where that can't be said."""
    try:
        with st.spinner("Looking at your people’s time zones"):
            found = page.services.campaigns.forecast(page.by, draft.id, at, timing)
    except PostwrightError as error:
        problem(error)
        return None
    st.caption(_span(page, found))
    if found.late and timing.in_contact_zone and found.late < found.people:
        st.markdown(f"For **{counted(found.late, 'person', 'people')}** this time is already over.")
        has_hours = timing.window or page.workspace.sending_rules.quiet
        words = _LATE | ({Late.NOW: "They get it as soon as their hours allow"} if has_hours else {})
        st.radio("What about them?", list(Late), format_func=words.__getitem__, key="schedule_late", label_visibility="collapsed")
    if found.never:
        st.warning(
            f"{counted(found.never, 'person', 'people')} would never get it: no hour is within its window and outside the quiet "
            "hours where they live.",
            icon=":material/bedtime_off:",
        )
    return found


def _span(page: Page, found: Forecast) -> str:
    if found.late and found.late == found.people:
        return ":orange[This time is over.]"
    begins = f"It begins {page.exactly(found.starts)}"
    if found.ends == found.starts:
        return f"{begins}."
    return f"{begins} for the first, and {page.exactly(found.ends)} for the last of {counted(found.zones, 'time zone')}."


def _whose(page: Page, label: str, is_personal: bool, key: str) -> bool:
    words = {False: f"The workspace’s ({page.workspace.timezone})", True: "Each person’s own"}
    tip = "Their attribute `time_zone` says where they live, for example Europe/Berlin. Without it they count by the workspace’s."
    return bool(st.radio(label, [False, True], int(is_personal), format_func=words.__getitem__, key=key, help=tip))


def _important(page: Page, known: Timing, key: str) -> bool:
    cap = page.workspace.sending_rules.cap
    if cap is None and not known.ignores_cap:
        return False
    limit = f"people get at most {number(cap.messages)} campaigns in {counted(cap.days, 'day')}" if cap else "there is no limit now"
    may = known.ignores_cap or page.may(Permission.WORKSPACE_EDIT)
    tip = f"In this workspace {limit}." + ("" if may else " Somebody who may change that can say that this one is important.")
    return st.toggle("Important: send it whatever people got before", known.ignores_cap, key=key, disabled=not may, help=tip)
