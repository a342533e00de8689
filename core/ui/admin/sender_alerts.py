"""Calm words on what a sender should look at: mailbox providers that block their mail."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.campaigns.models import Campaign
from core.events.alerts import SenderAlert
from core.permissions import Permission
from core.ui.page import Page
from core.ui.words import number, plain


def draw(page: Page, campaign: Campaign | None = None) -> None:
    """Show what nobody has dismissed yet.

    Args:
        page: The page.
        campaign: Only this campaign's; None for those of all.
    """
    if not page.may(Permission.CAMPAIGNS_VIEW):
        return
    found = page.services.alerts.open(page.by, campaign.id if campaign else None)
    names = {one.id: one.name for one in page.services.campaigns.all(page.by)} if found and campaign is None else {}
    for alert in found[:3]:
        with st.container(key=f"alert_{alert.id}", border=True):
            st.markdown(f":material/block: **{_what(alert, names)}**")
            said = f"It said: “{plain(alert.reason[:200].strip().rstrip('.'))}”." if alert.reason else ""
            about = "It says something about your sending, not about these people; nobody was suppressed."
            st.caption(f"{said} {about} Last {page.when(alert.last_at)}.".strip(), help=page.exactly(alert.last_at))
            if page.may(Permission.CAMPAIGNS_SEND):
                st.button("Dismiss", key=f"dismiss_{alert.id}", type="tertiary", on_click=partial(_dismiss, page, alert))
    if len(found) > 3:
        st.caption(f"and {number(len(found) - 3)} more")


def _what(alert: SenderAlert, names: dict[int, str]) -> str:
    who, messages = plain(alert.domain) or "A mailbox provider", "message" if alert.count == 1 else "messages"
    of = f" of “{plain(names[alert.campaign_id])}”" if alert.campaign_id in names else ""
    return f"{who} blocked {number(alert.count)} {messages}{of}"


def _dismiss(page: Page, alert: SenderAlert) -> None:
    with page.act("Dismissed. The next block brings it up again."):
        page.services.alerts.dismiss(page.by, alert.id)
