"""`postwright seeds`: mailboxes of one's own that tests go to."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli.answers import Answer, facts_of, table
from core.cli.call import Call
from core.cli.command import command, group
from core.contacts.addresses import normalise
from core.errors import NotFound

seeds = group("seeds", "Mailboxes of your own that tests of campaigns and templates go to.")

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The address.")]


@command(seeds, "list")
def show_all(call: Call) -> Answer:
    """List the seed addresses."""
    found = call.services.seed_addresses.all(call.by)
    return Answer({"seeds": [facts_of(one) for one in found]}, table(("ADDRESS", "READ IN"), [(one.email, one.label) for one in found]))


@command(seeds, "add")
def add(
    call: Call,
    email: Email,
    label: Annotated[str, typer.Option("--label", metavar="WORDS", help="What is read there, such as “Outlook on Windows”.")] = "",
) -> Answer:
    """Put an address on the list."""
    one = call.services.seed_addresses.add(call.by, email, label)
    return Answer(facts_of(one), f"“{one.email}” is on the list. Send a test to all of it: postwright campaigns test ID --seeds")


@command(seeds, "remove")
def remove(call: Call, email: Email) -> Answer:
    """Take an address off the list."""
    wanted = normalise(email)
    found = next((one for one in call.services.seed_addresses.all(call.by) if one.email == wanted), None)
    if found is None:
        raise NotFound(f"“{email}” is no seed address.", hint="postwright seeds list shows those there are.")
    call.services.seed_addresses.remove(call.by, found.id)
    return Answer({"removed": found.email}, f"“{found.email}” is off the list.")
