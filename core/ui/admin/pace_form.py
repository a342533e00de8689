"""What a person sets about a connection's pace: limits, what domains get, warming up, and what takes over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import streamlit as st

from core.errors import InvalidInput
from core.providers.connections import Connection
from core.providers.paces import ConnectionPace
from core.providers.pacing import LARGEST_DAY, LONGEST_WARM_UP, Pacing, WarmUp, growing
from core.ui import charts
from core.ui.page import Page
from core.ui.parts import remark
from core.ui.words import number, plain

_ANY = "Any number"
_FIRST, _LAST, _DAYS = 50, 10_000, 14
_GROWING, _OWN = "Grow every day", "My own numbers"


def draw(page: Page, one: Connection, pace: ConnectionPace, others: Mapping[int, str], done: Callable[[], None]) -> None:
    """Draw the form; what can't be used is told below it, and what was typed stays.

    Args:
        page: The page.
        one: Whose pace it is.
        pace: What is set.
        others: The connections that could take over, by number.
        done: What follows once it is saved.
    """
    key, known = f"pace_{one.id}", pace.pacing
    st.caption(plain(one.name))
    left, right = st.columns(2)
    per_second = left.number_input(
        "Messages a second", value=known.per_second, min_value=0.0, step=1.0, format="%g", placeholder=_ANY, key=f"{key}_per_second"
    )
    daily = right.number_input("Messages a day (UTC)", value=known.daily, min_value=0, step=100, placeholder=_ANY, key=f"{key}_daily")
    fallback_id = _fallback(pace.fallback_id, others, key)
    domains = st.text_area(
        "Messages a second to a domain",
        "\n".join(f"{group} {rate:g}" for group, rate in known.per_domain.items()),
        key=f"{key}_domains",
        height=100,
        placeholder="gmail.com 5\nexample.com 0.5",
        help="One domain a line. Domains of the same operator count together: gmail.com also means googlemail.com.",
    )
    st.caption("A domain that asks for less is slowed down by itself, whatever is set here, and gets faster again bit by bit.")
    plan = _warm_up(known.warm_up, page.services.clock.now().date(), key, daily)
    if st.button("Save pace", type="primary", key=f"{key}_save"):
        with page.act("Saved. It counts from the next chunk on."):
            new = Pacing(per_second or None, daily or None, pairs(domains or "", "a number"), plan() if plan else None)
            page.services.paces.set(page.by, one.id, new, fallback_id)
            done()


def pairs(text: str, what: str) -> dict[str, float]:
    """Return what is written line by line: a domain and a number.

    Raises:
        InvalidInput: If a line is something else; says which.
    """
    found: dict[str, float] = {}
    for place, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, _, value = line.replace(":", " ").replace("=", " ").strip().rpartition(" ")
        try:
            found[name.strip()] = float(value.rstrip("%"))
        except ValueError:
            name = ""
        if not name.strip():
            raise InvalidInput(f"Line {place} is not a domain and {what}.", hint="For example: gmail.com 5")
    return found


def _fallback(known: int | None, others: Mapping[int, str], key: str) -> int | None:
    options: list[int | None] = [None, *others]
    index = options.index(known) if known in options else 0
    return st.selectbox(
        "Takes over while this one can’t send",
        options,
        index,
        format_func=lambda each: "Nobody: it waits" if each is None else others[each],
        key=f"{key}_fallback",
        help="Also once this one has sent all it may on a day.",
    )


def _warm_up(known: WarmUp | None, today: date, key: str, daily: int | None) -> Callable[[], WarmUp] | None:
    """Draw the plan of a warm-up; return what makes it, None where there is none."""
    if not st.toggle("Warm up", known is not None, key=f"{key}_warm", help="A new address earns its reputation with little at first."):
        return None
    starts_on = st.date_input("Begins on (UTC)", known.starts_on if known else today, key=f"{key}_starts", format="YYYY-MM-DD")
    own = known is not None and not _grows(known.days)
    first = _OWN if own else _GROWING
    how = st.segmented_control("Each day", (_GROWING, _OWN), default=first, key=f"{key}_how", label_visibility="collapsed")
    volumes = _own(known, key) if how == _OWN else _growing(known, key)
    shares = st.text_area(
        "At most this part of a day to a domain, in %",
        "\n".join(f"{group} {100 * part:g}" for group, part in (known.groups if known else {}).items()),
        key=f"{key}_shares",
        height=68,
        placeholder="gmail.com 30",
    )
    begins = starts_on if isinstance(starts_on, date) else today
    try:
        _chart(WarmUp(begins, volumes()), today, key, daily)
    except InvalidInput as error:
        remark(plain(str(error)))
    return lambda: WarmUp(begins, volumes(), {group: part / 100 for group, part in pairs(shares or "", "a share").items()})


def _growing(known: WarmUp | None, key: str) -> Callable[[], tuple[int, ...]]:
    before = known.days if known and len(known.days) > 1 else (_FIRST, _LAST)
    first, last, days = st.columns(3)
    begin = first.number_input("On the first day", 1, LARGEST_DAY, before[0], key=f"{key}_first")
    end = last.number_input("On the last day", 1, LARGEST_DAY, before[-1], key=f"{key}_last")
    count = days.number_input("Days", 2, LONGEST_WARM_UP, len(before) if known and len(before) > 1 else _DAYS, key=f"{key}_days")
    return lambda: growing(int(begin), int(end), int(count))


def _own(known: WarmUp | None, key: str) -> Callable[[], tuple[int, ...]]:
    before = ", ".join(str(each) for each in known.days) if known else ""
    text = st.text_input("Messages on each day", before, key=f"{key}_numbers", placeholder="50, 100, 200")

    def read() -> tuple[int, ...]:
        try:
            return tuple(int(each) for each in (text or "").replace(",", " ").split())
        except ValueError as error:
            raise InvalidInput("The messages on each day are not whole numbers.", hint="For example: 50, 100, 200") from error

    return read


def _grows(days: tuple[int, ...]) -> bool:
    return len(days) >= 2 and 1 <= days[0] <= days[-1] and days == growing(days[0], days[-1], len(days))


def _chart(plan: WarmUp, today: date, key: str, daily: int | None) -> None:
    days = [plan.starts_on + timedelta(days=each) for each in range(len(plan.days))]
    if not days:
        return
    ends = plan.ends_on
    st.markdown("**Messages a day while it warms up**")
    st.plotly_chart(
        charts.planned(days, plan.days, today),
        theme=None,
        config={"displayModeBar": False, "scrollZoom": False},
        key=f"{key}_chart",
        alt=f"Messages a day from {number(plan.days[0])} to {number(plan.days[-1])} over {len(days)} days.",
    )
    shown = f"{number(sum(plan.days))} messages in {len(days)} days; from {ends.day} {ends:%B} on nothing is held back."
    if daily and daily < max(plan.days):
        shown = f"The {number(daily)} a day from above hold too. From {ends.day} {ends:%B} on nothing else is held back."
    st.caption(shown)
