"""What a connection's card says about its pace: what is set, what left today, what is held and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.providers.connections import Connection
from core.providers.paces import ConnectionPace, Held
from core.ui.page import Page
from core.ui.words import counted, number, plain

_SHOWN = 5
_WAITS = ":material/hourglass_empty:"


def draw(page: Page, one: Connection, pace: ConnectionPace, names: Mapping[int, str]) -> None:
    """Draw the pace of a connection mail can leave through.

    Args:
        page: The page.
        one: The connection.
        pace: Its pace.
        names: What connections are called, by number.
    """
    _today(page, pace, words(pace, names))
    for each in pace.held:
        if not (each.group or _is_as_set(pace, each)):
            _held(page, each)
    _domains(page, [each for each in pace.held if each.group])


def try_again(page: Page, one: Connection, pace: ConnectionPace) -> None:
    """Draw the button that lets what is held try again; nothing where nothing is."""
    if not all(_is_as_set(pace, each) for each in pace.held):
        st.button("Try again now", icon=":material/refresh:", key=f"again_{one.id}", on_click=_try_again, args=(page, one))


def words(pace: ConnectionPace, names: Mapping[int, str]) -> str:
    """Return what is set, in words: "10 a second · 5,000 a day · 5 a second to gmail · Relay takes over"."""
    known, helper = pace.pacing, names.get(pace.fallback_id or 0)
    parts = [
        f"{known.per_second:g} a second" if known.per_second else "as fast as it takes them",
        f"{number(known.daily)} a day" if known.daily else "",
        *(f"{rate:g} a second to {plain(group)}" for group, rate in known.per_domain.items()),
        f"{plain(helper)} takes over" if helper else "",
    ]
    return " · ".join(filter(None, parts))


def _today(page: Page, pace: ConnectionPace, known: str) -> None:
    plan, today = pace.pacing.warm_up, page.services.clock.now().date()
    day = (today - plan.starts_on).days + 1 if plan else 0
    warm = f"day {max(1, day)} of {len(plan.days)} of its warm-up" if plan and day <= len(plan.days) else ""
    groups = [f"{number(count)} to {plain(group)}" for group, count in sorted(pace.today_by_group.items()) if count]
    if pace.allowed_today is None:
        st.caption(f"**Pace:** {' · '.join([known, f'{number(pace.today)} sent today (UTC)', *groups])}")
        return
    st.caption(f"**Pace:** {known}")
    said = [f"{number(pace.today)} of {number(pace.allowed_today)} sent today (UTC)", warm, *groups]
    st.progress(min(1.0, pace.today / pace.allowed_today), text=" · ".join(filter(None, said)))


def _held(page: Page, held: Held) -> None:
    if held.needs_person:
        fix = "Correct it under Edit, then resume the campaigns that were paused."
        st.error(f"**Nothing leaves through it: the sign-in is refused.** {_why(held)}  \n{fix}", icon=":material/key_off:")
    elif held.until is not None:
        st.warning(f"**Nothing leaves through it for now; it is tried again {_soon(page, held)}.** {_why(held)}", icon=_WAITS)
    else:
        gets_faster = "It gets faster by itself as long as nobody complains."
        st.info(f"**Slower than usual{_rate(held)}.** {gets_faster} {_why(held)}", icon=":material/speed:")


def _domains(page: Page, held: Sequence[Held]) -> None:
    """Draw what domains are held or slower, a line each: their operators said so, the others are not touched."""
    if not held:
        return
    lines = [f"**{counted(len(held), 'domain takes', 'domains take')} less at the moment.** Other domains go on as usual."]
    for each in held[:_SHOWN]:
        what = "slower" if each.until is None else f"tried again {_soon(page, each)}"
        lines.append(f"- **{plain(each.group)}**: {what}{_rate(each) if each.until is None else ''}. {_why(each)}")
    if len(held) > _SHOWN:
        lines.append(f"- and {number(len(held) - _SHOWN)} more")
    st.info("\n".join([lines[0], "", *lines[1:]]), icon=":material/speed:")


def _is_as_set(pace: ConnectionPace, held: Held) -> bool:
    """Return whether something that gets faster is already as fast as it was set: nobody need know of it any more."""
    known, now = pace.pacing.per_second, held.per_second
    goes = not (held.group or held.needs_person or held.until)
    return goes and known is not None and now is not None and now >= known


def _rate(held: Held) -> str:
    return f" ({held.per_second:.3g} a second now)" if held.per_second is not None else ""


def _why(held: Held) -> str:
    """Return the provider's words as a sentence."""
    return f"{plain(held.reason.strip().rstrip('.'))}." if held.reason.strip() else ""


def _soon(page: Page, held: Held) -> str:
    when = page.when(held.until)
    return when if when.startswith("in ") else "in a moment"


def _try_again(page: Page, one: Connection) -> None:
    with page.act(f"{plain(one.name)} tries again with the next chunk."):
        page.services.paces.try_again(page.by, one.id)
