"""`postwright events`: everything that happened, for those who work on it elsewhere."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from core.cli import files
from core.cli.answers import Answer
from core.cli.call import Call
from core.cli.command import Usage, command, group, moment
from core.storage.event_words import EventKind


class EventForm(StrEnum):
    """How events are written."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


events = group("events", "Everything that happened: sent, opened, clicked, …")


@command(events, "export")
def export(
    call: Call,
    campaign: Annotated[int | None, typer.Option("--campaign", metavar="ID", help="Only this campaign's.")] = None,
    kind: Annotated[EventKind | None, typer.Option("--kind", help="Only this kind.")] = None,
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="Only from then on, like 2026-11-22T12:00:00Z.")] = "",
    form: Annotated[EventForm, typer.Option("--format", help="How events are written.")] = EventForm.JSONL,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where to; standard output if not given.")] = None,
) -> Answer:
    """Export events, oldest first."""
    if output is None and (call.as_json or form is EventForm.PARQUET):
        raise Usage("This goes into a file, not to the terminal.", hint="Say which with -o FILE.")
    from core.analytics.exporting import EventFormat, write_events  # pulls in Arrow: only this command waits for it

    batches = call.services.analytics.event_rows(call.by, campaign, kind.value if kind else None, moment(since))
    if output is None:
        sys.stdout.flush()
        write_events(batches, EventFormat(form), sys.stdout.buffer)
        return Answer()
    with files.whole(output) as file:
        written = write_events(batches, EventFormat(form), file)
    return Answer({"events": written, "file": output}, f"{written:,} events are in “{output}”.")
