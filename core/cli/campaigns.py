"""`postwright campaigns`: from draft to report."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Annotated

import typer

from core.campaigns.models import Audience, Campaign
from core.campaigns.states import CampaignState
from core.cli import campaign_times
from core.cli.answers import Answer, facts_of, table
from core.cli.call import Call
from core.cli.campaign_lines import PreviewBIn, PreviewIn, SubjectBIn, SubjectIn, in_languages
from core.cli.command import Usage, command, group
from core.cli.progress import Progress
from core.cli.reports import report_words, waiting_words
from core.cli.supervisor import stop_signals
from core.cli.templates import find_template
from core.errors import NotFound
from core.messages.states import MessageState
from core.providers.connections import Connection

campaigns = group("campaigns", "One email to many: from draft to report.")

Id = campaign_times.Id


@command(campaigns, "create")
def create(
    call: Call,
    name: Annotated[str, typer.Option("--name", help="What you call it.")],
    subject: Annotated[str, typer.Option("--subject", help="The subject; may have merge fields.")],
    template: Annotated[str, typer.Option("--template", metavar="NAME", help="The template.")],
    to: Annotated[str, typer.Option("--to", metavar="list:NAME|segment:NAME", help="Who gets it.")],
    subject_b: Annotated[str, typer.Option("--subject-b", help="A second subject: half of the people get it.")] = "",
    preview: Annotated[str, typer.Option("--preview", help="The text beside the subject; as the template says it if not given.")] = "",
    subject_in: SubjectIn = None,
    preview_in: PreviewIn = None,
    preview_b: Annotated[str, typer.Option("--preview-b", help="The text beside the second subject; that of the first if not given.")] = "",
    subject_b_in: SubjectBIn = None,
    preview_b_in: PreviewBIn = None,
    sender: Annotated[
        str, typer.Option("--from", metavar="ADDRESS", help="“Name <address>” or the address; may be left out for the outbox.")
    ] = "",
    provider: Annotated[str, typer.Option("--provider", metavar="NAME", help="Which connection sends; the default one if not given.")] = "",
    track_conversions: Annotated[
        bool, typer.Option("--track-conversions", help="Add a token to clicked links, to report sales with.")
    ] = False,
    holdout: Annotated[int, typer.Option("--holdout", metavar="PERCENT", help="So many of a hundred people deliberately get nothing.")] = 0,
) -> Answer:
    """Write down a campaign; nothing is sent yet."""
    audience = _audience(call, to)
    connection = _connection(call, provider)
    from_name, from_email = _sender(call, sender, connection)
    campaign = call.services.campaigns.create(
        call.by,
        name=name,
        subject=subject,
        preview_text=preview,
        subjects=in_languages(subject_in, preview_in),
        template_id=find_template(call, template).id,
        audience=audience,
        from_email=from_email,
        from_name=from_name,
        connection_id=connection.id,
        track_conversions=track_conversions,
        subject_b=subject_b or None,
        preview_text_b=preview_b,
        subjects_b=in_languages(subject_b_in, preview_b_in, "-b"),
        holdout_percent=holdout,
    )
    size = call.services.campaigns.audience_size(call.by, campaign.audience)
    people = f"{size:,} {'contact' if size == 1 else 'contacts'}"
    words = f"Campaign {campaign.id} “{campaign.name}” is a draft for {people}. Send it: postwright campaigns send {campaign.id}"
    return Answer({**facts_of(campaign), "audience_size": size}, words)


@command(campaigns, "list")
def show_all(call: Call) -> Answer:
    """List the campaigns."""
    found = call.services.campaigns.all(call.by)
    rows = [(one.id, one.name, one.state.value, one.launched_at) for one in found]
    return Answer({"campaigns": [facts_of(one) for one in found]}, table(("ID", "NAME", "STATE", "LAUNCHED"), rows))


@command(campaigns, "test")
def test(
    call: Call,
    campaign_id: Id,
    to: Annotated[list[str] | None, typer.Option("--to", metavar="EMAIL", help="Where a copy goes; may be said several times.")] = None,
    seeds: Annotated[bool, typer.Option("--seeds", help="To all seed addresses.")] = False,
    language: Annotated[str | None, typer.Option("--language", metavar="L", help="Which it is read in.")] = None,
) -> Answer:
    """Send a test; it counts nowhere."""
    if not to and not seeds:
        raise Usage("Say where the test goes: --to EMAIL, or --seeds.")
    addresses = [*(to or ()), *(one.email for one in call.services.seed_addresses.all(call.by) if seeds)]
    tried = call.services.campaigns.send_test(call.by, campaign_id, addresses, language)
    rows = [(one.address, one.refused or "sent") for one in tried]
    return Answer(
        {"copies": [facts_of(one) for one in tried]}, table(("ADDRESS", "OUTCOME"), rows), ok=not any(one.refused for one in tried)
    )


@command(campaigns, "send")
def send(
    call: Call,
    campaign_id: Id,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it is sent and the report knows it.")] = False,
) -> Answer:
    """Send a campaign; sending it again changes nothing."""
    from core.jobs.doorbell import ring

    launched = call.services.campaigns.launch(call.by, campaign_id)
    if wait:
        return _wait(call, campaign_id)
    ring(campaign_id, call.settings)
    total = sum(call.services.ledger.counts(call.by, campaign_id).values())
    on_their_way = f"{total:,} messages are on their way."
    if launched.state is CampaignState.SENT:
        on_their_way = f"It was sent before, to {total:,}; nothing is sent again."
    words = f"{on_their_way} See how it goes: postwright campaigns report {campaign_id}"
    return Answer({**facts_of(call.services.campaigns.get(call.by, campaign_id)), "messages": total}, words)


campaign_times.declare(campaigns)


@command(campaigns, "pause")
def pause(call: Call, campaign_id: Id) -> Answer:
    """Hold a campaign; what is not sent yet stays."""
    return _changed(call.services.campaigns.pause(call.by, campaign_id))


@command(campaigns, "resume")
def resume(call: Call, campaign_id: Id) -> Answer:
    """Let a paused campaign go on."""
    from core.jobs.doorbell import ring

    campaign = call.services.campaigns.resume(call.by, campaign_id)
    ring(campaign_id, call.settings)
    return _changed(campaign)


@command(campaigns, "cancel")
def cancel(call: Call, campaign_id: Id) -> Answer:
    """End a campaign for good; what is not sent yet never will be."""
    return _changed(call.services.campaigns.cancel(call.by, campaign_id))


@command(campaigns, "report")
def report(call: Call, campaign_id: Id) -> Answer:
    """Show what came of a campaign."""
    campaign = call.services.campaigns.get(call.by, campaign_id)
    found = call.services.analytics.campaign_report(call.by, campaign_id)
    waits = waiting_words(campaign, call.services.standings.now(call.by, campaign_id))
    facts = {"id": campaign.id, "name": campaign.name, "state": campaign.state, "stopped_reason": campaign.stopped_reason}
    return Answer({**facts, **facts_of(found)}, "\n\n".join(filter(None, [report_words(campaign, found), waits])))


def _wait(call: Call, campaign_id: int) -> Answer:
    from core.jobs.seeing_through import see_through

    progress = Progress(call.say)
    with stop_signals() as stop:
        see_through(call.services, call.by, campaign_id, stop=stop, tell=progress.tell)
    campaign = call.services.campaigns.get(call.by, campaign_id)
    counts = call.services.ledger.counts(call.by, campaign_id)
    told = ", ".join(f"{count:,} {state}" for state, count in counts.items() if count)
    open_ends = counts.get(MessageState.UNCERTAIN, 0)
    hint = f" For {open_ends:,} the provider gave no answer; they are not sent again." if open_ends else ""
    facts = {**facts_of(campaign), "messages": sum(counts.values()), "counts": {state.value: count for state, count in counts.items()}}
    return Answer(facts, f"Campaign {campaign_id} is {campaign.state}: {told}.{hint}")


def _changed(campaign: Campaign) -> Answer:
    return Answer(facts_of(campaign), f"Campaign {campaign.id} “{campaign.name}” is {campaign.state} now.")


def _connection(call: Call, name: str) -> Connection:
    connections = call.services.connections
    return connections.by_name(call.by, name) if name else connections.default(call.by)


def _sender(call: Call, text: str, connection: Connection) -> tuple[str, str]:
    """Return the sender's name and address; only mail that never leaves may have one made up."""
    name, address = parseaddr(text)
    if not text and connection.kind == "outbox":
        return call.workspace.name, "news@example.com"
    if not address:
        raise Usage("Say who it is from.", hint="For example: --from 'Acme <news@example.com>'")
    return name, address


def _audience(call: Call, text: str) -> Audience:
    kind, _, name = text.partition(":")
    if kind == "list" and name:
        return Audience("list", _list_id(call, name))
    if kind == "segment" and name:
        return Audience("segment", call.services.segments.by_name(call.by, name).id)
    raise Usage(f"“{text}” names nobody.", hint="Say --to list:NAME or --to segment:NAME.")


def _list_id(call: Call, name: str) -> int:
    try:
        return call.services.lists.by_name(call.by, name).id
    except NotFound:
        if not name.isdigit():
            raise
        return call.services.lists.get(call.by, int(name)).id
