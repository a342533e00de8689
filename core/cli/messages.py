"""`postwright messages`: the ledger, one row per email to one person, and single emails beside campaigns."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli import files
from core.cli.answers import Answer, facts_of
from core.cli.call import Call
from core.cli.command import Usage, command, group
from core.cli.rows import LineFormat, lines
from core.messages.states import MessageState

messages = group("messages", "Every email to every person, and what became of it.")

_PAGE = 5_000


@command(messages, "list")
def show_all(
    call: Call,
    campaign: Annotated[int | None, typer.Option("--campaign", metavar="ID", help="The campaign; single messages if not given.")] = None,
    state: Annotated[MessageState | None, typer.Option("--state", help="Only messages in this state.")] = None,
    form: Annotated[LineFormat, typer.Option("--format", help="How the rows are written.")] = LineFormat.JSONL,
) -> Answer:
    """List the messages of a campaign, or those that belong to none."""
    if campaign is not None:
        call.services.campaigns.get(call.by, campaign)  # says so where there is none
    rows = _rows(call, campaign, state)
    if call.as_json:
        return Answer({"messages": list(rows)})
    first = next(rows, None)
    if first is None:
        return Answer()
    return Answer(lines=lines(_from(first, rows), form, list(first)))


@command(messages, "send")
def send(
    call: Call,
    to: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="“Name <address>” or the address.")],
    sender: Annotated[str, typer.Option("--from", metavar="ADDRESS", help="“Name <address>” or the address.")],
    subject: Annotated[str, typer.Option("--subject", help="The subject; with a template it may have merge fields.")],
    template: Annotated[str, typer.Option("--template", metavar="NAME", help="The template.")] = "",
    data: Annotated[
        list[str] | None, typer.Option("--data", metavar="NAME=VALUE", help="A value for the template; may be given often.")
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", help="A file with the HTML, in place of a template.")] = None,
    text: Annotated[Path | None, typer.Option("--text", help="A file with the plain text.")] = None,
    attach: Annotated[
        list[Path] | None, typer.Option("--attach", metavar="FILE", help="A file to come with it; may be given often.")
    ] = None,
    provider: Annotated[str, typer.Option("--provider", metavar="NAME", help="Which connection sends; the default one if not given.")] = "",
    key: Annotated[str, typer.Option("--key", help="Your name for it: sending again with it makes no second email.")] = "",
) -> Answer:
    """Send one email to one person, such as a receipt; the worker sends it at once."""
    from core.messages.request_models import Request

    (to_name, to_email), (from_name, from_email) = parseaddr(to), parseaddr(sender)
    request = Request(
        to=to_email or to,
        to_name=to_name,
        from_email=from_email or sender,
        from_name=from_name,
        subject=subject,
        template=template or None,
        data=_data(data or []),
        html=files.read_text(html) if html else "",
        text=files.read_text(text) if text else "",
        attachments=tuple(_file(path) for path in attach or []),
        connection=provider or None,
    )
    accepted = call.services.requests.submit(call.by, request, key)
    facts = {"id": accepted.message_id, "key": call.services.composer.message_key(accepted.message_id), "state": accepted.state}
    known = "" if accepted.is_new else " It had been asked for before."
    return Answer(facts, f"Message {accepted.message_id} is {accepted.state}.{known} See: postwright messages show {accepted.message_id}")


@command(messages, "show")
def show(call: Call, message_id: Annotated[int, typer.Argument(metavar="ID", help="The message's number.")]) -> Answer:
    """Show a message and what happened to it."""
    campaign_id, row = call.services.messages.get(call.by, message_id)
    events = call.services.analytics.message_events(call.by, message_id)
    facts = {"key": call.services.composer.message_key(row.id), "campaign_id": campaign_id, **facts_of(row), "events": events}
    whose = f"of campaign {campaign_id}" if campaign_id else "on its own"
    because = f": {row.reason}" if row.reason else ""
    head = f"Message {row.id}, {whose}, is {row.state}{because}."
    told = [f"{event['occurred_at']:%Y-%m-%d %H:%M:%S} {event['kind']}" for event in events]
    return Answer(facts, "\n".join([head, *told]))


def _data(given: list[str]) -> dict[str, str]:
    pairs = [each.partition("=") for each in given]
    if any(not sign or not name for name, sign, _ in pairs):
        raise Usage("A value for the template has no name.", hint="For example: --data order=A-1001")
    return {name: value for name, _, value in pairs}


def _file(path: Path) -> Any:
    from core.providers.base import Attachment

    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Attachment(path.name, kind, files.read(path))


def _rows(call: Call, campaign_id: int | None, state: MessageState | None) -> Iterator[dict[str, Any]]:
    last = 0
    while True:
        if campaign_id is not None:
            page = call.services.ledger.page(call.by, campaign_id, state=state, limit=_PAGE, after_id=last)
        else:
            found = call.services.messages.after(call.by, last, _PAGE, state=state, is_single=True)
            page = [row for _, row in found]
        for row in page:
            yield {"key": call.services.composer.message_key(row.id), **facts_of(row)}
        if len(page) < _PAGE:
            return
        last = page[-1].id


def _from(first: dict[str, Any], rest: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield first
    yield from rest
