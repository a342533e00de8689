"""`postwright providers`: the ways mail can leave."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli import paces
from core.cli.answers import Answer, table
from core.cli.call import Call
from core.cli.command import Usage, command, group
from core.providers.catalogue import CATALOGUE
from core.providers.connections import Connection
from core.providers.entering import kind_named

providers = group("providers", "The ways mail can leave.")


@command(providers, "add")
def add(
    call: Call,
    name: Annotated[str, typer.Argument(help="What you call it.")],
    kind: Annotated[str, typer.Option("--kind", help=f"One of: {', '.join(CATALOGUE)}.")],
    values: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting; may be given several times.")] = None,
    default: Annotated[bool, typer.Option("--default", help="New campaigns use it.")] = False,
) -> Answer:
    """Configure a provider; its secrets are kept encrypted. What it answers as webhook URL is where the provider reports to."""
    connections, given = call.services.connections, dict(_pair(text) for text in values or [])
    can_send = kind_named(kind).can_send(given)
    if default and not can_send:
        raise Usage(f"Nothing can be sent through {kind_named(kind).label} yet, so it can't be the default.", hint=_why_not(kind))
    connection = connections.add(call.by, name, kind, given)
    if default:
        connections.set_default(call.by, connection.id)
    facts = _facts(call, connection) | {"is_default": default or connection.is_default}
    return Answer({"connection": facts, "webhook_url": facts["webhook_url"]}, _welcome(call, connection, can_send=can_send))


@command(providers, "set")
def change(
    call: Call,
    name: Annotated[str, typer.Argument(help="What you call it.")],
    values: Annotated[list[str], typer.Option("--set", metavar="KEY=VALUE", help="A new setting; may be given several times.")],
) -> Answer:
    """Change settings of a provider; what is not named stays as it is, and so does a secret that is left empty.

    Where a secret goes somewhere else by the change (another server, port, encryption or API address), enter it again in the same call.
    """
    connections = call.services.connections
    new = dict(_pair(text) for text in values)
    connection = connections.change(call.by, connections.by_name(call.by, name).id, new)
    facts = _facts(call, connection)
    text = f"“{connection.name}” ({connection.kind}) is changed."
    return Answer({"connection": facts, "webhook_url": facts["webhook_url"]}, text)


@command(providers, "test")
def test(call: Call, name: Annotated[str, typer.Argument(help="What you call it.")]) -> Answer:
    """Ask a provider whether it answers and accepts us, and so the mailbox that bounces come back to, where there is one."""
    connections = call.services.connections
    connection = connections.by_name(call.by, name)
    connections.test(call.by, connection.id)
    return Answer({"connection": _facts(call, connection), "answers": True}, f"“{connection.name}” answers and accepts us.")


@command(providers, "list")
def show(call: Call) -> Answer:
    """List what is configured."""
    found = call.services.connections.all(call.by)
    known = call.services.paces.all(call.by)
    facts = [_facts(call, one) | {"pace": paces.facts(known[one.id])} for one in found]
    url = call.settings.public_url
    rows = [(one.id, one.name, one.kind, _role(one), paces.short(known[one.id]), one.webhook_url(url)) for one in found]
    return Answer({"connections": facts}, table(("ID", "NAME", "KIND", "", "PACE", "REPORTS TO"), rows))


def _facts(call: Call, one: Connection) -> dict[str, object]:
    known = {"id": one.id, "name": one.name, "kind": one.kind, "is_default": one.is_default, "sends": one.sends}
    return known | {"webhook_url": one.webhook_url(call.settings.public_url)}


def _role(one: Connection) -> str:
    if not one.sends:
        return "reports only"
    return "default" if one.is_default else ""


def _why_not(kind: str) -> str:
    """Return what could be done about a connection nothing can be sent through."""
    needed = " and ".join(f"--set {name}=…" for name in kind_named(kind).needs)
    return f"To send through it, enter {needed}." if needed else "Leave --default out."


def _welcome(call: Call, one: Connection, *, can_send: bool) -> str:
    """Return what is next: nothing, or to tell the provider where to report."""
    kind, url = kind_named(one.kind), one.webhook_url(call.settings.public_url)
    can = "is ready to send" if can_send else "takes reports; nothing can be sent through it yet"
    lines = [f"“{one.name}” ({one.kind}) {can}."]
    if url and kind.webhook:
        lines += ["", "Its provider reports to:", f"  {url}", "", kind.webhook.guide]
    return "\n".join(lines)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise Usage(f"“{text}” is not KEY=VALUE.", hint="For example: --set host=mail.example.com --set port=587")
    return key, value
