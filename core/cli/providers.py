"""`postwright providers`: the ways mail can leave."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli.answers import Answer, table
from core.cli.call import Call
from core.cli.command import Usage, command, group
from core.providers.connections import Connection

providers = group("providers", "The ways mail can leave.")


@command(providers, "add")
def add(
    call: Call,
    name: Annotated[str, typer.Argument(help="What you call it.")],
    kind: Annotated[str, typer.Option("--kind", help="outbox or smtp.")],
    values: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting; may be given several times.")] = None,
    default: Annotated[bool, typer.Option("--default", help="New campaigns use it.")] = False,
) -> Answer:
    """Configure a provider; its secrets are kept encrypted."""
    connections = call.services.connections
    connection = connections.add(call.by, name, kind, dict(_pair(text) for text in values or []))
    if default:
        connections.set_default(call.by, connection.id)
    facts = _facts(connection) | {"is_default": default or connection.is_default}
    return Answer({"connection": facts}, f"“{connection.name}” ({connection.kind}) is ready to send.")


@command(providers, "set")
def change(
    call: Call,
    name: Annotated[str, typer.Argument(help="What you call it.")],
    values: Annotated[list[str], typer.Option("--set", metavar="KEY=VALUE", help="A new setting; may be given several times.")],
) -> Answer:
    """Change settings of a provider; what is not named stays as it is, and so does a secret that is left empty."""
    connections = call.services.connections
    new = dict(_pair(text) for text in values)
    connection = connections.change(call.by, connections.by_name(call.by, name).id, new)
    return Answer({"connection": _facts(connection)}, f"“{connection.name}” ({connection.kind}) is changed.")


@command(providers, "list")
def show(call: Call) -> Answer:
    """List what is configured."""
    found = call.services.connections.all(call.by)
    facts = [_facts(one) for one in found]
    rows = [(one.id, one.name, one.kind, "default" if one.is_default else "") for one in found]
    return Answer({"connections": facts}, table(("ID", "NAME", "KIND", ""), rows))


def _facts(one: Connection) -> dict[str, object]:
    return {"id": one.id, "name": one.name, "kind": one.kind, "is_default": one.is_default}


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise Usage(f"“{text}” is not KEY=VALUE.", hint="For example: --set host=mail.example.com --set port=587")
    return key, value
