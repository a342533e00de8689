"""One campaign: write it, look at it, try it, launch it, watch it leave."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.campaigns.drafts import DraftFields
from core.campaigns.models import Campaign
from core.campaigns.states import CampaignState
from core.permissions import Permission
from core.preflight.envelopes import Envelope
from core.ui import dialogs
from core.ui.admin import sender_alerts
from core.ui.create import (
    campaign_actions,
    campaign_email,
    campaign_form,
    campaign_lines,
    campaign_missing,
    campaign_preview,
    campaign_progress,
    campaign_test,
    campaign_timing,
    campaign_words,
    preflight_panel,
)
from core.ui.page import open_page
from core.ui.targets import find

BACK = ("Campaigns", "pages/create/campaigns.py")
SELF = "pages/create/campaign.py"

page = open_page("Campaign", needs=Permission.CAMPAIGNS_VIEW, back=BACK)
campaigns = page.services.campaigns
may_edit, may_send = page.may(Permission.CAMPAIGNS_EDIT), page.may(Permission.CAMPAIGNS_SEND)


def write(draft: Campaign | None) -> None:
    beneath_the_title = st.container()
    form, preview = st.columns([1, 1], gap="medium")
    with form:
        fields = campaign_form.draw(page, draft)
        if st.button("Save draft", key="save_draft", disabled=not may_edit, type="secondary" if draft else "primary"):
            with page.act("Draft saved."):
                st.switch_page(SELF, query_params={"id": str(save(draft, fields).id)})
    language: str | None = None
    with preview, st.container(border=True):
        st.markdown("#### Preview", anchors=False)
        if "template_id" not in fields:
            st.caption("Choose a template to see the email here.")
        else:
            version = page.services.templates.latest(page.by, fields["template_id"])
            headings = campaign_lines.headings_of(fields)
            envelope, choosing = (
                Envelope.around(headings, fields.get("from_email")),
                preflight_panel.Choosing(template_id=version.template_id),
            )
            preflight_panel.draw(page, version, key="campaign", envelope=envelope, audience=fields.get("audience"), choosing=choosing)
            language = campaign_preview.draw(page, version, headings, key="campaign", height=520)
        if draft and may_send:
            campaign_test.draw(page, draft, partial(save, draft, fields), language)
    for name, pressed in campaign_actions.ways_to_send(page).items() if draft and may_send else ():
        if pressed:
            with beneath_the_title, page.act():
                dialogs.show(name, save(draft, fields))
    if draft is None and not may_edit:
        st.info("Your role can look at campaigns, not write them.", icon=":material/lock:")


def save(draft: Campaign | None, fields: DraftFields) -> Campaign:
    ready = campaign_form.complete(fields)
    if draft and not may_edit:
        return draft
    return campaigns.update(page.by, draft.id, **ready) if draft else campaigns.create(page.by, **ready)


def watch(campaign: Campaign) -> None:
    campaign_actions.draw(page, campaign)
    campaign_progress.follow(page, campaign)
    sender_alerts.draw(page, campaign)
    campaign_missing.follow(page, campaign)
    campaign_email.draw(page, campaign)


campaign = find(page, campaigns.get, what="campaign", back=BACK) if "id" in st.query_params else None
page.title(campaign.name if campaign else "New campaign")
if campaign:
    with st.container(horizontal=True, vertical_alignment="center"):
        campaign_words.badge(campaign.state)
        moment, what = (campaign.launched_at, "Launched") if campaign.launched_at else (campaign.created_at, "Made")
        st.caption(f"{what} {page.when(moment)}", help=page.exactly(moment), width="content")
if campaign is None or campaign.state is CampaignState.DRAFT:
    write(campaign)
elif campaign.state is CampaignState.SCHEDULED:
    campaign_timing.waiting(page, campaign)
    campaign_email.draw(page, campaign)
else:
    watch(campaign)
if campaign:
    campaign_actions.ask(page, campaign)
