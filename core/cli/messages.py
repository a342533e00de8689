"""`postwright messages`: the ledger, one row per email to one person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from core.cli.answers import Answer, facts_of
from core.cli.call import Call
from core.cli.command import command, group
from core.cli.rows import LineFormat, lines
from core.messages.states import MessageState

messages = group("messages", "Every email to every person, and what became of it.")

_PAGE = 5_000


@command(messages, "list")
def show_all(
    call: Call,
    campaign: Annotated[int, typer.Option("--campaign", metavar="ID", help="The campaign.")],
    state: Annotated[MessageState | None, typer.Option("--state", help="Only messages in this state.")] = None,
    form: Annotated[LineFormat, typer.Option("--format", help="How the rows are written.")] = LineFormat.JSONL,
) -> Answer:
    """List the messages of a campaign."""
    call.services.campaigns.get(call.by, campaign)  # says so where there is none
    rows = _rows(call, campaign, state)
    if call.as_json:
        return Answer({"messages": list(rows)})
    first = next(rows, None)
    if first is None:
        return Answer()
    return Answer(lines=lines(_from(first, rows), form, list(first)))


def _rows(call: Call, campaign_id: int, state: MessageState | None) -> Iterator[dict[str, Any]]:
    last = 0
    while True:
        page = call.services.ledger.page(call.by, campaign_id, state=state, limit=_PAGE, after_id=last)
        for row in page:
            yield {"key": call.services.composer.message_key(row.id), **facts_of(row)}
        if len(page) < _PAGE:
            return
        last = page[-1].id


def _from(first: dict[str, Any], rest: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield first
    yield from rest
