"""Windows, quiet hours and wall times: whatever the zone does with its clocks, mail leaves within its hours and never early."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.hours import WHOLE_DAY, Hours, Quiet, Window, minute_of, minute_words, moment, parse_window, zone_named
from core.sending_rules import Cap, SendingRules

on = datetime.fromisoformat
BERLIN, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
ODD = ("Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York", "UTC")
zones = st.sampled_from(ODD).map(ZoneInfo)
moments = st.datetimes(on("2026-01-01T00:00"), on("2028-01-01T00:00"), timezones=st.just(UTC))
minutes = st.integers(0, WHOLE_DAY - 1)
days = st.frozensets(st.integers(0, 6), min_size=1)
# At least as long as the hour that a zone leaves out in spring.
windows = st.builds(lambda opens, length, days: Window(opens, min(WHOLE_DAY, opens + length), days), minutes, st.integers(61, 600), days)
quiets = st.tuples(minutes, minutes).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: Quiet(*pair))
hours = st.builds(Hours, st.sampled_from(ODD), st.none() | windows, st.booleans(), st.none() | quiets)


@given(hours=hours, after=moments, person=zones)
def test_the_next_opening_is_within_the_hours_never_before_and_soon(hours: Hours, after: datetime, person: ZoneInfo) -> None:
    at = hours.next(after, person)
    if at is not None:
        assert hours.allows(at, person)
        assert after <= at <= after + timedelta(days=8, hours=2)
        if hours.window:
            local = at.astimezone(person if hours.in_contact_zone else hours.home)
            assert local.weekday() in hours.window.weekdays
            assert hours.window.opens <= local.hour * 60 + local.minute < hours.window.closes
        if hours.quiet:
            assert not hours.quiet.has(at.astimezone(person))


@given(window=windows, zone=zones, after=moments)
def test_a_window_alone_opens_within_a_week(window: Window, zone: ZoneInfo, after: datetime) -> None:
    at = Hours(zone.key, window).next(after, UTC_ZONE)
    assert at is not None
    assert at <= after + timedelta(days=7, hours=2)


@given(quiet=quiets, zone=zones, after=moments)
def test_quiet_hours_alone_are_over_within_a_day(quiet: Quiet, zone: ZoneInfo, after: datetime) -> None:
    at = Hours("UTC", quiet=quiet).next(after, zone)
    assert at is not None
    assert at <= after + timedelta(hours=25)


@given(hours=hours, after=moments, person=zones, step=st.floats(0, 1))
def test_nothing_opens_before_the_next_opening(hours: Hours, after: datetime, person: ZoneInfo, step: float) -> None:
    at = hours.next(after, person)
    if at is not None and at > after:
        between = after + (at - after) * step * 0.999
        # Where clocks are put back, a closed hour is gone through twice, and what opens within may be missed: later, never early.
        if between.astimezone(person).utcoffset() == after.astimezone(person).utcoffset() == at.astimezone(person).utcoffset():
            home = [each.astimezone(hours.home).utcoffset() for each in (after, between, at)]
            assert home[0] != home[2] or not hours.allows(between, person)


@pytest.mark.parametrize(
    ("wall", "zone", "expected"),
    [
        (on("2026-12-01T09:00"), "Europe/Berlin", datetime(2026, 12, 1, 8, tzinfo=UTC)),
        (on("2026-03-29T01:59"), "Europe/Berlin", datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        (on("2026-03-29T02:30"), "Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),  # left out: the moment clocks go on
        (on("2026-03-29T03:00"), "Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
        (on("2026-10-25T02:30"), "Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # twice: the first time
        (on("2026-10-25T03:00"), "Europe/Berlin", datetime(2026, 10, 25, 2, tzinfo=UTC)),
        (on("2026-12-01T09:00"), "Pacific/Kiritimati", datetime(2026, 11, 30, 19, tzinfo=UTC)),
        (on("2026-12-01T09:00"), "Pacific/Pago_Pago", datetime(2026, 12, 1, 20, tzinfo=UTC)),
        (on("2026-10-04T02:10"), "Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),  # half an hour is left out
    ],
)
def test_a_time_on_the_clock_is_one_moment(wall: datetime, zone: str, expected: datetime) -> None:
    assert moment(wall, ZoneInfo(zone)) == expected


@given(wall=st.datetimes(on("2026-01-01T00:00"), on("2028-01-01T00:00")).map(lambda at: at.replace(second=0, microsecond=0)), zone=zones)
def test_the_clock_shows_the_time_then_or_has_just_passed_it(wall: datetime, zone: ZoneInfo) -> None:
    at = moment(wall, zone)
    shown = at.astimezone(zone).replace(tzinfo=None, fold=0)
    assert wall <= shown <= wall + timedelta(hours=1)
    before = (at - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None, fold=0)
    assert before < wall


def test_a_window_over_the_day_clocks_go_on_opens_when_they_do() -> None:
    hours = Hours("Europe/Berlin", Window(150, 240, frozenset(range(7))))
    assert hours.next(datetime(2026, 3, 29, tzinfo=UTC), BERLIN) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_what_lies_within_the_quiet_hours_never_opens() -> None:
    assert Hours("UTC", Window(1320, 1380, frozenset({0})), True, Quiet(1260, 480)).next(datetime(2026, 1, 1, tzinfo=UTC), BERLIN) is None


@pytest.mark.parametrize(
    ("text", "opens", "closes", "weekdays"),
    [
        ("mon-fri 9:00-18:00", 540, 1080, {0, 1, 2, 3, 4}),
        ("Sat,Sun 10-24:00", 600, 1440, {5, 6}),
        ("fri-mon 00:00-6", 0, 360, {4, 5, 6, 0}),
        ("8-20", 480, 1200, set(range(7))),
    ],
)
def test_a_window_is_read(text: str, opens: int, closes: int, weekdays: set[int]) -> None:
    window = parse_window(text)
    assert window == Window(opens, closes, frozenset(weekdays))
    assert Window.from_json(window.as_json()) == window


@pytest.mark.parametrize("text", ["", "mon", "mon-fri", "9:00", "18-9", "9-9", "mon-xyz 9-18", "mon fri 9-18", "9-24:01", "9:60-12"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_window(text)


@pytest.mark.parametrize(
    "given", [{}, {"opens": 9, "closes": "18"}, {"opens": "9", "closes": "18"}, {"opens": "9", "closes": "18", "weekdays": [1]}]
)
def test_a_window_of_a_wrong_form_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        Window.from_json(given)


@given(minute=st.integers(0, WHOLE_DAY))
def test_times_of_day_are_read_as_they_are_written(minute: int) -> None:
    assert minute_of(minute_words(minute)) == minute


def test_zones_are_known_by_name_only() -> None:
    assert zone_named(" europe/berlin ") == BERLIN
    assert [zone_named(name) for name in ("", "Berlin", "../../etc/passwd", "/etc/localtime")] == [None] * 4


def test_rules_are_kept_whole_and_odd_ones_refused() -> None:
    rules = SendingRules(Quiet(1260, 480), Cap(3, 7))
    assert SendingRules.from_json(rules.as_json()) == rules
    assert SendingRules.from_json({}) == SendingRules()
    for refused in (lambda: Cap(0, 7), lambda: Cap(1, 91), lambda: Quiet(5, 5), lambda: Quiet(0, 1440)):
        with pytest.raises(InvalidInput):
            refused()
