"""By when somebody who asks about their data has to be answered."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Law(StrEnum):
    """By which law a request is answered."""

    GDPR = "gdpr"
    CCPA = "ccpa"


class RequestKind(StrEnum):
    """What somebody asks for."""

    ACCESS = "access"
    ERASURE = "erasure"
    CORRECTION = "correction"
    OBJECTION = "objection"
    DO_NOT_SELL = "do_not_sell"


@dataclass(frozen=True)
class Term:
    """A length of time, counted as the law does.

    Args:
        months: Calendar months.
        days: Calendar days.
        business_days: Days from Monday to Friday.
    """

    months: int = 0
    days: int = 0
    business_days: int = 0

    def after(self, day: date) -> date:
        """Return the last day of the term that begins when somebody asked."""
        end = later_by_months(day, self.months) + timedelta(days=self.days)
        for _ in range(self.business_days):
            end += timedelta(days=1)
            while end.weekday() > calendar.FRIDAY:
                end += timedelta(days=1)
        return end


_MONTH, _FURTHER = Term(months=1), Term(months=3)
_CALIFORNIA, _CALIFORNIA_FURTHER = Term(days=45), Term(days=90)
_OPT_OUT = Term(business_days=15)


def due_on(law: Law, kind: RequestKind, received: date, *, is_extended: bool = False) -> date:
    """Return the day by which a request has to be answered.

    GDPR art. 12(3): without undue delay and at the latest within one month of receipt; that may be extended by two further months
    where necessary, and the person is told within the first month, with the reasons. A month ends on the day of the same number, or on
    the last day of a month that has none (Regulation 1182/71, art. 3(2)(c)): what came in on 31 January is due on 28 or 29 February.

    Cal. Civ. Code §1798.130(a)(2)(A): within 45 days of receipt; that may be extended once by 45 days where reasonably necessary, and
    the person is told within the first 45 days. Saying no to selling and sharing takes effect sooner, within 15 business days, and can't
    be extended (Cal. Code Regs. tit. 11 §7026(f)(1)). Holidays are not known here, so it is due on the safe side of them.

    Args:
        law: By which law.
        kind: What was asked for.
        received: The day it came in.
        is_extended: Whether the person was told that it takes longer.
    """
    if law is Law.GDPR:
        return (_FURTHER if is_extended else _MONTH).after(received)
    if kind is RequestKind.DO_NOT_SELL:
        return _OPT_OUT.after(received)
    return (_CALIFORNIA_FURTHER if is_extended else _CALIFORNIA).after(received)


def can_extend(law: Law, kind: RequestKind) -> bool:
    """Return whether the law lets a request take longer."""
    return law is Law.GDPR or kind is not RequestKind.DO_NOT_SELL


def later_by_months(day: date, months: int) -> date:
    """Return the day of the same number so many months later, or the last day of that month where it has none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
