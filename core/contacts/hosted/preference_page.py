"""The page of choices: which mail somebody wants, how often, or none; and back again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from core.contacts.consent.records import ConsentStatus
from core.contacts.hosted.markup import Frame, HostedPage, Tick, button, group, hidden, note, paragraph
from core.contacts.hosted.preferences import Standing
from core.contacts.hosted.words import words
from core.contacts.lookup import Frequency, most_seldom

DO, LISTS, SHOWN, FREQUENCY, PAUSE, SALE = "do", "lists", "shown", "frequency", "pause", "sale"
SAVE, LEAVE, COME_BACK = "save", "leave", "come_back"
KEEP_PAUSE = "keep"
PAUSES = (30, 90)
_SAID = {"saved": "saved_text", "came_back": "came_back"}


def preference_page(standing: Standing, language: str, now: datetime, *, has_gpc: bool = False, says: str = "") -> HostedPage:
    """Return the page.

    Args:
        standing: Where they stand.
        language: The language of its texts.
        now: The time.
        has_gpc: Whether the browser says that nothing is to be sold.
        says: The word of what has just been done; empty for nothing.
    """
    told, frame = words(language), Frame(standing.workspace, language)
    done = note(told[_SAID[says]]) if says in _SAID else ""
    sale = note(told["gpc"]) + hidden(SALE, "yes") if has_gpc else _sale(standing, told)
    sale += hidden(SALE, "asked")
    if standing.consent is ConsentStatus.UNSUBSCRIBED:
        only_sale = f'<form method="post">{sale}{button(told["save"], DO, SAVE, is_quiet=True)}</form>'
        way_back = f"{_way_back(standing, told)}<hr>" if standing.may_agree else ""
        return frame.page(told["left_all"], f"{done}{way_back}{only_sale}")
    inside = (
        _lists(standing, told)
        + group(told["how_often"], _how_often(standing, told))
        + group(told["pause"], _pauses(standing, told, now))
        + sale
    )
    form = f'<form method="post">{inside}{button(told["save"], DO, SAVE)}</form>'
    leave = f'<form method="post">{button(told["leave_all"], DO, LEAVE, is_quiet=True)}</form>'
    return frame.page(told["preferences"], f"{done}{paragraph(told['preferences_for'], 'soft')}{form}<hr>{leave}")


def wording_of_return(standing: Standing | None, language: str) -> str:
    """Return what somebody agrees to who wants mail again."""
    told = words(language)
    return told["come_back_text"].format(who=standing.workspace if standing and standing.workspace else told["our"])


def _way_back(standing: Standing, told: Mapping[str, str]) -> str:
    who = standing.workspace or told["our"]
    return f'{paragraph(told["come_back_text"].format(who=who))}<form method="post">{button(told["come_back"], DO, COME_BACK)}</form>'


def _lists(standing: Standing, told: Mapping[str, str]) -> str:
    if not standing.lists:
        return ""
    notes = {one.id: told["asked"] for one in standing.lists if one.id in standing.asked}
    ticks = [
        Tick(LISTS, str(one.id), one.name, one.id in standing.on, "\n".join(filter(None, (one.description, notes.get(one.id)))))
        for one in standing.lists
    ]
    shown = hidden(SHOWN, ",".join(str(one.id) for one in standing.lists))  # one field: a form may only have so many
    return group(told["your_lists"], ticks) + shown


def _how_often(standing: Standing, told: Mapping[str, str]) -> list[Tick]:
    """Return how often they may want mail; who can only say no is offered nothing that is more."""
    open_to = [one for one in Frequency if standing.may_agree or most_seldom(standing.frequency, one) is one]
    return [Tick(FREQUENCY, one.value, told[one.value], one is standing.frequency, is_one_of=True) for one in open_to]


def _pauses(standing: Standing, told: Mapping[str, str], now: datetime) -> list[Tick]:
    until = standing.paused_until
    is_paused = until is not None and until > now
    ticks = [Tick(PAUSE, "0", told["pause_none"], not is_paused, is_one_of=True)] if standing.may_agree or not is_paused else []
    if until is not None and is_paused:
        ticks.append(Tick(PAUSE, KEEP_PAUSE, told["pause_keep"].format(date=until.date().isoformat()), is_on=True, is_one_of=True))
    open_to = [days for days in PAUSES if standing.may_agree or until is None or now + timedelta(days=days) > until]
    return ticks + [Tick(PAUSE, str(days), told["pause_days"].format(days=days), is_one_of=True) for days in open_to]


def _sale(standing: Standing, told: Mapping[str, str]) -> str:
    return f'<div class="field">{Tick(SALE, "yes", told["sale"], standing.do_not_sell).html()}</div>'
