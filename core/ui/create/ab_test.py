"""An A/B test as people read it: the arms, the difference with its interval, and one plain sentence."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.analytics.models import ArmRow
from core.ui import charts
from core.ui.palette import Meaning
from core.ui.words import ENOUGH, number, percent, plain

CAUTION = (
    "The intervals are meant for one look, when most answers are in. Who looks again and again will sooner or later see a "
    "difference that is not there. Opens are an estimate: some mail programs open by themselves, others not at all."
)


def draw(arms: Sequence[ArmRow]) -> None:
    """Draw a test; nothing where there is none."""
    if not arms:
        return
    st.subheader("Subject line test", anchor=False)
    with st.grid(min_column_width=280):
        for arm in arms:
            _arm(arm)
    for arm in arms[1:]:
        st.markdown(sentence(arms[0], arm))
        st.markdown(clicks_sentence(arms[0], arm))
    st.caption(CAUTION)
    compared = [(f"{arm.key} − {arms[0].key}", arm.low, arm.difference, arm.high) for arm in arms[1:] if _is_enough(arms[0], arm)]
    if compared:
        _chart(compared)


def sentence(first: ArmRow, other: ArmRow) -> str:
    """Return what the test says so far, in plain words.

    Args:
        first: The arm the other is compared with.
        other: The arm that is judged.
    """
    if not _is_enough(first, other) or other.difference is None or other.low is None or other.high is None:
        return f"Not enough yet to compare {first.key} and {other.key}: each needs at least {ENOUGH} delivered emails."
    span = f"between {_points(other.low)} and {_points(other.high)} percentage points"
    if other.low > 0:
        return f"**{other.key} is opened more often than {first.key}**: by {_points(other.difference)}, {span} (95 % interval)."
    if other.high < 0:
        return f"**{other.key} is opened less often than {first.key}**: by {_points(other.difference)}, {span} (95 % interval)."
    return f"**No difference can be told yet.** {other.key} against {first.key} lies {span} (95 % interval), so it may be either way."


def clicks_sentence(first: ArmRow, other: ArmRow) -> str:
    """Return what the test says about clicks, which say more than opens: mail programs open by themselves.

    Args:
        first: The arm the other is compared with.
        other: The arm that is judged.
    """
    compared = other.clicks_compared
    if compared is None or not _is_enough(first, other):
        return ""
    span = f"between {_points(compared.low)} and {_points(compared.high)} percentage points"
    if not compared.is_clear:
        return f"Clicks: no difference can be told; {other.key} lies {span}."
    word = "more" if compared.difference > 0 else "less"
    return f"Clicks: {other.key} is clicked {word} often, by {_points(compared.difference)}, {span}."


def _arm(arm: ArmRow) -> None:
    with st.container(border=True, height="stretch", gap="xsmall"):
        st.markdown(f":primary-badge[{arm.key}] **{plain(arm.subject)}**")
        st.metric("Opened", percent(arm.unique_opens, arm.delivered))
        clicked = percent(arm.unique_clicks, arm.delivered)
        st.caption(f"{number(arm.unique_opens)} of {number(arm.delivered)} delivered · {clicked} clicked")


def _chart(rows: list[tuple[str, float | None, float | None, float | None]]) -> None:
    points = [(name, low or 0.0, middle or 0.0, high or 0.0) for name, low, middle, high in rows]
    table = [
        {"Difference": name, "Low (points)": 100 * low, "Estimate (points)": 100 * middle, "High (points)": 100 * high}
        for name, low, middle, high in points
    ]
    title = "Difference in open rate, 95 % interval"
    alt = "; ".join(f"{name}: {_points(middle)} points, from {_points(low)} to {_points(high)}" for name, low, middle, high in points)
    charts.card(title, lambda: charts.interval(points, Meaning.OPENED), table, key="ab_chart", alt=alt)


def _is_enough(first: ArmRow, other: ArmRow) -> bool:
    return min(first.delivered, other.delivered) >= ENOUGH and None not in (other.low, other.difference, other.high)


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")
