"""`postwright outbox`: the mail of the sandbox provider, as it would have been delivered."""

from __future__ import annotations

from typing import Annotated

import typer

from core.accounts.mailing import NO_WORKSPACE
from core.cli.answers import Answer, table
from core.cli.call import Call
from core.cli.command import command, group
from core.permissions import Principal

outbox = group("outbox", "The mail of the sandbox provider, as it would have been delivered.")


AccountMailOption = Annotated[bool, typer.Option("--account-mail", help="Invitations and password links, which no page shows.")]


@command(outbox, "list")
def show_all(
    call: Call,
    account_mail: AccountMailOption = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many.")] = 20,
    offset: Annotated[int, typer.Option("--offset", min=0, help="How many to pass over.")] = 0,
) -> Answer:
    """List the newest mail."""
    page = call.services.outbox.page(_whose(call, account_mail), limit=limit, offset=offset)
    rows = [(row.key, row.at, row.to, row.subject) for row in page.rows]
    text = f"{table(('KEY', 'AT', 'TO', 'SUBJECT'), rows)}\n{len(page.rows):,} of {page.total:,}."
    return Answer({"mail": page.rows, "total": page.total}, text)


@command(outbox, "show")
def show(
    call: Call,
    key: Annotated[str, typer.Argument(help="The mail's key, from `outbox list`.")],
    account_mail: AccountMailOption = False,
    raw: Annotated[bool, typer.Option("--raw", help="The message as it went out (RFC 5322).")] = False,
) -> Answer:
    """Show one mail."""
    mail = call.services.outbox.show(_whose(call, account_mail), key)
    headers = "\n".join(f"{name}: {value}" for name, value in mail.headers)
    facts = {"key": key, "to": mail.row.to, "subject": mail.row.subject, "headers": mail.headers, "html": mail.html, "text": mail.text}
    if raw:
        source = mail.raw.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
        return Answer({**facts, "raw": source.encode("utf-8", "replace").decode()}, source.encode("utf-8", "replace").decode())
    return Answer(facts, f"{headers}\n\n{mail.text}")


def _whose(call: Call, account_mail: bool) -> Principal:
    return Principal.system(NO_WORKSPACE, "cli") if account_mail else call.by
