"""`postwright segments`: people by rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli import files
from core.cli.answers import Answer
from core.cli.call import Call
from core.cli.command import command, group
from core.errors import InvalidInput

segments = group("segments", "People by rules: who they are, and what they did.")

Name = Annotated[str, typer.Argument(help="The segment's name.")]


@command(segments, "create")
def create(call: Call, name: Name, rules: Annotated[Path, typer.Option("--rules", metavar="FILE", help="The rules as JSON.")]) -> Answer:
    """Keep rules under a name."""
    tree = _parsed(rules)
    segment = call.services.segments.create(call.by, name, tree)
    count = call.services.segments.count(call.by, tree)
    words = call.services.segments.describe(call.by, tree)
    facts = {"segment_id": segment.id, "name": segment.name, "description": words, "contacts": count}
    return Answer(facts, f"“{segment.name}”: {words}. {count:,} {'contact' if count == 1 else 'contacts'} now.")


@command(segments, "count")
def count(call: Call, name: Name) -> Answer:
    """Count who is in a segment now."""
    segment = call.services.segments.by_name(call.by, name)
    found = call.services.segments.count(call.by, segment.rules)
    return Answer({"segment_id": segment.id, "contacts": found}, f"{found:,}")


def _parsed(path: Path) -> dict[str, Any]:
    try:
        tree = json.loads(files.read_text(path))
    except json.JSONDecodeError as error:
        raise InvalidInput(f"The rules are not JSON: line {error.lineno}, column {error.colno}.", hint="Correct the file.") from error
    if not isinstance(tree, dict):
        raise InvalidInput("The rules are not a JSON object.", hint='Begin with {"all": [ … ]}.')
    return tree
