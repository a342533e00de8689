"""`postwright suppressions`: addresses nobody may write to, of a workspace or of the whole installation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.cli import files
from core.cli.answers import Answer, table
from core.cli.call import Call
from core.cli.command import Usage, command, group
from core.contacts.pasted import Pasted

suppressions = group("suppressions", "Addresses nobody may write to.")

Everywhere = Annotated[bool, typer.Option("--everywhere", help="For the whole installation, not only this workspace.")]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The address.")]


@command(suppressions, "add")
def add(
    call: Call,
    email: Annotated[str, typer.Argument(metavar="[EMAIL]", help="The address; or give --file.")] = "",
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", help="One address a line, or a CSV that begins with them.")] = None,
    source: Annotated[str, typer.Option("--source", metavar="WORDS", help="Where they come from.")] = "",
    everywhere: Everywhere = False,
) -> Answer:
    """Suppress one address, or all of a file."""
    if bool(email) is (file is not None):
        raise Usage("Give one address, or a file with --file.")
    text = email if file is None else files.read_text(file)
    service = call.services.suppressed_everywhere if everywhere else call.services.suppressions
    return _told(service.add_all(call.by, text, source or "cli"))


@command(suppressions, "remove")
def remove(call: Call, email: Email, everywhere: Everywhere = False) -> Answer:
    """Let an address be written to again, as far as its person agreed."""
    service = call.services.suppressed_everywhere if everywhere else call.services.suppressions
    service.remove(call.by, email)
    return Answer({"removed": 1}, "The suppression is lifted.")


@command(suppressions, "show")
def show(call: Call, email: Email) -> Answer:
    """Say whether an address is suppressed, why and since when."""
    found = call.services.suppressions.find(call.by, email)
    if found is None:
        return Answer({"suppressed": False}, "This address is not suppressed.")
    where = "everywhere" if found.is_everywhere else "in this workspace"
    facts: dict[str, object] = {"suppressed": True, "reason": found.reason, "source": found.source}
    facts |= {"since": found.created_at, "everywhere": found.is_everywhere}
    return Answer(facts, f"Suppressed {where} since {found.created_at:%Y-%m-%d}: {found.reason.replace('_', ' ')} ({found.source}).")


@command(suppressions, "export")
def export(
    call: Call,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where to; standard output if not given.")] = None,
) -> Answer:
    """Export the workspace's suppressed addresses as CSV."""
    if call.as_json and output is None:
        raise Usage("With --json the addresses go into a file.", hint="Say which with -o FILE.")
    lines = call.services.suppressions.stream_csv(call.by)
    if output is None:
        return Answer(lines=lines)
    written = files.write_csv(output, lines)
    return Answer({"addresses": written, "file": output}, f"{written:,} addresses are in “{output}”.")


def _told(pasted: Pasted) -> Answer:
    words = f"{pasted.added:,} suppressed, {len(pasted.addresses) - pasted.added:,} were already, {pasted.refused_count:,} can’t be used."
    if pasted.refused:
        words += "\n" + table(("LINE", "WHY"), pasted.refused[:10])
    facts = {"added": pasted.added, "refused": pasted.refused_count, "refused_rows": [list(each) for each in pasted.refused]}
    return Answer(facts, words)
