"""`postwright recipients`: who got a campaign, who did not, and sending it to those it has not reached."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.cli import files
from core.cli.answers import Answer, facts_of, table
from core.cli.call import Call
from core.cli.command import Usage, command, group
from core.messages.fates import Fate
from core.messages.missing import Choice, Missing

recipients = group("recipients", "Who got a campaign, who did not and why, and sending it to those.")

Id = Annotated[int, typer.Argument(metavar="ID", help="The campaign's number, from `campaigns list`.")]


@command(recipients, "count")
def count(call: Call, campaign_id: Id) -> Answer:
    """Count who got a campaign, and the others by why."""
    campaign = call.services.campaigns.get(call.by, campaign_id)
    told = call.services.recipients.fates(call.by, campaign_id)
    why = {fate: call.services.recipients.reasons(call.by, campaign_id, fate) for fate in told}
    rows: list[tuple[object, ...]] = []
    for fate, people in told.items():
        rows += [(fate.value, people, "")] + [("", people, reason) for reason, people in why[fate].items()]
    outcomes = [{"outcome": fate, "people": people, "reasons": why[fate]} for fate, people in told.items()]
    words = table(("OUTCOME", "PEOPLE", "WHY"), rows) if rows else f"Nobody yet: campaign {campaign_id} is {campaign.state}."
    return Answer({"people": sum(told.values()), "outcomes": outcomes}, words)


@command(recipients, "export")
def export(
    call: Call,
    campaign_id: Id,
    outcome: Annotated[Fate | None, typer.Option("--outcome", help="Only people with this outcome.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where to; standard output if not given.")] = None,
) -> Answer:
    """Export who got a campaign as CSV: a line a person, with what became of it and why."""
    if call.as_json and output is None:
        raise Usage("With --json the people go into a file.", hint="Say which with -o FILE.")
    lines = call.services.recipients.stream_csv(call.by, campaign_id, outcome)
    if output is None:
        return Answer(lines=lines)
    written = files.write_csv(output, lines)
    return Answer({"people": written, "file": output}, f"{written:,} people are in “{output}”.")


@command(recipients, "missing")
def missing(call: Call, campaign_id: Id) -> Answer:
    """Show who has not got a campaign and may get it now."""
    found = call.services.again.missing(call.by, campaign_id)
    return Answer(facts_of(found), _words(found, campaign_id))


@command(recipients, "send")
def send(
    call: Call,
    campaign_id: Id,
    refused: Annotated[
        list[str] | None, typer.Option("--refused", metavar="REASON", help="Those refused for this reason, as `missing` shows it.")
    ] = None,
    joined: Annotated[bool, typer.Option("--joined", help="Those who came into the audience since.")] = False,
    uncertain: Annotated[
        bool, typer.Option("--uncertain-even-twice", help="Those of whom nobody knows; some of them get it twice.")
    ] = False,
) -> Answer:
    """Send a campaign to those who were cancelled or left out and may get it now, and to whom you name besides."""
    from core.jobs.doorbell import ring

    chosen = Choice(cancelled=True, skipped=True, refused=tuple(refused or ()), joined=joined, uncertain=uncertain)
    sent = call.services.again.send(call.by, campaign_id, chosen)
    if not sent:
        return Answer({"messages": 0}, "Nobody is left to send it to; nothing has changed.")
    ring(campaign_id, call.settings)
    return Answer({"messages": sent}, f"{sent:,} messages are on their way. See how it goes: postwright campaigns report {campaign_id}")


def _words(found: Missing, campaign_id: int) -> str:
    rows: list[tuple[object, ...]] = [("cancelled", found.cancelled, "")] if found.cancelled else []
    rows += [("left out", people, reason) for reason, people in found.skipped.items()]
    rows += [("refused", people, reason) for reason, people in found.refused.items()]
    rows += [("uncertain", found.uncertain, "no answer came, so they may have got it")] if found.uncertain else []
    barred = (
        f"{found.barred:,} more can't get it: unsubscribed, suppressed, deleted, held out to compare with, or an address that is no good."
    )
    if not rows:
        return f"Nobody is missing. {barred}" if found.barred else "Nobody is missing."
    parts = [
        table(("MISSING", "PEOPLE", "WHY"), rows),
        barred if found.barred else "",
        f"Send it: postwright recipients send {campaign_id}",
    ]
    return "\n".join(filter(None, parts))
