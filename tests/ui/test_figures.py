"""Figures in words: changes, machines beside people, the pace of a send, the sentence of a test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.analytics.models import ArmRow, Totals
from core.experiments.comparing import compare
from core.messages.pace import Rate
from core.messages.standings import Standing
from core.messages.states import MessageState
from core.ui import background
from core.ui.create import ab_test, campaign_words
from core.ui.create.campaign_progress import words
from core.ui.figures import Figure, change, with_machines

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def arm(key: str = "B", **known) -> ArmRow:
    return ArmRow(
        **(
            {"key": key, "subject": "Tea", "recipients": 500, "delivered": 500, "unique_opens": 100, "unique_clicks": 9, "rate": 0.2}
            | known
        )
    )


def test_clicks_are_compared_too_because_they_say_more():
    clear = ab_test.clicks_sentence(arm("A"), arm(difference=0.0, low=-0.1, high=0.1, clicks_compared=compare(10, 1_000, 60, 1_000)))
    assert "clicked more often" in clear
    alike = ab_test.clicks_sentence(arm("A"), arm(difference=0.0, low=-0.1, high=0.1, clicks_compared=compare(10, 1_000, 11, 1_000)))
    assert "no difference can be told" in alike
    assert ab_test.clicks_sentence(arm("A"), arm(difference=0.0, low=-0.1, high=0.1)) == ""


def test_a_change_from_nothing_says_nothing():
    assert change(5, 0) is None
    assert change(6, 5) == pytest.approx(0.2)


def test_machines_are_named_only_where_they_add_something():
    assert with_machines(10, 1234) == "1,234 incl. machines"
    assert with_machines(10, 10) == ""


def test_cards_count_people_first_and_machines_second():
    totals = Totals(sent=100, delivered=98, unique_opens=40, unique_opens_with_machines=60, unique_clicks=8, unsubscribes=2)
    cards: dict[str, Figure] = {card.label: card for card in campaign_words.figures(totals)}
    assert cards["Unique opens"].value == "40"
    assert cards["Unique opens"].note == "40.8 % of delivered  \n60 incl. machines"
    assert cards["Unsubscribes"].less_is_better


def test_fewer_than_thirty_are_not_enough_for_a_rate():
    cards = {card.label: card for card in campaign_words.figures(Totals(sent=29, delivered=29, unique_opens=29))}
    assert cards["Unique opens"].note == "not enough yet"


@pytest.mark.parametrize(
    ("done", "total", "rate", "said"),
    [
        (12_000, 42_694, Rate(310.0, 310.0), "12,000 of 42,694 · 310 a second · about 2 min left"),
        (12_000, 42_694, Rate(200.0, 180.0), "12,000 of 42,694 · 200 a second · about 3 min left"),
        (12_000, 1_000_000, Rate(90.0, 100.0), "12,000 of 1,000,000 · 90 a second · about 3 h left"),
        (5, 10, Rate(0.1, 0.1), "5 of 10 · 6 a minute · about 50 s left"),
        (5, 10, Rate(0.0, 0.0), "5 of 10"),
        (5, 10, None, "5 of 10"),
        (10, 10, Rate(3.0, 3.0), "10 of 10"),
    ],
)
def test_the_pace_of_a_send_is_told(done: int, total: int, rate: Rate | None, said: str):
    counts = {MessageState.ACCEPTED: done, MessageState.QUEUED: total - done}
    assert words(Standing(counts=counts, rate=rate)) == said


def test_what_is_paused_has_neither_a_pace_nor_an_end():
    counts = {MessageState.ACCEPTED: 500, MessageState.QUEUED: 500}
    assert words(Standing(counts=counts, rate=Rate(10.0, 10.0)), moves=False) == "500 of 1,000"


def test_a_clear_difference_is_said_with_its_interval():
    said = ab_test.sentence(arm("A"), arm(difference=0.05, low=0.01, high=0.09))
    assert said == "**B is opened more often than A**: by +5.0, between +1.0 and +9.0 percentage points (95 % interval)."


def test_a_worse_arm_is_said_to_be_worse():
    assert "less often" in ab_test.sentence(arm("A"), arm(difference=-0.05, low=-0.09, high=-0.01))


def test_an_interval_around_nothing_claims_nothing():
    assert ab_test.sentence(arm("A"), arm(difference=0.01, low=-0.02, high=0.04)).startswith("**No difference can be told yet.**")


def test_small_arms_are_not_compared():
    assert "Not enough yet" in ab_test.sentence(arm("A", delivered=29), arm(difference=0.5, low=0.4, high=0.6))


def test_work_in_the_background_is_found_again_with_its_result():
    work = background.start("test:1", lambda progress: progress(3, 4) or "done", NOW)
    work.thread.join(5)
    assert background.find("test:1").result == "done"
    assert (work.done, work.total) == (3, 4)
    assert work.seconds_left(NOW + timedelta(seconds=6)) == pytest.approx(2)
    background.forget("test:1")
    assert background.find("test:1") is None


def test_work_that_fails_keeps_its_error():
    def fail(_progress):
        raise ValueError("no")

    work = background.start("test:2", fail, NOW)
    work.thread.join(5)
    assert isinstance(work.error, ValueError)
    background.forget("test:2")
