"""Preflight: what must be mended in an email before it is sent, and what had better be."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, IdInPath, Line, Shown
from core.api.resources.campaigns import AudienceShown, InLanguages, headings
from core.campaigns.models import Audience
from core.permissions import Permission
from core.preflight.envelopes import Envelope
from core.preflight.findings import Rule, Severity
from core.templates.languages.choice import normal_language

router = APIRouter(prefix="/templates", tags=["Preflight"], route_class=Door)


class AboutEmail(Given):
    """What is known about the email beside its template; what is left out is not looked at."""

    subject: Line | None = Field(None, description="Merge fields allowed.", examples=["{{ contact.first_name }}, the first flush is here"])
    preview_text: Line | None = Field(None, description="Looked for in the email if left out.", examples=["What grows this spring."])
    subjects: InLanguages = Field(default_factory=dict, description="Subject and preview text in other languages of the template.")
    from_email: Line | None = Field(None, examples=["news@example.com"])
    audience: AudienceShown | None = Field(None, description="Whom it goes to: finds merge fields that are empty for some of them.")
    asks_links: bool = Field(False, description="Whether links and images are asked for; takes up to ten seconds.")


class FindingShown(Shown):
    """One thing that was found."""

    rule: Rule
    severity: Severity = Field(description="An error keeps a campaign from being sent.")
    message: str = Field(examples=["“city” is empty for 1,204 of 42,694 people (3 %)."])
    hint: str = Field(description="How to mend it.", examples=["Say what stands there instead: {{ contact.city | default('…') }}."])
    where: str = Field(description="Where it is, in words; empty where that is not known, or is the whole email.", examples=["Line 12"])
    block: str = Field(description="The id of the block or section it is in; empty for none.", examples=["a49b044bcb"])
    line: int | None = Field(description="The line of the source it is in, from 1; of the first language it was found in.")
    languages: list[str] = Field(
        description="In which languages it was found, `main` for the main one; empty where it is the same in all.", examples=[["de"]]
    )


class ReportShown(Shown):
    """What a check came to."""

    is_blocked: bool = Field(description="Whether it may not be sent as it is.")
    fetched: bool = Field(description="Whether links and images were asked for.")
    findings: list[FindingShown] = Field(description="The worst first.")


@router.post("/{template_id}/preflight", summary="Check an email before it is sent", openapi_extra=needs(Permission.TEMPLATES_VIEW))
def check_template(caller: Asking, template_id: IdInPath, given: AboutEmail) -> ReportShown:
    """Check the newest version of a template, in all its languages.

    With a sender, `campaigns.view` is needed too; with an audience, what shows its people.
    """
    version = caller.services.templates.latest(caller.by, template_id)
    subjects = {normal_language(tag): said for tag, said in headings(given.subjects).items()}
    envelope = Envelope.about(given.subject, given.preview_text, given.from_email, subjects)
    audience = Audience(given.audience.kind, given.audience.id) if given.audience else None
    report = caller.services.preflight.check(caller.by, version, envelope, audience=audience, fetch=given.asks_links)
    return ReportShown.model_validate(report)
