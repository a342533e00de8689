"""`postwright audit`: who did what, and whether the log of it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from core.cli.answers import Answer, facts_of, say, table
from core.cli.call import Call
from core.cli.command import Usage, command, group, moment
from core.cli.rows import LineFormat, lines
from core.errors import NotFound
from core.permissions import Principal

audit = group("audit", "Who did what, and whether the log of it is whole.")

_PAGE = 1_000


@command(audit, "list")
def show(
    call: Call,
    action: Annotated[str, typer.Option("--action", metavar="A", help="Only this, like campaign.launched, or all of a noun.")] = "",
    actor: Annotated[str, typer.Option("--actor", metavar="P", help="Only what they did: an address, person:7 or cli.")] = "",
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="Only from then on, like 2026-11-22T12:00:00Z.")] = "",
    installation: Annotated[
        bool, typer.Option("--installation", help="What belongs to no workspace: strangers trying to sign in.")
    ] = False,
    form: Annotated[LineFormat, typer.Option("--format", help="How the rows are written.")] = LineFormat.JSONL,
) -> Answer:
    """List what was done, newest first."""
    from core.audit.actions import actions_called
    from core.audit.log import AuditFilter
    from core.audit.recording import INSTALLATION

    if installation and call.wanted:
        raise Usage("The installation's own log belongs to no workspace.", hint="Leave --workspace out.")
    by = Principal.system(INSTALLATION, "cli") if installation else call.by
    filters = AuditFilter(_actor(call, actor), actions_called(action) if action else frozenset(), since=moment(since))
    if call.as_json:
        return Answer({"entries": list(_rows(call, by, filters))})
    if form is LineFormat.CSV:
        return Answer(lines=call.services.audit.stream_csv(by, filters))
    columns = ["sequence", "at", "actor", "actor_name", "action", "target", "target_name", "via", "origin", "before", "after"]
    return Answer(lines=lines(_rows(call, by, filters), form, columns))


def _actor(call: Call, wanted: str) -> str:
    """Return who is meant as the log names them; people go by a number there, because an address would stay in it for ever."""
    if "@" not in wanted:
        return wanted
    for person in call.services.people.all(call.by):
        if person.email == wanted.strip().lower():
            return f"person:{person.id}"
    raise NotFound("Nobody in this workspace signs in with this address.", hint="`postwright users list` shows who does.")


@command(audit, "verify")
def check(call: Call) -> Answer:
    """Walk along every chain and its seals; exit code 1 if something is wrong."""
    from core.audit.verifying import verify
    from core.cli.checks_on_data import counted, key_at_hand, seal_warnings

    verdict = verify(call.services.db, key_at_hand(call.settings), told=_tell, previous=call.settings.previous_keys)
    found = [f"workspace {flaw.workspace_id or 'none (the installation)'}: {flaw.words}" for flaw in verdict.flaws]
    words = [*found, *seal_warnings(verdict), f"{counted(verdict)}: something is wrong." if found else f"{counted(verdict)}, unbroken."]
    ends = [facts_of(end) for end in verdict.ends]
    flaws = [{**facts_of(flaw), "words": flaw.words} for flaw in verdict.flaws]
    facts = {name: value for name, value in facts_of(verdict).items() if name not in {"flaws", "ends"}}
    shown = table(("WORKSPACE", "ENTRIES", "LAST HASH"), [(end.workspace_id, end.sequence, end.hash) for end in verdict.ends])
    return Answer({**facts, "flaws": flaws, "ends": ends}, "\n".join([*([shown, ""] if ends else []), *words]), ok=verdict.is_whole)


def _rows(call: Call, by: Principal, filters: Any) -> Iterator[dict[str, Any]]:
    before: int | None = None
    while True:
        page = call.services.audit.page(by, filters, before=before, limit=_PAGE)
        yield from map(facts_of, page.rows)
        if page.before is None:
            return
        before = page.before


def _tell(done: int, total: int) -> None:
    if total > 100_000:
        say(f"{done:,} of {total:,}")
