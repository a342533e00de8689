"""`postwright contacts import --from …`: the export of another tool, with who had agreed to what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.cli import files
from core.cli.answers import Answer, table
from core.cli.call import Call

if TYPE_CHECKING:
    from core.contacts.move_in.moving_in import MoveInResult

_COUNTS = ("rows", "created", "updated", "unchanged", "refused")
_WORDS = {
    "nothing": "said nothing",
    "subscribed": "subscribed",
    "unsubscribed": "unsubscribed",
    "never_subscribed": "never subscribed",
    "bounced": "bounced",
    "complained": "complained",
    "blocked": "blocked",
}


def move_in(call: Call, file: Path, list_name: str, kit: str, *, dry_run: bool) -> Answer:
    """Take in what another tool exported.

    Args:
        call: Who asks, and the services.
        file: A CSV, or a ZIP archive of them.
        list_name: The list people join.
        kit: The tool's word, or `auto`.
        dry_run: Only say what would happen.
    """
    files.check(file)
    result = call.services.move_ins.run(call.by, file, file.name, list_name=list_name, kit=kit, dry_run=dry_run)
    plan = result.plan
    counts = {name: getattr(result.people, name) for name in _COUNTS}
    counts["created"] = result.created
    effects = {
        "unsubscribed": result.nos.unsubscribed,
        "suppressed": result.nos.suppressed,
        "proofs": result.proofs,
        "tagged": result.tagged,
    }
    facts = {
        "from": plan.kit,
        "dry_run": dry_run,
        "files": plan.files,
        "mapping": plan.mapping,
        "standings": {said.value: number for said, number in plan.standings.items()},
        "past_events": plan.past_events if dry_run else result.past_events,
        "import_id": result.people.import_id,
        "refused_rows": result.people.refused_rows,
    }
    return Answer({**facts, **counts, **effects}, _words(result, counts, list_name, dry_run=dry_run))


def _words(result: MoveInResult, counts: dict[str, int], list_name: str, *, dry_run: bool) -> str:
    plan = result.plan
    stood = ", ".join(f"{number:,} {_WORDS[said.value]}" for said, number in plan.standings.items())
    taken = f"{counts['created']:,} new, {counts['updated']:,} updated, {counts['unchanged']:,} unchanged, {counts['refused']:,} refused"
    lines = [f"This is an export of {plan.label}: {stood}.", f"{counts['rows']:,} rows for the list “{list_name}”: {taken}."]
    if dry_run:
        return "\n".join(["Nothing was changed.", *lines, f"It tells of {plan.past_events:,} opens and clicks."])
    lines.append(
        f"{result.nos.unsubscribed:,} unsubscribed, {result.nos.suppressed:,} suppressed, {result.past_events:,} past opens and clicks."
    )
    if refused := [(row.line, row.reason) for row in result.people.refused_rows[:10]]:
        lines += ["", table(("LINE", "WHY IT WAS REFUSED"), refused)]
    return "\n".join(lines)
