"""What an operator is given: checked, turned into a parameter for DuckDB, and said in plain words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from core.contacts.consent.consent import ConsentStatus
from core.segments.fields import Vocabulary
from core.segments.operators import Operator, ValueKind
from core.segments.rules import Rule, refused

MAX_TEXT = 1_000
MAX_TEXTS = 1_000
MAX_DAYS = 3_650
MAX_COUNT = 1_000_000

Parameters = dict[str, Any]


def parameters(rule: Rule, operator: Operator, vocabulary: Vocabulary, now: datetime) -> Parameters:
    """Return the values of an operator's SQL placeholders.

    Args:
        rule: The rule; its value is checked here.
        operator: The rule's operator.
        vocabulary: The lists and tags there are.
        now: What “the last days” count from.

    Raises:
        InvalidInput: If the value does not fit the operator; says what does.
    """
    if rule.days is not None and not (operator.has_period and 1 <= rule.days <= MAX_DAYS):
        problem = f"“days” must be 1 to {MAX_DAYS}" if operator.has_period else f"“{operator.key}” has no “days” here"
        raise refused(rule.path, problem, "Leave “days” out.")
    return _PARAMETERS[operator.value](rule, vocabulary, now)


def in_words(rule: Rule, operator: Operator, vocabulary: Vocabulary) -> str:
    """Return a checked value as people say it; empty where the operator is given nothing."""
    value = rule.value
    spoken: dict[ValueKind, Callable[[], str]] = {
        ValueKind.NOTHING: lambda: "",
        ValueKind.TEXTS: lambda: ", ".join(f"“{one}”" for one in value),
        ValueKind.NUMBER: lambda: f"{value:g}",
        ValueKind.RANGE: lambda: f"{value[0]:g} and {value[1]:g}",
        ValueKind.DATE: lambda: str(value),
        ValueKind.DAYS: lambda: _days(value),
        ValueKind.COUNT: lambda: "once" if value == 1 else f"{value} times",
        ValueKind.LIST: lambda: f"“{vocabulary.lists.get(value, value)}”",
        ValueKind.TAG: lambda: f"“{vocabulary.tags.get(value, value)}”",
    }
    return spoken.get(operator.value, lambda: f"“{value}”")()


def period_in_words(rule: Rule) -> str:
    """Return how far back a rule looks, ready to be appended to its sentence."""
    return "" if rule.days is None else f" in the last {_days(rule.days)}"


def list_id(rule: Rule, vocabulary: Vocabulary) -> int:
    """Return the id of the list a rule names by id or by name.

    Raises:
        InvalidInput: If there is no such list in this workspace.
    """
    by_name = {name: known for known, name in vocabulary.lists.items()}
    value = by_name.get(rule.value) if isinstance(rule.value, str) else rule.value
    if isinstance(value, bool) or not isinstance(value, int) or value not in vocabulary.lists:
        raise refused(rule.path, "there is no such list", f"Lists: {', '.join(by_name) or 'none yet'}.")
    return value


def tag_id(rule: Rule, vocabulary: Vocabulary) -> int:
    """Return the id of the tag a rule names by id or, in any case, by name.

    Raises:
        InvalidInput: If there is no such tag in this workspace.
    """
    by_name = {name.casefold(): known for known, name in vocabulary.tags.items()}
    value = by_name.get(rule.value.casefold()) if isinstance(rule.value, str) else rule.value
    if isinstance(value, bool) or not isinstance(value, int) or value not in vocabulary.tags:
        some = sorted(vocabulary.tags.values())[:20]
        raise refused(
            rule.path, "there is no such tag", f"Tags: {', '.join(some) or 'none yet'}{', …' if len(vocabulary.tags) > 20 else ''}."
        )
    return value


def _nothing(rule: Rule, _vocabulary: Vocabulary, _now: datetime) -> Parameters:
    if rule.value is not None:
        raise refused(rule.path, f"“{rule.operator}” takes no value", "Leave “value” out.")
    return {}


def _text(rule: Rule, _vocabulary: Vocabulary, _now: datetime) -> Parameters:
    if not _is_text(rule.value):
        raise refused(rule.path, "the value must be text", f"1 to {MAX_TEXT:,} characters; “is_empty” asks for nothing.")
    return {"value": rule.value}


def _texts(rule: Rule, _vocabulary: Vocabulary, _now: datetime) -> Parameters:
    value = rule.value
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MAX_TEXTS or not all(map(_is_text, value)):
        raise refused(rule.path, "the value must be a list of texts", f"1 to {MAX_TEXTS:,} of them, such as [“DE”, “FR”].")
    return {"value": list(value)}


def _number(rule: Rule, _vocabulary: Vocabulary, _now: datetime) -> Parameters:
    if not _is_number(rule.value):
        raise refused(rule.path, "the value must be a number", "Such as 5 or 12.5, without quotes.")
    return {"value": float(rule.value)}


def _range(rule: Rule, _vocabulary: Vocabulary, _now: datetime) -> Parameters:
    value = rule.value
    if not isinstance(value, list | tuple) or len(value) != 2 or not all(map(_is_number, value)) or value[0] > value[1]:
        raise refused(rule.path, "the value must be two numbers, the smaller first", "Such as [5, 10]; both ends are included.")
    return {"low": float(value[0]), "high": float(value[1])}


def _date(rule: Rule, _vocabulary: Vocabulary, _now: datetime) -> Parameters:
    try:
        if isinstance(rule.value, str) and len(rule.value) == 10:  # fromisoformat also takes 20261122 and 2026-W47-7
            return {"value": date.fromisoformat(rule.value)}
    except ValueError:
        pass
    raise refused(rule.path, "the value must be a date", "Such as “2026-11-22”.")


def _last_days(rule: Rule, _vocabulary: Vocabulary, now: datetime) -> Parameters:
    today = now.date()
    return {"first": today - timedelta(days=_whole(rule, MAX_DAYS)), "last": today}


def _count(rule: Rule, _vocabulary: Vocabulary, _now: datetime) -> Parameters:
    return {"value": _whole(rule, MAX_COUNT)}


def _consent(rule: Rule, _vocabulary: Vocabulary, _now: datetime) -> Parameters:
    known = [status.value for status in ConsentStatus]
    if rule.value not in known:
        raise refused(rule.path, "there is no such consent", f"Possible: {', '.join(known)}.")
    return {"value": rule.value}


def _list(rule: Rule, vocabulary: Vocabulary, _now: datetime) -> Parameters:
    return {"value": list_id(rule, vocabulary)}


def _tag(rule: Rule, vocabulary: Vocabulary, _now: datetime) -> Parameters:
    return {"value": tag_id(rule, vocabulary)}


_PARAMETERS: Mapping[ValueKind, Callable[[Rule, Vocabulary, datetime], Parameters]] = {
    ValueKind.NOTHING: _nothing,
    ValueKind.TEXT: _text,
    ValueKind.TEXTS: _texts,
    ValueKind.NUMBER: _number,
    ValueKind.RANGE: _range,
    ValueKind.DATE: _date,
    ValueKind.DAYS: _last_days,
    ValueKind.COUNT: _count,
    ValueKind.CONSENT: _consent,
    ValueKind.LIST: _list,
    ValueKind.TAG: _tag,
}


def _is_text(value: object) -> bool:
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_TEXT or "\0" in value:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in value)  # JSON can carry half a character


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= 1e15 and math.isfinite(value)


def _whole(rule: Rule, most: int) -> int:
    if isinstance(rule.value, bool) or not isinstance(rule.value, int) or not 1 <= rule.value <= most:
        raise refused(rule.path, f"the value must be a whole number from 1 to {most:,}", "Such as 2.")
    return rule.value


def _days(number: int) -> str:
    return "day" if number == 1 else f"{number} days"
