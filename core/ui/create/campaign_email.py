"""The email of a campaign that can't be changed any more: its subject, who sends it, and what it looks like."""

from __future__ import annotations

import streamlit as st

from core.campaigns.models import Campaign
from core.permissions import Permission
from core.ui.create import campaign_preview, campaign_routes
from core.ui.page import Page
from core.ui.words import plain

VERSIONS = "pages/create/template_versions.py"


def draw(page: Page, campaign: Campaign) -> None:
    """Draw it: the version that was pinned at the launch, before that the newest one."""
    with st.container(border=True):
        address = plain(campaign.from_email)
        sender = f"{plain(campaign.from_name)} ({address})" if campaign.from_name else address
        names = {one.id: one.name for one in page.services.connections.all(page.by)}
        through = f" · through {campaign_routes.words(campaign, names)}" if names else ""
        st.caption(f"From {sender}{through}")
        pinned, templates = campaign.template_version_id, page.services.templates
        version = templates.version(page.by.workspace_id, pinned) if pinned else templates.latest(page.by, campaign.template_id)
        if page.may(Permission.TEMPLATES_VIEW):
            words = f"Version {version.number} of its template" if pinned else f"The newest version ({version.number}) of its template"
            st.page_link(VERSIONS, label=words, icon=":material/history:", query_params={"id": str(version.template_id)})
        campaign_preview.draw(page, version, campaign.headings, key="sent", height=560)
