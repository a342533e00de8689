from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.providers.domain_groups import domain_group, group_named
from core.providers.pace_rules import ALL, Closed, Known, allot, opening
from core.providers.pacing import Pacing, WarmUp, checked_pacing, growing, stored_pacing
from core.providers.standing import (
    BREAKS_AFTER,
    FOR_A_PERSON,
    Standing,
    after_domain_trouble,
    after_failure,
    after_refused_sign_in,
    after_success,
    after_throttling,
    burst,
    fresh,
    refilled,
    tried_again,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TODAY = NOON.date()
RATES = st.floats(0.01, 5_000)


def test_domains_of_one_operator_are_one_group() -> None:
    assert domain_group("a@GoogleMail.com") == domain_group("b@gmail.com") == "gmail"
    assert domain_group("a@hotmail.com") == domain_group("b@live.de") == "microsoft"
    assert domain_group("a@aol.com") == domain_group("b@ymail.com") == "yahoo"
    assert domain_group("a@me.com") == "apple"
    assert domain_group("a@web.de") == domain_group("b@gmx.net") == "gmx"
    assert domain_group("a@Shop.Example.") == "shop.example"


def test_a_group_is_meant_by_its_name_or_any_of_its_domains() -> None:
    assert group_named(" Gmail ") == group_named("@googlemail.com") == "gmail"
    assert group_named("shop.example") == "shop.example"


@given(
    rate=RATES,
    steps=st.lists(st.tuples(st.floats(0, 30), st.integers(0, 10_000)), max_size=40),
)
def test_never_more_leaves_than_the_rate_and_one_burst_allow(rate: float, steps: list[tuple[float, int]]) -> None:
    known, now, left = Known(Pacing(per_second=rate)), NOON, 0
    for seconds, wanted in steps:
        now += timedelta(seconds=seconds)
        allotted = allot(known, {"gmail": wanted}, now)
        known = Known(known.pacing, dict(known.standings) | allotted.standings)
        left += allotted.now["gmail"]
        assert left <= rate * (now - NOON).total_seconds() + burst(rate) + 1e-3


@given(
    total=RATES,
    gmail=RATES,
    steps=st.lists(st.tuples(st.floats(0, 30), st.integers(0, 500), st.integers(0, 500)), max_size=30),
)
def test_a_domains_rate_holds_beside_the_connections(total: float, gmail: float, steps: list[tuple[float, int, int]]) -> None:
    known, now = Known(Pacing(per_second=total, per_domain={"gmail": gmail})), NOON
    left = {"gmail": 0, "shop.example": 0}
    for seconds, to_gmail, to_shop in steps:
        now += timedelta(seconds=seconds)
        allotted = allot(known, {"gmail": to_gmail, "shop.example": to_shop}, now)
        known = Known(known.pacing, dict(known.standings) | allotted.standings)
        for group, count in allotted.now.items():
            left[group] += count
        passed = (now - NOON).total_seconds()
        assert left["gmail"] <= gmail * passed + burst(gmail) + 1e-3
        assert sum(left.values()) <= total * passed + burst(total) + 1e-3


@given(rate=RATES, hours=st.integers(-48, 48))
def test_a_clock_that_jumps_gives_one_burst_at_most(rate: float, hours: int) -> None:
    spent = Standing(0.0, NOON)

    assert refilled(spent, rate, NOON + timedelta(hours=hours)).permits <= burst(rate)
    assert refilled(spent, rate, NOON + timedelta(hours=hours)).permits >= 0


def test_what_may_leave_is_all_there_is_where_nothing_is_set() -> None:
    assert Known().is_free
    assert opening(Known(), "Relay", NOON) is None
    assert allot(Known(), {"gmail": 7, "shop.example": 5}, NOON).now == {"gmail": 7, "shop.example": 5}


def test_a_connection_out_of_permits_says_when_the_next_round_is_worth_it() -> None:
    known = Known(Pacing(per_second=10), {ALL: Standing(0.0, NOON)})

    closed = opening(known, "Relay", NOON)

    assert isinstance(closed, Closed)
    assert closed.is_pace
    assert timedelta(seconds=0.5) <= closed.until - NOON < timedelta(seconds=0.51)
    assert opening(known, "Relay", closed.until) == 5


def test_the_daily_quota_closes_until_midnight() -> None:
    known = Known(Pacing(daily=100), counts={ALL: 60})

    assert opening(known, "Relay", NOON) == 40
    assert allot(known, {"gmail": 30, "shop.example": 30}, NOON).now == {"gmail": 30, "shop.example": 10}
    closed = opening(replace(known, counts={ALL: 100}), "Relay", NOON)
    assert isinstance(closed, Closed)
    assert closed.until == datetime(2026, 11, 23, tzinfo=UTC)
    assert closed.reason == "“Relay” has sent the 100 messages its daily quota allows for today; it goes on after midnight UTC."


def test_a_warm_up_grows_day_by_day_and_then_ends() -> None:
    plan = WarmUp(date(2026, 11, 21), (50, 100, 200), {"gmail": 0.5})
    known = Known(Pacing(warm_up=plan, daily=150))

    assert [plan.volume(date(2026, 11, day)) for day in (20, 21, 22, 23, 24)] == [50, 50, 100, 200, None]
    assert [known.pacing.allowance(date(2026, 11, day)) for day in (22, 23, 24)] == [100, 150, 150]
    assert plan.ends_on == date(2026, 11, 24)
    late = datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)
    assert opening(replace(known, counts={ALL: 95}), "New", late) == 5
    assert opening(known, "New", late + timedelta(seconds=1)) == 150


def test_a_groups_share_of_the_warm_up_waits_for_the_next_day_alone() -> None:
    known = Known(Pacing(warm_up=WarmUp(TODAY, (100,), {"gmail": 0.3})), counts={ALL: 20, "gmail": 20})

    allotted = allot(known, {"gmail": 30, "shop.example": 30}, NOON)

    assert allotted.now == {"gmail": 10, "shop.example": 30}
    assert allotted.waits == {"gmail": (datetime(2026, 11, 23, tzinfo=UTC), None)}


def test_a_domain_that_complains_is_the_only_one_to_wait() -> None:
    slow = after_domain_trouble(fresh(None, NOON), "421 4.7.28 too many", NOON, None, 40.0)
    known = Known(standings={"gmail": slow})

    allotted = allot(known, {"gmail": 50, "shop.example": 50}, NOON + timedelta(seconds=59))

    assert allotted.now == {"gmail": 0, "shop.example": 50}
    assert allotted.waits == {"gmail": (NOON + timedelta(minutes=1), 20.0)}
    assert opening(known, "Relay", NOON) is None
    assert allot(known, {"gmail": 50}, NOON + timedelta(minutes=2)).now == {"gmail": 20}


def test_complaints_double_the_break_up_to_an_hour_and_success_brings_the_rate_back() -> None:
    standing, now = fresh(None, NOON), NOON
    breaks = []
    for _ in range(9):
        standing = after_domain_trouble(standing, "421 4.7.0 slower", now, None, 40.0)
        assert standing.held_until is not None
        breaks.append((standing.held_until - now) / timedelta(minutes=1))
        now = standing.held_until
    assert breaks == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert standing.rate(None) == pytest.approx(40 / 64)

    rates = []
    while (rate := standing.rate(None)) is not None:
        standing = after_success(standing, 50, now)
        rates.append(rate)
    assert rates == sorted(rates)
    assert standing.is_plain
    assert standing.failures == 0


def test_a_throttled_connection_halves_its_rate_and_waits_as_long_as_it_is_told() -> None:
    slower = after_throttling(fresh(100, NOON), "429", NOON, timedelta(seconds=7), 80.0)

    assert slower.held_until == NOON + timedelta(seconds=7)
    assert slower.rate(100) == 50
    assert after_throttling(slower, "429", NOON, None, 80.0).rate(100) == 25


def test_a_connection_out_of_order_rests_longer_and_longer_and_comes_back_with_one_message() -> None:
    standing, now, rests = fresh(None, NOON), NOON, []
    for _ in range(12):
        standing = after_failure(standing, "can't be reached", now)
        assert standing.held_until is not None
        rests.append(int((standing.held_until - now).total_seconds()))
        now = standing.held_until
    assert rests == [5, 5, 5, 5, 30, 60, 120, 240, 480, 900, 900, 900]

    known = Known(standings={ALL: standing})
    assert opening(known, "Relay", now) == 1
    assert allot(known, {"gmail": 500}, now).now == {"gmail": 1}
    assert after_success(standing, 1, now).is_plain


def test_failures_of_chunks_that_were_under_way_together_count_once() -> None:
    once = after_failure(fresh(None, NOON), "gone", NOON)

    assert after_failure(once, "gone", NOON + timedelta(seconds=1)) == once
    assert once.failures == 1 < BREAKS_AFTER


def test_a_refused_sign_in_waits_for_a_person_whatever_comes_back_late() -> None:
    held = after_refused_sign_in(fresh(None, NOON), "535 no")

    assert held.held_until == FOR_A_PERSON
    assert held.waits_for_a_person
    assert after_success(held, 100, NOON + timedelta(days=400)) == held
    assert not tried_again(held, NOON).is_held(NOON)


def test_a_pacing_is_kept_and_read_back() -> None:
    pacing = Pacing(2.5, 1_000, {"googlemail.com": 5, "Shop.Example": 1}, WarmUp(TODAY, (50, 100), {"hotmail.com": 0.5}))

    checked = checked_pacing(pacing)

    assert checked.per_domain == {"gmail": 5.0, "shop.example": 1.0}
    assert checked.warm_up == WarmUp(TODAY, (50, 100), {"microsoft": 0.5})
    assert stored_pacing(checked.as_json()) == checked
    assert stored_pacing({}) == Pacing()
    assert Pacing().as_json() == {}


@pytest.mark.parametrize(
    "pacing",
    [
        Pacing(per_second=0),
        Pacing(per_second=float("nan")),
        Pacing(per_second=float("inf")),
        Pacing(per_second=-1),
        Pacing(daily=0),
        Pacing(per_domain={"not a domain": 5}),
        Pacing(per_domain={"gmail": 0}),
        Pacing(warm_up=WarmUp(TODAY, ())),
        Pacing(warm_up=WarmUp(TODAY, (5,) * 121)),
        Pacing(warm_up=WarmUp(TODAY, (5, -1))),
        Pacing(warm_up=WarmUp(TODAY, (5,), {"gmail": 1.5})),
    ],
)
def test_what_cannot_be_a_pace_is_refused(pacing: Pacing) -> None:
    with pytest.raises(InvalidInput):
        checked_pacing(pacing)


def test_a_warm_up_can_grow_by_the_same_part_every_day() -> None:
    days = growing(50, 10_000, 14)

    assert len(days) == 14
    assert (days[0], days[-1]) == (50, 10_000)
    assert list(days) == sorted(days)
    with pytest.raises(InvalidInput):
        growing(100, 50, 10)
