"""What templates can do with a value: every filter and test that is allowed, each safe for any value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from jinja2 import Environment, Undefined, pass_context, pass_environment, pass_eval_context
from jinja2 import filters as jinja
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, markup_join, str_join
from jinja2.tests import TESTS as JINJA_TESTS
from markupsafe import Markup, soft_str

from core.templates.jinja.budget import counted, spend_letters, spend_steps

# A loop visits at most this many items, so two nested loops stay below a million steps; `budget` bounds what happens in them.
MAX_ITEMS = 1_000
_SHORT = 200
_SAFE_SCHEME = re.compile(r"(?:https?://|mailto:|tel:|sms:|#)", re.IGNORECASE)
# Directives of strftime that have no width: glibc obeys `%1000000000d`.
_DATE_FORMAT = re.compile(r"(?:[^%]|%-?[aAbBdmyYHIMpje%])*")


def default(value: object, replacement: object = "", *_: object) -> object:
    """Return `value`, or the replacement where it is missing or empty; 0 and false are values."""
    return replacement if value is None or value == "" or isinstance(value, Undefined) else value


def date_text(value: object, form: str = "%d %B %Y") -> str:
    """Return a date or time as text, by default like “22 November 2026”; anything that is no date comes back as it is.

    Args:
        value: A date, a time, or its ISO 8601 text.
        form: Plain strftime directives; others are left out.
    """
    if isinstance(value, Undefined) or value is None:
        return ""
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
    if not isinstance(moment, (date, datetime)) or not _DATE_FORMAT.fullmatch(form):
        return str(value)
    return moment.strftime(form)


def number_text(value: object, decimals: int = 0) -> str:
    """Return a number with thousands separators and a fixed count of decimals; anything else comes back as it is."""
    if isinstance(value, Undefined) or value is None:
        return ""
    try:
        number = float(str(value))
    except ValueError:
        return str(value)
    return f"{number:,.{_places(decimals)}f}"


def rounded(value: object, decimals: int = 0) -> object:
    """Return a number rounded to at most 10 places; anything else comes back as it is."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    return round(float(value), _places(decimals))


def safe_url(value: object) -> str:
    """Return an address that may stand in a link, or “#” where it could run code or leads nowhere.

    Args:
        value: The finished value of an attribute, escaped already where escaping is on.
    """
    plain = value.unescape() if isinstance(value, Markup) else str(value)
    if not _SAFE_SCHEME.match(plain.strip()):
        return "#"
    return value if isinstance(value, str) else plain


def items(value: object, size: int = 1) -> Iterable[object]:
    """Return what a loop visits: the first items of a list; nothing for anything else (text is not a list).

    Args:
        value: What stands in the loop.
        size: How much is inside the loop.
    """
    if not isinstance(value, (list, tuple)):
        return ()
    spend_steps(size * min(len(value), MAX_ITEMS))
    return value[:MAX_ITEMS]


def joined(value: object, separator: str = ", ") -> str:
    """Return the items of a list as one text; anything else comes back as it is."""
    if isinstance(value, Undefined) or value is None:
        return ""
    if not isinstance(value, (list, tuple)):
        return str(value)
    parts = [str(each) for each in items(value)]
    spend_letters(sum(map(len, parts)) + len(str(separator)) * len(parts))
    return str(separator).join(parts)


@pass_environment
def truncated(
    environment: Environment, value: object, length: int = 255, killwords: bool = False, end: str = "...", leeway: int = 5
) -> str:
    """Return a text cut where it is longer than it may be, with `end` behind it where there is room for that and a letter."""
    length = max(0, length)
    return jinja.do_truncate(environment, soft_str(value), length, killwords, end if len(end) < length else "", max(0, leeway))


def divisible(value: object, by: object) -> bool:
    """Return whether a number can be divided by another without a rest; nothing else can: of a text `%` would make a text of any length."""
    return _is_number(value) and _is_number(by) and by != 0 and value % by == 0  # type: ignore[operator]


def odd(value: object) -> bool:
    """Return whether a number is odd; nothing else is, see `divisible`."""
    return _is_number(value) and value % 2 == 1  # type: ignore[operator]


def within(value: object, whole: object) -> bool:
    """Return whether something is in a list or a text; that is counted like `searched`."""
    return value in _counted(whole)


@pass_context
def searched(_context: Context, value: object) -> object:
    """Count what stands behind `in`, and return it: looking for one text in another may take as long as both together are long.

    It is given the context it does not need, so that Jinja does not call it once for all where a fixed text is searched.
    """
    return _counted(value)


@pass_eval_context
def together(context: EvalContext, parts: Iterable[object]) -> str:
    """Return what stands between ~ signs as one text; with escaping on, as soon as one of them is HTML, all are."""
    texts = [each if isinstance(each, str) else str(each) for each in parts]
    letters = sum(map(len, texts))
    if letters > _SHORT:
        spend_letters(letters)
    return markup_join(texts) if context.autoescape else str_join(texts)


def _counted(whole: Any) -> Any:
    if isinstance(whole, (str, list, tuple)):
        spend_letters(len(whole))
    return whole


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _places(decimals: object) -> int:
    return max(0, min(10, decimals)) if isinstance(decimals, int) else 0


_SIMPLE_FILTERS = "abs capitalize count e escape first float int last length lower striptags title trim upper urlencode wordcount"
_SIMPLE_TESTS = "boolean defined eq equalto false ge gt le lower lt ne none number sequence string true undefined upper"

# Those that go through a text letter by letter.
_BY_LETTERS = frozenset(_SIMPLE_FILTERS.split()) - {"abs", "count", "first", "last", "length"}

FILTERS: dict[str, Any] = {
    name: counted(jinja.FILTERS[name]) if name in _BY_LETTERS else jinja.FILTERS[name] for name in _SIMPLE_FILTERS.split()
} | {
    "default": default,
    "d": default,
    "date": date_text,
    "number": number_text,
    "round": rounded,
    "join": joined,
    "truncate": counted(truncated),
}
# Put in by compiling, never written by people.
INTERNAL_FILTERS: dict[str, Any] = {"pw_url": counted(safe_url), "pw_items": items, "pw_together": together, "pw_searched": searched}
TESTS: dict[str, Any] = {name: JINJA_TESTS[name] for name in _SIMPLE_TESTS.split()} | {
    "divisibleby": divisible,
    "even": lambda value: divisible(value, 2),
    "odd": odd,
    "in": within,
}
