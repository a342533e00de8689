"""Recipients: who got a campaign, who did not and why, how far it is, and sending it to those it has not reached."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, IdInPath, Line, Shown
from core.campaigns.states import CampaignState
from core.jobs.doorbell import ring
from core.messages.fates import Fate
from core.messages.missing import Choice
from core.messages.states import MessageState
from core.permissions import Permission

router = APIRouter(prefix="/campaigns", tags=["Recipients"], route_class=Door)
_VIEW, _SEND = needs(Permission.CAMPAIGNS_VIEW), needs(Permission.CAMPAIGNS_SEND)


class ProgressShown(Shown):
    """How far a campaign is right now."""

    state: CampaignState
    launched_at: datetime | None
    counted_at: datetime | None = Field(description="When the messages were counted; a count is shared for some seconds.")
    total: int = Field(examples=[42694])
    settled: int = Field(description="How many have an outcome.", examples=[12000])
    counts: dict[MessageState, int] = Field(description="Messages by state; states without any are left out.")
    left_per_second: float | None = Field(
        description="Messages that left, a second, lately; null until asked twice, or while nothing is sent."
    )
    seconds_left: float | None = Field(description="For what need not wait for its time; null where that can't be told.")
    retrying: int = Field(description="Messages that are tried again later.")
    next_try: datetime | None
    put_off: int = Field(description="Messages that wait for their time.")
    next_turn: datetime | None
    stopped_reason: str = Field(description="Why nothing leaves at the moment; empty while all goes well.")


class ReasonShown(Shown):
    """Why, and how often."""

    reason: str = Field(description="Without addresses and numbers, so that those alike are one.", examples=["550 5.7.1 … blocked"])
    people: int


class OutcomeShown(Shown):
    """One thing that became of messages."""

    outcome: Fate
    people: int
    reasons: list[ReasonShown]


class OutcomesShown(Shown):
    """What became of everybody."""

    people: int
    outcomes: list[OutcomeShown]


class MissingShown(Shown):
    """Who has not got a campaign and may get it now."""

    cancelled: int
    skipped: list[ReasonShown] = Field(description="Left out for a reason that does not hold any more.")
    refused: list[ReasonShown] = Field(description="Without addresses that are no good.")
    uncertain: int = Field(description="Nobody knows whether they got it.")
    barred: int = Field(
        description="Those that can't get it: unsubscribed, suppressed, deleted, held out to compare with, or an address that is no good."
    )


class SendToMissing(Given):
    """Which of the missing get it now."""

    cancelled: bool = Field(True, description="Those whose messages were cancelled.")
    skipped: bool = Field(True, description="Those left out for a reason that does not hold any more.")
    refused: list[Line] = Field([], max_length=100, description="Reasons, as `missing` gives them.")
    joined: bool = Field(False, description="Those who came into the audience since.")
    uncertain_may_get_it_twice: bool = Field(False, description="Those of whom nobody knows; some of them get it twice.")


class SentToMissing(Shown):
    """How many are on their way now."""

    messages: int
    state: CampaignState


@router.get("/{campaign_id}/progress", summary="See how far a campaign is", openapi_extra=_VIEW)
def get_progress(caller: Asking, campaign_id: IdInPath) -> ProgressShown:
    """Return how many of what, how fast it goes, and what waits until when."""
    campaign = caller.services.campaigns.get(caller.by, campaign_id)
    found = caller.services.standings.now(caller.by, campaign_id, after=campaign.finished_at)
    rate = found.rate if campaign.state is CampaignState.SENDING else None
    return ProgressShown(
        state=campaign.state,
        launched_at=campaign.launched_at,
        counted_at=found.at,
        total=found.total,
        settled=found.settled,
        counts=dict(found.counts),
        left_per_second=rate.left_per_second if rate else None,
        seconds_left=found.seconds_left if rate else None,
        retrying=found.retrying,
        next_try=found.next_try,
        put_off=found.put_off,
        next_turn=found.next_turn,
        stopped_reason=campaign.stopped_reason,
    )


@router.get("/{campaign_id}/outcomes", summary="See who got a campaign, and why others did not", openapi_extra=_VIEW)
def get_outcomes(caller: Asking, campaign_id: IdInPath) -> OutcomesShown:
    """Return how many people had which outcome, and for which reasons; `GET /messages?campaign_id=…` lists them one by one."""
    caller.services.campaigns.get(caller.by, campaign_id)
    recipients = caller.services.recipients
    told = recipients.fates(caller.by, campaign_id)
    outcomes = [
        OutcomeShown(outcome=fate, people=count, reasons=_reasons(recipients.reasons(caller.by, campaign_id, fate)))
        for fate, count in told.items()
    ]
    return OutcomesShown(people=sum(told.values()), outcomes=outcomes)


@router.get("/{campaign_id}/missing", summary="See who has not got a campaign", openapi_extra=_VIEW)
def get_missing(caller: Asking, campaign_id: IdInPath) -> MissingShown:
    """Return how many have not got it and may get it now."""
    found = caller.services.again.missing(caller.by, campaign_id)
    return MissingShown(
        cancelled=found.cancelled,
        skipped=_reasons(found.skipped),
        refused=_reasons(found.refused),
        uncertain=found.uncertain,
        barred=found.barred,
    )


@router.post("/{campaign_id}/send-to-missing", summary="Send a campaign to those it has not reached", status_code=202, openapi_extra=_SEND)
def send_to_missing(caller: Asking, campaign_id: IdInPath, given: SendToMissing) -> SentToMissing:
    """Let their messages wait once more, and the campaign go on. Whoever got it does not get it again."""
    chosen = Choice(given.cancelled, given.skipped, tuple(given.refused), given.joined, given.uncertain_may_get_it_twice)
    count = caller.services.again.send(caller.by, campaign_id, chosen)
    if count:
        ring(campaign_id, caller.services.settings)
    return SentToMissing(messages=count, state=caller.services.campaigns.get(caller.by, campaign_id).state)


def _reasons(found: Mapping[str, int]) -> list[ReasonShown]:
    return [ReasonShown(reason=reason, people=count) for reason, count in found.items()]
