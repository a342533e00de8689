"""Charts say who did it: people in full colour, machines hatched, the period before faint."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.ui import charts
from core.ui.charts import Series
from core.ui.palette import LIGHT, Meaning

START = datetime(2026, 11, 1, tzinfo=UTC)


def hours(count: int) -> list[datetime]:
    return [START + timedelta(hours=hour) for hour in range(count)]


def opens(count: int, **more) -> Series:
    return Series("Opens", Meaning.OPENED, list(range(count)), **more)


def test_people_are_a_line_in_their_own_colour():
    figure = charts.over_time(hours(24), [opens(24)])
    assert [trace.line.color for trace in figure.data] == [LIGHT.colours[Meaning.OPENED]]


def test_machines_are_hatched_and_never_in_the_colour_of_people():
    figure = charts.over_time(hours(24), [opens(24, machines=[5] * 24)])
    machines = next(trace for trace in figure.data if trace.type == "bar")
    assert machines.marker.pattern.shape == "/"
    assert machines.marker.color != LIGHT.colours[Meaning.OPENED]
    assert machines.name == "Opens by machines"


def test_the_period_before_is_faint():
    figure = charts.over_time(hours(24), [opens(24, previous=[1] * 24)])
    before = next(trace for trace in figure.data if "before" in trace.name)
    assert before.line.dash == "dot"


def test_a_line_is_named_at_its_end_and_names_keep_apart():
    series = [Series("Opens", Meaning.OPENED, [100] * 24), Series("Clicks", Meaning.CLICKED, [99] * 24)]
    names = {note.text: note.y for note in charts.over_time(hours(24), series).layout.annotations}
    assert names["<b>Opens</b>"] - names["<b>Clicks</b>"] >= charts.LABEL_GAP * 100 * 0.99


@pytest.mark.parametrize("count", [0, 1, 5])
def test_too_few_moments_for_a_line_become_bars(count: int):
    figure = charts.over_time(hours(count), [opens(count, machines=[3] * count)])
    assert {trace.type for trace in figure.data} <= {"bar"}


def test_an_interval_is_drawn_in_percentage_points():
    (trace,) = charts.interval([("B − A", -0.01, 0.02, 0.05)]).data
    assert trace.x == (2.0,)
    assert trace.error_x.array == pytest.approx((3.0,))
    assert trace.error_x.arrayminus == pytest.approx((3.0,))
