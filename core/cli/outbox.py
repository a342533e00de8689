"""`postwright outbox`: the mail of the sandbox provider, as it would have been delivered."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli.answers import Answer, table
from core.cli.call import Call
from core.cli.command import command, group

outbox = group("outbox", "The mail of the sandbox provider, as it would have been delivered.")


@command(outbox, "list")
def show_all(
    call: Call,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many.")] = 20,
    offset: Annotated[int, typer.Option("--offset", min=0, help="How many to pass over.")] = 0,
) -> Answer:
    """List the newest mail."""
    page = call.services.outbox.page(call.by, limit=limit, offset=offset)
    rows = [(row.key, row.at, row.to, row.subject) for row in page.rows]
    text = f"{table(('KEY', 'AT', 'TO', 'SUBJECT'), rows)}\n{len(page.rows):,} of {page.total:,}."
    return Answer({"mail": page.rows, "total": page.total}, text)


@command(outbox, "show")
def show(
    call: Call,
    key: Annotated[str, typer.Argument(help="The mail's key, from `outbox list`.")],
    raw: Annotated[bool, typer.Option("--raw", help="The message as it went out (RFC 5322).")] = False,
) -> Answer:
    """Show one mail."""
    mail = call.services.outbox.show(call.by, key)
    headers = "\n".join(f"{name}: {value}" for name, value in mail.headers)
    facts = {"key": key, "to": mail.row.to, "subject": mail.row.subject, "headers": mail.headers, "html": mail.html, "text": mail.text}
    if raw:
        source = mail.raw.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
        return Answer({**facts, "raw": source.encode("utf-8", "replace").decode()}, source.encode("utf-8", "replace").decode())
    return Answer(facts, f"{headers}\n\n{mail.text}")
