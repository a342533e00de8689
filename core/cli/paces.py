"""`postwright providers pace`: how fast and how much may leave through a connection."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from core.cli.answers import Answer
from core.cli.call import Call
from core.cli.command import Usage
from core.providers.paces import ConnectionPace
from core.providers.pacing import Pacing, WarmUp, growing

_NONE = ("none", "off", "no")


def pace(
    call: Call,
    name: Annotated[str, typer.Argument(help="What you call it.")],
    per_second: Annotated[str | None, typer.Option("--per-second", metavar="N|none", help="Messages a second.")] = None,
    daily: Annotated[str | None, typer.Option("--daily", metavar="N|none", help="Messages a day (UTC).")] = None,
    domain: Annotated[
        list[str] | None,
        typer.Option("--domain", metavar="DOMAIN=N|none", help="Messages a second to a domain; may be given several times."),
    ] = None,
    warm_up: Annotated[
        str | None,
        typer.Option("--warm-up", metavar="PLAN", help="50,100,200 (one number a day), 50-10000x14 (growing over 14 days) or none."),
    ] = None,
    starts_on: Annotated[
        str | None, typer.Option("--starts-on", metavar="DATE", help="The warm-up's first day; today if left out.")
    ] = None,
    share: Annotated[
        list[str] | None, typer.Option("--share", metavar="DOMAIN=PERCENT", help="The most of each warm-up day that may go to a domain.")
    ] = None,
    fallback: Annotated[str | None, typer.Option("--fallback", metavar="NAME|none", help="Takes over while this one can't send.")] = None,
    try_again: Annotated[bool, typer.Option("--try-again", help="Let it try again now, if it is held.")] = False,
) -> Answer:
    """Show or set the pace of a connection; what is not named stays as it is."""
    paces, connections = call.services.paces, call.services.connections
    connection = connections.by_name(call.by, name)
    before = paces.all(call.by)[connection.id]
    if any(each is not None for each in (per_second, daily, domain, warm_up, share, fallback, starts_on)):
        old = before.pacing
        plan = _warm_up(old.warm_up, warm_up, starts_on, share or [], call.services.clock.now().date())
        new = Pacing(
            old.per_second if per_second is None else _number(per_second),
            old.daily if daily is None else _whole(daily),
            _pairs(dict(old.per_domain), domain or []),
            plan,
        )
        helper = before.fallback_id if fallback is None else None
        if fallback is not None and fallback.lower() not in _NONE:
            helper = connections.by_name(call.by, fallback).id
        before = paces.set(call.by, connection.id, new, helper)
    if try_again:
        before = paces.try_again(call.by, connection.id)
    return Answer({"connection": connection.name, **facts(before)}, words(connection.name, before))


def facts(pace: ConnectionPace) -> dict[str, object]:
    """Return what a program may want to know of a pace."""
    held = [
        {
            "domain": each.group or None,
            "until": each.until,
            "needs_person": each.needs_person,
            "per_second": each.per_second,
            "reason": each.reason,
        }
        for each in pace.held
    ]
    known = {
        "pacing": pace.pacing.as_json(),
        "fallback_id": pace.fallback_id,
        "sent_today": pace.today,
        "allowed_today": pace.allowed_today,
    }
    return known | {"held": held}


def short(pace: ConnectionPace) -> str:
    """Return a pace in a few words, for a column."""
    known = pace.pacing
    parts = [
        f"{known.per_second:g}/s" if known.per_second else "",
        f"{known.daily:,}/day" if known.daily else "",
        *(f"{group} {rate:g}/s" for group, rate in known.per_domain.items()),
        f"warm-up {len(known.warm_up.days)} days" if known.warm_up else "",
        "HELD" if any(not each.group and (each.until or each.needs_person) for each in pace.held) else "",
    ]
    return ", ".join(filter(None, parts))


def words(name: str, pace: ConnectionPace) -> str:
    """Return a pace in sentences."""
    allowed = "" if pace.allowed_today is None else f" of {pace.allowed_today:,}"
    lines = [f"“{name}”: {short(pace) or 'no limits'}.", f"Sent today (UTC): {pace.today:,}{allowed}."]
    for each in pace.held:
        until = "until somebody corrects it" if each.needs_person else f"until {each.until:%H:%M} UTC" if each.until else "slower"
        lines.append(f"Held ({each.group or 'all'}, {until}): {each.reason}")
    return "\n".join(lines)


def _warm_up(old: WarmUp | None, text: str | None, starts_on: str | None, shares: list[str], today: date) -> WarmUp | None:
    if text is not None and text.lower() in _NONE:
        return None
    days = _days(text) if text is not None else old.days if old else None
    if days is None:
        if shares or starts_on:
            raise Usage("There is no warm-up yet.", hint="Plan one: --warm-up 50-10000x14")
        return None
    begins = _date(starts_on) if starts_on else old.starts_on if old and text is None else today
    groups = _pairs({group: part * 100 for group, part in (old.groups if old else {}).items()}, shares)
    return WarmUp(begins, days, {group: part / 100 for group, part in groups.items()})


def _days(text: str) -> tuple[int, ...]:
    first, dash, rest = text.partition("-")
    last, times, count = rest.partition("x")
    if dash and times:
        return growing(_required(first), _required(last), _required(count))
    return tuple(_required(each) for each in text.split(","))


def _pairs(known: dict[str, float], texts: list[str]) -> dict[str, float]:
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise Usage(f"“{text}” is not DOMAIN=NUMBER.", hint="For example: --domain gmail=5")
        number = _number(value)
        known.pop(name, None)
        known |= {} if number is None else {name: number}
    return known


def _number(text: str) -> float | None:
    if text.lower() in _NONE:
        return None
    try:
        return float(text)
    except ValueError as error:
        raise Usage(f"“{text}” is not a number.", hint="Write a number, or none.") from error


def _whole(text: str) -> int | None:
    return None if text.lower() in _NONE else _required(text)


def _required(text: str) -> int:
    try:
        return int(text.strip().replace("_", ""))
    except ValueError as error:
        raise Usage(f"“{text}” is not a whole number.", hint="For example: --warm-up 50,100,200 or --warm-up 50-10000x14") from error


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Usage(f"“{text}” is not a date.", hint="Write it like 2026-11-30.") from error
