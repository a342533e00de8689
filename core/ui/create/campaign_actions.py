"""What can be done to a campaign on its way, each with the question it deserves."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.campaigns.models import Campaign
from core.campaigns.states import CampaignState
from core.jobs import doorbell
from core.permissions import Permission
from core.ui import dialogs
from core.ui.create import campaign_missing, campaign_timing, link_check, preflight_panel
from core.ui.dialogs import Question
from core.ui.page import Page
from core.ui.words import counted, number, plain

REPORT, PEOPLE = "pages/measure/campaign_report.py", "pages/measure/campaign_people.py"


def draw(page: Page, campaign: Campaign) -> None:
    """Draw what can be done with a campaign that was launched, at the right of its title."""
    may_send, query = page.may(Permission.CAMPAIGNS_SEND), {"id": str(campaign.id)}
    with page.actions:
        if may_send and campaign.state is CampaignState.SENDING:
            st.button("Pause", icon=":material/pause:", key="pause", on_click=pause, args=(page, campaign))
        if may_send and campaign.state is CampaignState.PAUSED:
            icon = ":material/play_arrow:"
            st.button("Resume", icon=icon, type="primary", key="resume", on_click=resume, args=(page, campaign))
        if may_send and campaign.state in (CampaignState.SENDING, CampaignState.PAUSED):
            st.button("Cancel", key="cancel", on_click=dialogs.show, args=("cancel", campaign))
        if st.button("Who got it", icon=":material/group:", key="to_people"):
            st.switch_page(PEOPLE, query_params=query)
        if page.may(Permission.REPORTS_VIEW) and st.button("Show report", icon=":material/bar_chart:", key="to_report"):
            st.switch_page(REPORT, query_params=query)


def ask(page: Page, campaign: Campaign) -> None:
    """Draw the question that was opened about this campaign ("launch", "cancel", "missing"), if one was."""
    for name, question in {"launch": _ask_to_launch, "cancel": _ask_to_cancel}.items():
        is_open, which = dialogs.opened(name)
        if is_open and which.id == campaign.id:
            question(page, which)
    campaign_timing.ask(page, campaign)
    campaign_missing.ask(page, campaign)


def _ask_to_launch(page: Page, draft: Campaign) -> None:
    size = page.services.campaigns.audience_size(page.by, draft.audience)
    through = page.services.connections.get(page.by, draft.connection_id)
    stays = " Nothing leaves this machine: the outbox keeps every email." if through.kind == "outbox" else ""
    body = f"“{plain(draft.subject)}” goes to **{number(size)} people** through {plain(through.name)}.{stays}"
    body += "\n\nWho unsubscribed or is suppressed is left out. You can pause on the way; what has left can’t be called back."
    body += campaign_timing.before_launch(page, draft)
    if not page.workspace.postal_address:
        body += "\n\n:orange[Your postal address is missing. Many countries want it in every email.]"
    body += preflight_panel.before_launch(page, draft)
    links = partial(link_check.before_launch, page, draft)
    question = Question("Send this campaign?", body, f"Send to {number(size)} people now", more=links)
    dialogs.ask_first(page, question, partial(launch, page, draft), name="launch", success="On its way.")


def ways_to_send(page: Page) -> dict[str, bool]:
    """Draw the buttons that send a draft, by the question each asks; return which was pressed."""
    with page.actions:
        later = st.button("Schedule", icon=":material/schedule:", key="schedule")
    return {campaign_timing.DIALOG: later, "launch": page.header("Send now", icon="send", key="launch")}


def launch(page: Page, draft: Campaign) -> None:
    """Launch a campaign and ring for a worker."""
    page.services.campaigns.launch(page.by, draft.id)
    doorbell.ring(draft.id, page.services.settings)


def resume(page: Page, campaign: Campaign) -> None:
    """Go on with a paused campaign."""
    with page.act("It goes on."):
        page.services.campaigns.resume(page.by, campaign.id)
        doorbell.ring(campaign.id, page.services.settings)


def pause(page: Page, campaign: Campaign) -> None:
    """Hold a campaign."""
    with page.act("Paused."):
        page.services.campaigns.pause(page.by, campaign.id)


def _ask_to_cancel(page: Page, campaign: Campaign) -> None:
    left = page.services.standings.now(page.by, campaign.id).open
    body = (
        f"{counted(left, 'email has', 'emails have')} not left yet. What has not left when you press the button is cancelled; "
        "what has left stays in the report. “Send to the missing” can send it to them later."
    )
    question = Question("Cancel what is left?", body, "Cancel the rest")
    dialogs.ask_first(page, question, partial(page.services.campaigns.cancel, page.by, campaign.id), name="cancel", success="Cancelled.")
