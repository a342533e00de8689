"""What a campaign is: one blast to one audience."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from core.campaigns.states import CampaignState
from core.campaigns.tables import campaigns
from core.campaigns.timing import Appointment, Timing
from core.campaigns.visibility import gone, this
from core.experiments.experiments import load_arms
from core.experiments.tables import arms
from core.messages.plan import Route
from core.permissions import Principal
from core.templates.languages.headings import Heading, Headings, from_row, languages_from_json

AudienceKind = Literal["list", "segment"]


@dataclass(frozen=True)
class Audience:
    """Whom a campaign goes to.

    Args:
        kind: A static list or the people a segment's rules choose at the moment of launch.
        id: The list or segment.
    """

    kind: AudienceKind
    id: int


@dataclass(frozen=True)
class Campaign:
    """One blast.

    Args:
        id: Its number.
        name: What the team calls it.
        subject: The subject line; merge fields allowed.
        subject_b: The second subject of an A/B test, or None.
        preview_text: What inboxes show beside the subject; empty for what the template says.
        subjects: Subject and preview text in other languages; what is empty is as in the main one.
        preview_text_b: The preview text of the second subject; with none in any language it has those of the first.
        subjects_b: The second subject in other languages.
        from_name: The sender's name; may be empty.
        from_email: The sender's address.
        template_id: What is sent.
        template_version_id: The version that was pinned at launch, or None before.
        connection_id: How it is sent.
        routes: Where it is sent through several connections: each with its share.
        audience: Whom it goes to.
        track_conversions: Whether tracked links hand the landing page a token to report purchases with.
        state: Where it is.
        created_at: When it was made.
        launched_at: When it was launched.
        finished_at: When the last message was settled, or it was cancelled.
        stopped_reason: Why nothing leaves at the moment, or it was not launched at its time, in words; empty while all goes well.
        scheduled_at: When it is to be launched, or None; the first of its readers get it then.
        scheduled_wall: The time on the clock that was said for it; None where it never was.
        scheduled_zone: Whose clock that is: a zone, or empty for each contact's own.
        timing: How it keeps time.
        holdout_percent: How many of a hundred people deliberately get nothing, so that the others can be compared with them.
    """

    id: int
    name: str
    subject: str
    subject_b: str | None
    from_name: str
    from_email: str
    template_id: int
    template_version_id: int | None
    connection_id: int
    audience: Audience
    track_conversions: bool
    state: CampaignState
    created_at: datetime
    launched_at: datetime | None
    finished_at: datetime | None
    stopped_reason: str
    scheduled_at: datetime | None = None
    scheduled_wall: datetime | None = None
    scheduled_zone: str = ""
    timing: Timing = field(default_factory=Timing)
    holdout_percent: int = 0
    routes: tuple[Route, ...] = ()
    preview_text: str = ""
    subjects: Mapping[str, Heading] = field(default_factory=dict)
    preview_text_b: str = ""
    subjects_b: Mapping[str, Heading] = field(default_factory=dict)

    @property
    def headings(self) -> tuple[Headings, ...]:
        """What inboxes show of it, as it was written: of each arm where it is an A/B test."""
        first = Headings(self.subject, self.preview_text, self.subjects)
        return (first,) if self.subject_b is None else (first, Headings(self.subject_b, self.preview_text_b, self.subjects_b))


def as_campaign(row: sa.Row[Any], second: Headings | None) -> Campaign:
    """Return a campaign from its row and what the second arm's readers see."""
    said, first = Appointment.from_json(row.timing), from_row(row)
    return Campaign(
        id=row.id,
        name=row.name,
        subject=first.subject,
        subject_b=second.subject if second else None,
        from_name=row.from_name,
        from_email=row.from_email,
        template_id=row.template_id,
        template_version_id=row.template_version_id,
        connection_id=row.connection_id,
        audience=Audience(row.audience["kind"], row.audience["id"]),
        track_conversions=row.track_conversions,
        state=CampaignState(row.state),
        created_at=row.created_at,
        launched_at=row.launched_at,
        finished_at=row.finished_at,
        stopped_reason=row.stopped_reason,
        scheduled_at=row.scheduled_at,
        scheduled_wall=said.wall if said else None,
        scheduled_zone=said.zone if said else "",
        timing=Timing.from_json(row.timing),
        holdout_percent=row.holdout_percent,
        routes=tuple(Route(each["connection_id"], each["weight"]) for each in row.routes),
        preview_text=first.preview_text,
        subjects=first.languages,
        preview_text_b=second.preview_text if second else "",
        subjects_b=second.languages if second else {},
    )


def select_campaigns() -> sa.Select[Any]:
    """Return the query of campaigns, each with its second arm, for `listed`."""
    second, column = sa.and_(arms.c.campaign_id == campaigns.c.id, arms.c.key == "B"), arms.c
    theirs = (column.subject.label("subject_b"), column.preview_text.label("preview_text_b"), column.subjects.label("subjects_b"))
    return sa.select(campaigns, *theirs).select_from(campaigns.outerjoin(arms, second))


def listed(row: sa.Row[Any]) -> Campaign:
    """Return a campaign from a row of `select_campaigns`."""
    second = None if row.subject_b is None else Headings(row.subject_b, row.preview_text_b, languages_from_json(row.subjects_b))
    return as_campaign(row, second)


def load_campaign(connection: sa.Connection, by: Principal, campaign_id: int, *, for_update: bool = False) -> Campaign:
    """Return one campaign.

    Args:
        connection: An open connection.
        by: Who asks.
        campaign_id: Which one.
        for_update: Keep others from changing it until the transaction ends.

    Raises:
        NotFound: If there is no such campaign in this workspace, or `by` may not see it.
    """
    statement = sa.select(campaigns).where(*this(by, campaign_id))
    row = connection.execute(statement.with_for_update() if for_update else statement).one_or_none()
    if row is None:
        raise gone()
    second = load_arms(connection, by.workspace_id, campaign_id)[1:2]
    return as_campaign(row, second[0].headings if second else None)
