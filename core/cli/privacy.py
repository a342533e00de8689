"""`postwright privacy`: all about a person in a file, erasing somebody, and what people ask about their data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.cli.answers import Answer, facts_of, table
from core.cli.call import Call
from core.cli.command import Usage, command, group

privacy = group("privacy", "What is known about people: a copy of it, erasing it, and who asked for that.")

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="Whose data.")]
RequestId = Annotated[
    int | None, typer.Option("--request", metavar="ID", help="The request it answers, from `postwright privacy requests`.")
]


@command(privacy, "export")
def export(
    call: Call,
    email: Email,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where to: a ZIP.")],
    request_id: RequestId = None,
) -> Answer:
    """Write all that is known about somebody into a ZIP, as JSON and CSV."""
    written = call.services.person_exports.export(call.by, email, output, request_id=request_id)
    rows = sum(written.counts.values())
    return Answer({"file": written.path, "bytes": written.size, "counts": dict(written.counts)}, f"{rows:,} rows are in “{output}”.")


@command(privacy, "erase")
def erase(
    call: Call,
    email: Email,
    yes: Annotated[bool, typer.Option("--yes", help="Erase. Without it, only say what would go.")] = False,
    request_id: RequestId = None,
) -> Answer:
    """Erase somebody for good; without --yes, say what that takes."""
    preview = call.services.erasures.preview(call.by, email)
    rows = [(part.what, part.count, part.becomes) for part in preview.parts]
    if preview.events:
        rows.append(("Events", preview.events, "They stay without anything that tells whose they were."))
    told = [table(("WHAT", "ROWS", "BECOMES"), rows) if rows else "Nothing is known about this address here."]
    told += [f"The address also stands in {place}; that stays until you change it." for place in preview.mentions]
    facts = {"erased": yes, "parts": [facts_of(part) for part in preview.parts], "events": preview.events, "mentions": preview.mentions}
    if not yes:
        return Answer(facts, "\n".join([*told, "Nothing was changed. Say --yes to erase; it can’t be undone."]))
    begun = call.services.erasures.erase(call.by, email, confirmed=preview.email, request_id=request_id)
    done = call.services.erasing_work.finish(begun.id)
    left = "Erased." if done else "Erased; an email is just on its way, the worker does the rest."
    return Answer({**facts, "erasure": begun.id, "done": done}, "\n".join([*told, left]))


@command(privacy, "requests")
def requests(
    call: Call,
    closed: Annotated[bool, typer.Option("--closed", help="Those that are answered instead.")] = False,
    limit: Annotated[int, typer.Option("--limit", help="How many at most.")] = 100,
) -> Answer:
    """List what people ask about their data, the most urgent first."""
    if limit < 1:
        raise Usage("The limit is below 1.")
    found = call.services.privacy_requests.page(call.by, is_open=not closed, limit=limit)
    rows = [
        (one.id, one.kind, one.law, one.email or "(erased)", one.received_on, one.due_on, _left(one.days_left, closed))
        for one in found.rows
    ]
    facts = {"requests": [facts_of(one) for one in found.rows], "total": found.total}
    return Answer(facts, table(("ID", "ASKS FOR", "LAW", "WHO", "CAME IN", "DUE", "DAYS LEFT"), rows))


def _left(days: int, closed: bool) -> str:
    if closed:
        return ""
    return f"{-days} late" if days < 0 else str(days)
