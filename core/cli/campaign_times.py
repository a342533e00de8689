"""`postwright campaigns schedule` and `unschedule`: a time for a campaign, and the hours it may go out in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from core.campaigns.models import Campaign
from core.campaigns.timing import Late, Timing
from core.cli.answers import Answer, facts_of
from core.cli.call import Call
from core.cli.command import Usage, command
from core.hours import parse_window

Id = Annotated[int, typer.Argument(metavar="ID", help="The campaign's number, from `campaigns list`.")]


def declare(campaigns: typer.Typer) -> None:
    """Make the commands part of a group."""
    command(campaigns, "schedule")(schedule)
    command(campaigns, "unschedule")(unschedule)


def schedule(
    call: Call,
    campaign_id: Id,
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="The time on the clock, such as 2026-12-01T09:00.")],
    contact_zone: Annotated[bool, typer.Option("--contact-zone", help="By each contact's own clock: attribute `time_zone`.")] = False,
    window: Annotated[str, typer.Option("--window", metavar="HOURS", help="Only in these hours, such as “mon-fri 9:00-18:00”.")] = "",
    next_day: Annotated[bool, typer.Option("--next-day", help="Whose clock has passed the time already gets it the next day.")] = False,
    important: Annotated[bool, typer.Option("--important", help="Send it whatever its readers got before.")] = False,
) -> Answer:
    """Send a campaign at a time; what can be checked is checked now."""
    draft = call.services.campaigns.get(call.by, campaign_id).timing
    timing = Timing(
        parse_window(window) if window else draft.window,
        contact_zone or draft.in_contact_zone,
        Late.NEXT_DAY if next_day else draft.late,
        important or draft.ignores_cap,
    )
    moment = _time(at)
    told = call.services.campaigns.forecast(call.by, campaign_id, moment, timing)
    campaign = call.services.campaigns.schedule(call.by, campaign_id, moment, timing)
    late = f" For {told.late:,} that time is over already: they get it {_LATE[timing.late]}." if told.late else ""
    words = f"Campaign {campaign.id} “{campaign.name}” goes to {told.people:,} people {_when(campaign)}.{late}"
    return Answer({**facts_of(campaign), "forecast": told}, words)


def unschedule(call: Call, campaign_id: Id) -> Answer:
    """Make a scheduled campaign a draft again."""
    campaign = call.services.campaigns.unschedule(call.by, campaign_id)
    return Answer(facts_of(campaign), f"Campaign {campaign.id} “{campaign.name}” is a draft again.")


_LATE = {Late.NOW: "at once", Late.NEXT_DAY: "the next day"}


def _when(campaign: Campaign) -> str:
    clock = f"the clock of {campaign.scheduled_zone}" if campaign.scheduled_zone else "each contact's own clock"
    return f"{campaign.scheduled_wall:%Y-%m-%d %H:%M} by {clock}, from {campaign.scheduled_at:%Y-%m-%d %H:%M} UTC on"


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Usage(f"“{text}” is no time.", hint="Write it as 2026-12-01T09:00.") from error
