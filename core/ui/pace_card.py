"""What a connection's card says about its pace: what is set, what left today, what is held and why."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.providers.connections import Connection
from core.providers.paces import ConnectionPace, Held
from core.ui.page import Page
from core.ui.words import counted, number, plain

_SHOWN = 5


def draw(page: Page, one: Connection, pace: ConnectionPace, names: Mapping[int, str]) -> None:
    """Draw the pace of a connection mail can leave through.

    Args:
        page: The page.
        one: The connection.
        pace: Its pace.
        names: What connections are called, by number.
    """
    st.caption(f"**Pace:** {words(pace, names)}")
    _today(page, pace)
    for each in pace.held[:_SHOWN]:
        _held(page, each)
    if len(pace.held) > _SHOWN:
        st.caption(f"And {counted(len(pace.held) - _SHOWN, 'more domain')} that takes less.")
    if pace.held:
        st.button("Try again now", icon=":material/refresh:", key=f"again_{one.id}", on_click=_try_again, args=(page, one))


def words(pace: ConnectionPace, names: Mapping[int, str]) -> str:
    """Return what is set, in words: "10 a second · 5,000 a day · gmail 5 a second · Relay takes over"."""
    known, helper = pace.pacing, names.get(pace.fallback_id or 0)
    parts = [
        f"{known.per_second:g} a second" if known.per_second else "as fast as it takes them",
        f"{number(known.daily)} a day" if known.daily else "",
        *(f"{plain(group)} {rate:g} a second" for group, rate in known.per_domain.items()),
        f"{plain(helper)} takes over" if helper else "",
    ]
    return " · ".join(filter(None, parts))


def _today(page: Page, pace: ConnectionPace) -> None:
    plan, today = pace.pacing.warm_up, page.services.clock.now().date()
    day = (today - plan.starts_on).days + 1 if plan else 0
    warm = f"day {max(1, day)} of {len(plan.days)} of its warm-up" if plan and day <= len(plan.days) else ""
    groups = [f"{plain(group)} {number(count)}" for group, count in sorted(pace.today_by_group.items()) if count]
    if pace.allowed_today is None:
        st.caption(" · ".join([f"{number(pace.today)} sent today (UTC)", *groups]))
        return
    said = [f"{number(pace.today)} of {number(pace.allowed_today)} sent today (UTC)", warm, *groups]
    st.progress(min(1.0, pace.today / pace.allowed_today), text=" · ".join(filter(None, said)))


def _held(page: Page, held: Held) -> None:
    who = f"{plain(held.group)} addresses" if held.group else ""
    why = f" {plain(held.reason)}" if held.reason else ""
    if held.needs_person:
        fix = "Correct it under Edit, then resume the campaigns that were paused."
        st.error(f"**Nothing leaves through it: the sign-in is refused.**{why}  \n{fix}", icon=":material/key_off:")
    elif held.until is not None:
        what = f"Nothing leaves to {who}" if who else "Nothing leaves through it"
        st.warning(f"**{what} for now; it is tried again {_soon(page, held)}.**{why}", icon=":material/hourglass_empty:")
    else:
        rate = f" ({held.per_second:.3g} a second now)" if held.per_second is not None else ""
        what = f"Slower to {who}" if who else "Slower than usual"
        st.info(f"**{what}{rate}.** It gets faster by itself as long as nobody complains.{why}", icon=":material/speed:")


def _soon(page: Page, held: Held) -> str:
    when = page.when(held.until)
    return when if when.startswith("in ") else "in a moment"


def _try_again(page: Page, one: Connection) -> None:
    with page.act(f"{plain(one.name)} tries again with the next chunk."):
        page.services.paces.try_again(page.by, one.id)
