"""The command `postwright`: every command by name."""

from __future__ import annotations

import os

from core.cli import doctor, event_intake, paces, up
from core.cli.answers import Answer
from core.cli.audit import audit
from core.cli.brands import brands
from core.cli.call import Call
from core.cli.campaigns import campaigns
from core.cli.command import command, group
from core.cli.contacts import contacts
from core.cli.demo import command as demo
from core.cli.domains import domains
from core.cli.events import events
from core.cli.lists import lists
from core.cli.messages import messages
from core.cli.outbox import outbox
from core.cli.privacy import privacy
from core.cli.providers import providers
from core.cli.recipients import recipients
from core.cli.seeds import seeds
from core.cli.segments import segments
from core.cli.suppressions import suppressions
from core.cli.templates import templates
from core.cli.tokens import tokens
from core.cli.users import users

postwright = group("postwright", "Postwright: email marketing you run yourself.")

command(postwright, "up")(up.up)
command(postwright, "doctor")(doctor.doctor)
command(postwright, "demo")(demo.demo)
command(events, "intake")(event_intake.intake)
command(events, "raw")(event_intake.raw)
command(events, "replay")(event_intake.replay)
command(events, "reclassify")(event_intake.reclassify)
command(providers, "pace")(paces.pace)


@command(postwright, "migrate")
def migrate(call: Call) -> Answer:
    """Bring the database up to date; makes it where there is none."""
    call.begin()
    return Answer({}, "The database is up to date.")


_AUDIENCE = (contacts, lists, suppressions, privacy, segments)
for noun in (
    users,
    tokens,
    *_AUDIENCE,
    templates,
    brands,
    campaigns,
    seeds,
    recipients,
    messages,
    events,
    providers,
    domains,
    outbox,
    audit,
):
    postwright.add_typer(noun)

for name, part in (("app", up.app), ("receiver", up.receiver), ("worker", up.worker), ("ingester", up.ingester)):
    command(postwright, name)(part)


def main() -> None:
    """Run the command line; what it and the processes it starts write is for this user's eyes only."""
    os.umask(0o077)
    postwright()


if __name__ == "__main__":
    main()
