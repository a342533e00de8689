"""Campaigns: one blast each, from draft to report."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, Id, IdInPath, Language, Line, Shown
from core.api.paging import DEFAULT, Cursor, Limit, Page, cut
from core.api.resources.reports import Report
from core.api.timing import KeepsTime, ScheduleFor
from core.campaigns.drafts import MAX_HOLDOUT
from core.campaigns.models import Audience, AudienceKind, Campaign
from core.campaigns.states import CampaignState
from core.campaigns.trying import MOST_AT_ONCE
from core.jobs.doorbell import ring
from core.permissions import Permission
from core.templates.languages.headings import Heading

router = APIRouter(prefix="/campaigns", tags=["Campaigns"], route_class=Door)
_BESIDE = "What inboxes show beside the subject; left empty, they show what the template says."
_IN_LANGUAGES = "What is said instead to those who get the mail in another language of its template; what is empty is as in the main one."
_VIEW, _EDIT, _SEND = needs(Permission.CAMPAIGNS_VIEW), needs(Permission.CAMPAIGNS_EDIT), needs(Permission.CAMPAIGNS_SEND)


class AudienceShown(Shown):
    """Whom a campaign goes to."""

    kind: AudienceKind = Field(description="A list, or the people a segment's rules choose at the moment of sending.")
    id: Id = Field(description="The list or segment.", examples=[4])


class InLanguage(Given):
    """What inboxes show of a campaign in another language; what is empty is as in the main one."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    subject: Line = Field("", description="Merge fields allowed.", examples=["{{ contact.first_name }}, die neue Ernte ist da"])
    preview_text: Line = Field("", examples=["Was dieses Frühjahr wächst."])


InLanguages = Annotated[dict[Language, InLanguage], Field(max_length=100)]


class CampaignShown(Shown):
    """A campaign."""

    id: int = Field(examples=[9])
    name: str = Field(examples=["Spring teas"])
    subject: str = Field(examples=["{{ contact.first_name }}, the first flush is here"])
    preview_text: str = Field(description="What inboxes show beside it; empty for what the template says.")
    subjects: InLanguages = Field(description="Both in other languages: a reader gets what is written in the language of their mail.")
    subject_b: str | None = Field(description="The second subject of an A/B test, or null.")
    preview_text_b: str = Field(description="Its preview text; with none in any language it has those of the first.")
    subjects_b: InLanguages = Field(description="The second subject in other languages.")
    from_name: str = Field(examples=["Aurora Tea"])
    from_email: str = Field(examples=["news@example.com"])
    template_id: int = Field(examples=[5])
    template_version_id: int | None = Field(description="The version that is sent; null before.")
    connection_id: int = Field(description="How it is sent.", examples=[1])
    audience: AudienceShown
    track_conversions: bool
    state: CampaignState
    created_at: datetime
    launched_at: datetime | None
    finished_at: datetime | None
    stopped_reason: str = Field(description="Why nothing leaves at the moment, or it was not sent at its time; empty while all goes well.")
    scheduled_at: datetime | None = Field(description="When it is to be sent: when the first of its readers get it.")
    scheduled_wall: datetime | None = Field(description="The time on the clock that was said for it.", examples=["2026-12-01T09:00:00"])
    scheduled_zone: str = Field(description="Whose clock that is; empty for each contact's own.", examples=["Europe/Berlin"])
    timing: KeepsTime
    holdout_percent: int = Field(description="How many of a hundred people deliberately get nothing.", examples=[0])


class NewCampaign(Given):
    """A draft to be kept."""

    name: Line = Field(examples=["Spring teas"])
    subject: Line = Field(description="Merge fields allowed.", examples=["{{ contact.first_name }}, the first flush is here"])
    template_id: Id = Field(examples=[5])
    audience: AudienceShown = Field(examples=[{"kind": "list", "id": 4}])
    from_email: Line = Field(examples=["news@example.com"])
    from_name: Line = Field("", examples=["Aurora Tea"])
    preview_text: Line = Field("", description=_BESIDE, examples=["What grows this spring."])
    subjects: InLanguages = Field(default_factory=dict, description=_IN_LANGUAGES, examples=[{"de": {"subject": "Die neue Ernte ist da"}}])
    subject_b: Line | None = Field(None, description="Makes it an A/B test.")
    preview_text_b: Line = Field("", description="The preview text of the second subject; as the first's if it has none in any language.")
    subjects_b: InLanguages = Field(default_factory=dict, description="The second subject in other languages.")
    connection_id: Id | None = Field(None, description="How it is sent; the workspace's default if left out.")
    track_conversions: bool = False
    timing: KeepsTime = Field(KeepsTime(), description="The hours it may go out in.")  # type: ignore[call-arg]
    holdout_percent: int = Field(0, ge=0, le=MAX_HOLDOUT, description="How many of a hundred people deliberately get nothing.")


class CampaignChange(Given):
    """What is to be changed of a draft; what is left out stays."""

    name: Line | None = None
    subject: Line | None = None
    template_id: Id | None = None
    audience: AudienceShown | None = None
    from_email: Line | None = None
    from_name: Line | None = None
    preview_text: Line | None = None
    subjects: InLanguages | None = Field(None, description="In the place of all there were; {} takes them out.")
    subject_b: Line | None = Field(None, description="null ends the A/B test.")
    preview_text_b: Line | None = None
    subjects_b: InLanguages | None = Field(None, description="In the place of all there were; {} takes them out.")
    connection_id: Id | None = None
    track_conversions: bool | None = None
    timing: KeepsTime | None = None
    holdout_percent: int | None = Field(None, ge=0, le=MAX_HOLDOUT)


class TestGiven(Given):
    """Where a test goes."""

    to: list[Line] = Field(default_factory=list, max_length=MOST_AT_ONCE, examples=[["you@example.com"]])
    seeds: bool = Field(False, description="Whether it goes to all seed addresses too.", examples=[False])
    language: Line | None = Field(None, description="Which it is read in; empty for the main one.", examples=["de"])


class TestCopy(Shown):
    """What became of one copy."""

    address: str = Field(examples=["you@example.com"])
    refused: str = Field(description="Why it was not taken, in words; empty where it was.", examples=[""])


class TestSent(Shown):
    """What became of a test."""

    copies: list[TestCopy]


@router.get("", summary="List campaigns", openapi_extra=_VIEW)
def list_campaigns(caller: Asking, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[CampaignShown]:
    """Return the campaigns, the oldest first."""
    return cut(caller.services.campaigns.all(caller.by), limit, cursor, _shown, lambda one: one.id)


@router.post("", summary="Make a campaign", status_code=201, openapi_extra=_EDIT)
def make_campaign(caller: Asking, given: NewCampaign, response: Response) -> CampaignShown:
    """Keep a draft. Nothing is sent before you say so."""
    made = caller.services.campaigns.create(caller.by, **_fields(given))
    response.headers["Location"] = f"/api/v1/campaigns/{made.id}"
    return _shown(made)


@router.get("/{campaign_id}", summary="Get a campaign", openapi_extra=_VIEW)
def get_campaign(caller: Asking, campaign_id: IdInPath) -> CampaignShown:
    """Return a campaign."""
    return _shown(caller.services.campaigns.get(caller.by, campaign_id))


@router.patch("/{campaign_id}", summary="Change a draft", openapi_extra=_EDIT)
def change_campaign(caller: Asking, campaign_id: IdInPath, given: CampaignChange) -> CampaignShown:
    """Change a draft; what was launched stays as it was."""
    return _shown(caller.services.campaigns.update(caller.by, campaign_id, **_fields(given)))


@router.delete("/{campaign_id}", summary="Delete a draft", status_code=204, openapi_extra=_EDIT)
def delete_campaign(caller: Asking, campaign_id: IdInPath) -> None:
    """Delete a draft; what was sent stays on record."""
    caller.services.campaigns.delete(caller.by, campaign_id)


@router.post("/{campaign_id}/send", summary="Send a campaign", status_code=202, openapi_extra=_SEND)
def send_campaign(caller: Asking, campaign_id: IdInPath) -> CampaignShown:
    """Freeze the audience and the template, and begin to send. Sending again changes nothing: nobody gets it twice."""
    launched = caller.services.campaigns.launch(caller.by, campaign_id)
    ring(campaign_id, caller.services.settings)
    return _shown(launched)


@router.post("/{campaign_id}/test", summary="Send a test", openapi_extra=_SEND)
def send_test(caller: Asking, campaign_id: IdInPath, given: TestGiven) -> TestSent:
    """Send a copy to each address, marked as a test; it counts nowhere. One that is refused keeps none of the others."""
    addresses = [*given.to, *(one.email for one in caller.services.seed_addresses.all(caller.by) if given.seeds)]
    tried = caller.services.campaigns.send_test(caller.by, campaign_id, addresses, given.language)
    return TestSent(copies=[TestCopy.model_validate(one) for one in tried])


@router.post("/{campaign_id}/schedule", summary="Schedule a campaign", openapi_extra=_SEND)
def schedule_campaign(caller: Asking, campaign_id: IdInPath, given: ScheduleFor) -> CampaignShown:
    """Put a draft off to a time; whatever can be checked is checked now. The audience is looked at when the time comes."""
    timing = given.timing.said() if given.timing else None
    return _shown(caller.services.campaigns.schedule(caller.by, campaign_id, given.at, timing))


@router.post("/{campaign_id}/unschedule", summary="Unschedule a campaign", openapi_extra=_SEND)
def unschedule_campaign(caller: Asking, campaign_id: IdInPath) -> CampaignShown:
    """Make a scheduled campaign a draft again."""
    return _shown(caller.services.campaigns.unschedule(caller.by, campaign_id))


@router.post("/{campaign_id}/pause", summary="Pause a campaign", openapi_extra=_SEND)
def pause_campaign(caller: Asking, campaign_id: IdInPath) -> CampaignShown:
    """Hold what has not left yet."""
    return _shown(caller.services.campaigns.pause(caller.by, campaign_id))


@router.post("/{campaign_id}/resume", summary="Resume a campaign", openapi_extra=_SEND)
def resume_campaign(caller: Asking, campaign_id: IdInPath) -> CampaignShown:
    """Go on with what is left."""
    resumed = caller.services.campaigns.resume(caller.by, campaign_id)
    ring(campaign_id, caller.services.settings)
    return _shown(resumed)


@router.post("/{campaign_id}/cancel", summary="Cancel a campaign", openapi_extra=_SEND)
def cancel_campaign(caller: Asking, campaign_id: IdInPath) -> CampaignShown:
    """Cancel what has not left yet, for good."""
    return _shown(caller.services.campaigns.cancel(caller.by, campaign_id))


@router.get("/{campaign_id}/report", summary="Get a report", openapi_extra=needs(Permission.REPORTS_VIEW))
def get_report(caller: Asking, campaign_id: IdInPath) -> Report:
    """Return what came of a campaign, from its events as they stand now."""
    caller.services.campaigns.get(caller.by, campaign_id)
    return Report.model_validate(caller.services.analytics.campaign_report(caller.by, campaign_id))


def _fields(given: NewCampaign | CampaignChange) -> Any:
    """Return what was sent in the words of a draft; null is left out where it means nothing."""
    fields = {name: value for name, value in given.named().items() if value is not None or name == "subject_b"}
    for name in {"subjects", "subjects_b"} & fields.keys():
        fields[name] = headings(fields[name])
    if given.audience is not None and "audience" in fields:
        fields["audience"] = Audience(given.audience.kind, given.audience.id)
    if given.timing is not None and "timing" in fields:
        fields["timing"] = given.timing.said()
    return fields


def headings(given: InLanguages) -> dict[str, Heading]:
    """Return what was sent for other languages as campaigns keep it."""
    return {tag: Heading(one.subject, one.preview_text) for tag, one in given.items()}


def _shown(campaign: Campaign) -> CampaignShown:
    facts = {name: getattr(campaign, name) for name in CampaignShown.model_fields}
    return CampaignShown.model_validate(facts | {"timing": KeepsTime.shown(campaign.timing)})
