"""What can be done to a campaign on its way, each with the question it deserves."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.campaigns.models import Campaign
from core.jobs import doorbell
from core.ui import campaign_timing, dialogs
from core.ui.dialogs import Question
from core.ui.page import Page
from core.ui.words import number, plain


def ask(page: Page, campaign: Campaign) -> None:
    """Draw the question that was opened about this campaign ("launch", "cancel"), if one was."""
    for name, draw in {"launch": _ask_to_launch, "cancel": _ask_to_cancel}.items():
        is_open, which = dialogs.opened(name)
        if is_open and which.id == campaign.id:
            draw(page, which)
    campaign_timing.ask(page, campaign)


def _ask_to_launch(page: Page, draft: Campaign) -> None:
    size = page.services.campaigns.audience_size(page.by, draft.audience)
    through = page.services.connections.get(page.by, draft.connection_id)
    stays = " Nothing leaves this machine: the outbox keeps every email." if through.kind == "outbox" else ""
    body = f"“{plain(draft.subject)}” goes to **{number(size)} people** through {plain(through.name)}.{stays}"
    body += "\n\nWho unsubscribed or is suppressed is left out. You can pause on the way; what has left can’t be called back."
    if not page.workspace.postal_address:
        body += "\n\n:orange[Your postal address is missing. Many countries want it in every email.]"
    question = Question("Send this campaign?", body, f"Send to {number(size)} people now")
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
    body = "Emails that have not left are cancelled for good. What has left stays in the report."
    question = Question("Cancel what is left?", body, "Cancel the rest")
    dialogs.ask_first(page, question, partial(page.services.campaigns.cancel, page.by, campaign.id), name="cancel", success="Cancelled.")
