"""`postwright lists`: lists, and whether they ask first."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli.answers import Answer, table
from core.cli.call import Call
from core.cli.command import Usage, command, group

lists = group("lists", "Lists of contacts.")

Name = Annotated[str, typer.Argument(help="The list’s name.")]


@command(lists, "list")
def list_(call: Call) -> Answer:
    """Show the lists."""
    found = call.services.lists.all(call.by)
    facts = [{"id": one.id, "name": one.name, "people": one.size, "double_opt_in": one.double_opt_in} for one in found]
    rows = [(one.name, f"{one.size:,}", "asks first" if one.double_opt_in else "") for one in found]
    return Answer({"lists": facts}, table(("NAME", "PEOPLE", "JOINING"), rows) if rows else "There are no lists yet.")


@command(lists, "double-opt-in")
def double_opt_in(
    call: Call,
    name: Name,
    state: Annotated[str, typer.Argument(metavar="on|off", help="Whether whoever is to join is asked by mail first.")],
    from_email: Annotated[str, typer.Option("--from", metavar="EMAIL", help="Who the mail that asks is from.")] = "",
    from_name: Annotated[str, typer.Option("--from-name", metavar="NAME", help="Their name.")] = "",
) -> Answer:
    """Say whether a list asks by mail first."""
    if state not in ("on", "off"):
        raise Usage(f"“{state[:20]}” is neither on nor off.")
    known = call.services.lists.by_name(call.by, name)
    sender = {"from_email": from_email or known.from_email, "from_name": from_name or known.from_name}
    changed = call.services.lists.set_opt_in(call.by, known.id, double_opt_in=state == "on", **sender)
    does = "asks whoever is to join by mail first" if changed.double_opt_in else "takes people on at once"
    return Answer({"list_id": changed.id, "double_opt_in": changed.double_opt_in}, f"“{changed.name}” {does}.")
