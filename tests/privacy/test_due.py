"""By when the law wants an answer."""

from __future__ import annotations

from datetime import date

import pytest

from core.privacy.due import Law, RequestKind, can_extend, due_on, later_by_months

GDPR, CCPA = Law.GDPR, Law.CCPA
ACCESS, NO_SALE = RequestKind.ACCESS, RequestKind.DO_NOT_SELL


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2026, 11, 22), date(2026, 12, 22)),
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2028, 1, 31), date(2028, 2, 29)),
        (date(2026, 1, 29), date(2026, 2, 28)),
        (date(2026, 3, 31), date(2026, 4, 30)),
        (date(2026, 12, 31), date(2027, 1, 31)),
    ],
)
def test_the_gdpr_gives_a_calendar_month(received: date, due: date) -> None:
    assert due_on(GDPR, ACCESS, received) == due


def test_and_two_further_ones() -> None:
    assert due_on(GDPR, ACCESS, date(2026, 11, 30), is_extended=True) == date(2027, 2, 28)
    assert due_on(GDPR, ACCESS, date(2026, 1, 31), is_extended=True) == date(2026, 4, 30)


def test_california_gives_45_days_and_45_more() -> None:
    assert due_on(CCPA, ACCESS, date(2026, 1, 1)) == date(2026, 2, 15)
    assert due_on(CCPA, ACCESS, date(2026, 1, 1), is_extended=True) == date(2026, 4, 1)


def test_a_no_to_selling_counts_within_15_business_days() -> None:
    assert due_on(CCPA, NO_SALE, date(2026, 11, 20)) == date(2026, 12, 11)  # a Friday: three whole weeks
    assert due_on(CCPA, NO_SALE, date(2026, 11, 21)) == date(2026, 12, 11)  # the Saturday after it
    assert not can_extend(CCPA, NO_SALE)
    assert can_extend(CCPA, ACCESS)
    assert can_extend(GDPR, NO_SALE)


def test_months_over_the_end_of_a_year() -> None:
    assert later_by_months(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert later_by_months(date(2026, 12, 1), 12) == date(2027, 12, 1)
