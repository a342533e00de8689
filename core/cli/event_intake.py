"""`postwright events intake`, `raw` and `replay`: what came in, single events, and past ones once more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.answers import Answer, facts_of, table, to_json
from core.cli.call import Call
from core.cli.command import Usage, moment
from core.cli.supervisor import stop_signals

if TYPE_CHECKING:
    from core.events.intake import RawEvent
    from core.events.intake_figures import Overview
    from core.events.jobs import Job

_TIME = "TIME"
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def intake(
    call: Call,
    since: Annotated[str, typer.Option("--since", metavar=_TIME, help="From when on; the last hour if not given.")] = "",
) -> Answer:
    """Show what came in, how late, and what was left out and why."""
    found = call.services.intake.overview(call.by, moment(since) or call.services.clock.now() - timedelta(hours=1))
    facts = {
        **{name: getattr(found, name) for name in ("since", "until", "kept", "repeated", "left_out", "slowest", "raw_since")},
        "backlog": facts_of(found.backlog),
        "steps": [facts_of(each) for each in found.steps],
        "sources": [facts_of(each) for each in found.sources],
    }
    return Answer(facts, _overview_words(found))


def raw(
    call: Call,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="An event’s number; or an address, a message or a provider’s number.")],
) -> Answer:
    """Show an event with the raw line it came from; where several go by what was given, list them."""
    found = call.services.intake.look_up(call.by, event)
    exact = [each for each in found if str(each.event_id) == event.strip()]
    if len(found) == 1 or exact:
        shown = call.services.intake.raw(call.by, (exact or found)[0].event_id)
        return Answer({"event": facts_of(shown.event), "line": shown.line and facts_of(shown.line)}, _raw_words(shown))
    if not found:
        raise Usage("No event goes by this.", hint="Addresses have to be whole, numbers exact.")
    rows = [(str(each.event_id), each.occurred_at, each.kind, each.address, each.provider or "") for each in found]
    facts = {"events": [facts_of(each) for each in found]}
    return Answer(facts, table(("EVENT", "HAPPENED", "KIND", "ADDRESS", "PROVIDER"), rows))


def replay(
    call: Call,
    since: Annotated[str, typer.Option("--since", metavar=_TIME, help="From when on, like 2026-11-22T12:00:00Z.")],
    until: Annotated[str, typer.Option("--until", metavar=_TIME, help="Up to when; until now if not given.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it is done; does the work itself where no ingester runs.")] = False,
) -> Answer:
    """Process the raw lines of a time again: what was left out and can be told now is added, nothing counts twice."""
    begin = moment(since)
    if begin is None:
        raise Usage("Say from when on.", hint="For example --since 2026-11-22T12:00:00Z.")
    job = call.services.intake.replay(call.by, begin, moment(until) or call.services.clock.now())
    if wait:
        job = _wait(call, job)
    return Answer(_job_facts(job), _job_words(job), ok=job.state not in ("failed", "cancelled"))


def reclassify(
    call: Call,
    since: Annotated[str, typer.Option("--since", metavar=_TIME, help="From when on; from the beginning if not given.")] = "",
    until: Annotated[str, typer.Option("--until", metavar=_TIME, help="Up to when; until now if not given.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would change, and change nothing.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it is done; does the work itself where no ingester runs.")] = False,
) -> Answer:
    """Judge past opens and clicks again by today's rules: by people, by proxies for them, or by machines."""
    begin, end = moment(since) or _BEGINNING, moment(until) or call.services.clock.now()
    job = call.services.intake.reclassify(call.by, begin, end, dry_run=dry_run)
    if wait:
        job = _wait(call, job)
    return Answer(_job_facts(job), _job_words(job), ok=job.state not in ("failed", "cancelled"))


def _wait(call: Call, job: Job) -> Job:
    from core.jobs.past_events import work_off

    told = [-1]

    def tell(now: Job) -> None:
        percent = int(100 * now.progress)
        if percent // 5 != told[0]:
            told[0] = percent // 5
            call.say(f"{percent} %")

    with stop_signals() as stop:
        return work_off(call.services, call.by, job.id, stop=stop, tell=tell)


def _overview_words(found: Overview) -> str:
    from core.events.intake_words import lasting, outcome_name, size, step_name

    backlog = found.backlog
    waits = f"{size(backlog.waiting_bytes)} wait, the oldest for {lasting(backlog.behind)}" if backlog.waiting_bytes else "nothing waits"
    ingests = "" if backlog.is_worked_on else "; no ingester runs now"
    slowest = "" if found.slowest is None else f", the slowest after {lasting(found.slowest)}"
    rest = f"{found.repeated:,} told again; {found.left_out:,} left out"
    lines = [
        f"Since {found.since:%Y-%m-%d %H:%M} UTC: {found.kept:,} events kept{slowest}; {rest}.",
        f"Now: {waits}{ingests}.",
    ]
    rows = [(step_name(each.step), outcome_name(each.outcome), each.count, "" if each.is_ours else "can’t be told") for each in found.steps]
    if rows:
        lines += ["", table(("STEP", "WHAT BECAME OF THEM", "HOW MANY", "WHOSE"), rows)]
    if found.sources:
        lines += [
            "",
            table(("FROM", "EVENTS", "LAST"), [(each.provider or "postwright", each.events, each.last_at) for each in found.sources]),
        ]
    return "\n".join(lines)


def _raw_words(shown: RawEvent) -> str:
    known = {name: value for name, value in facts_of(shown.event).items() if value not in (None, "")}
    lines = [f"{name.replace('_', ' ')}: {value}" for name, value in known.items()]
    if shown.line is None:
        kept = f"the oldest here is from {shown.raw_since:%Y-%m-%d %H:%M} UTC" if shown.raw_since else "there are none here any more"
        return "\n".join([*lines, "", f"The raw line is no longer kept; {kept}."])
    parts: list[dict[str, Any]] = [{"item": shown.line.item}] if shown.line.item is not None else []
    return "\n".join([*lines, "", *(to_json(part) for part in [*parts, shown.line.record])])


def _job_facts(job: Job) -> dict[str, Any]:
    return {name: value for name, value in facts_of(job).items() if name not in ("place", "workspace_id")} | {"progress": job.progress}


def _job_words(job: Job) -> str:
    from core.events.intake_words import done_name

    counts = ", ".join(f"{count:,} {done_name(word)}" for word, count in sorted(job.counts.items()))
    if job.is_open:
        return f"Job {job.id} is {job.state}. The ingester does it; `postwright events intake` shows what comes in."
    return f"Job {job.id} is {job.state}: {job.error or counts or 'nothing was found'}."
