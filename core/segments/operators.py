"""What can be asked of a field: one row per operator, with its SQL and its sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FieldType(StrEnum):
    """What kind of thing a field is; decides which operators it has."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    CONSENT = "consent"
    LIST = "list"
    TAG = "tag"
    ACTIVITY = "activity"


class ValueKind(StrEnum):
    """What an operator is given."""

    NOTHING = "nothing"
    TEXT = "text"
    TEXTS = "texts"
    NUMBER = "number"
    RANGE = "range"
    DATE = "date"
    DAYS = "days"
    COUNT = "count"
    CONSENT = "consent"
    LIST = "list"
    TAG = "tag"


@dataclass(frozen=True)
class Operator:
    """One way to ask.

    Args:
        key: Its name in JSON.
        label: Its name on the builder page.
        sql: A DuckDB condition; `{column}` is ours, the other placeholders become `$name` parameters.
        sentence: The same in plain words; `{label}`, `{value}` and, for activity, `{period}` are filled in.
        value: What it is given.
        has_period: Whether it may be limited to the last so many days.
    """

    key: str
    label: str
    sql: str
    sentence: str
    value: ValueKind = ValueKind.NOTHING
    has_period: bool = False


_V = ValueKind
_FILLED = (
    Operator("is_empty", "is empty", "{column} is null", "{label} is empty"),
    Operator("is_not_empty", "is not empty", "{column} is not null", "{label} is not empty"),
)

# A missing value is not equal to anything, so “is not” holds for it ("is distinct from").
OPERATORS: dict[FieldType, tuple[Operator, ...]] = {
    FieldType.TEXT: (
        Operator("equals", "is", "lower({column}) = lower({value})", "{label} is {value}", _V.TEXT),
        Operator("not_equals", "is not", "lower({column}) is distinct from lower({value})", "{label} is not {value}", _V.TEXT),
        Operator("contains", "contains", "contains(lower({column}), lower({value}))", "{label} contains {value}", _V.TEXT),
        Operator("starts_with", "starts with", "starts_with(lower({column}), lower({value}))", "{label} starts with {value}", _V.TEXT),
        Operator("ends_with", "ends with", "ends_with(lower({column}), lower({value}))", "{label} ends with {value}", _V.TEXT),
        Operator(
            "is_one_of",
            "is one of",
            "list_contains(list_transform({value}, lambda one: lower(one)), lower({column}))",
            "{label} is one of {value}",
            _V.TEXTS,
        ),
        Operator("is_empty", "is empty", "coalesce({column}, '') = ''", "{label} is empty"),
        Operator("is_not_empty", "is not empty", "coalesce({column}, '') <> ''", "{label} is not empty"),
    ),
    FieldType.NUMBER: (
        Operator("equals", "is", "{column} = {value}", "{label} is {value}", _V.NUMBER),
        Operator("not_equals", "is not", "{column} is distinct from {value}", "{label} is not {value}", _V.NUMBER),
        Operator("greater_than", "is more than", "{column} > {value}", "{label} is more than {value}", _V.NUMBER),
        Operator("at_least", "is at least", "{column} >= {value}", "{label} is at least {value}", _V.NUMBER),
        Operator("less_than", "is less than", "{column} < {value}", "{label} is less than {value}", _V.NUMBER),
        Operator("at_most", "is at most", "{column} <= {value}", "{label} is at most {value}", _V.NUMBER),
        Operator("between", "is between", "{column} between {low} and {high}", "{label} is between {value}", _V.RANGE),
        *_FILLED,
    ),
    FieldType.BOOLEAN: (
        Operator("is_true", "is yes", "{column} is true", "{label} is yes"),
        Operator("is_false", "is no", "{column} is false", "{label} is no"),
        *_FILLED,
    ),
    FieldType.DATE: (
        Operator("before", "is before", "{column} < {value}", "{label} is before {value}", _V.DATE),
        Operator("after", "is after", "{column} > {value}", "{label} is after {value}", _V.DATE),
        Operator("on", "is on", "{column} = {value}", "{label} is on {value}", _V.DATE),
        Operator(
            "in_last_days", "is in the last days", "({column} > {first} and {column} <= {last})", "{label} is in the last {value}", _V.DAYS
        ),
        *_FILLED,
    ),
    FieldType.CONSENT: (
        Operator("equals", "is", "{column} = {value}", "{label} is {value}", _V.CONSENT),
        Operator("not_equals", "is not", "{column} is distinct from {value}", "{label} is not {value}", _V.CONSENT),
    ),
    FieldType.LIST: (
        Operator("is_member", "includes", "coalesce(list_contains({column}, {value}), false)", "is on the {label} {value}", _V.LIST),
        Operator(
            "is_not_member",
            "does not include",
            "not coalesce(list_contains({column}, {value}), false)",
            "is not on the {label} {value}",
            _V.LIST,
        ),
    ),
    FieldType.TAG: (
        Operator("has", "includes", "coalesce(list_contains({column}, {value}), false)", "has the {label} {value}", _V.TAG),
        Operator(
            "has_not",
            "does not include",
            "not coalesce(list_contains({column}, {value}), false)",
            "does not have the {label} {value}",
            _V.TAG,
        ),
    ),
    FieldType.ACTIVITY: (
        Operator("at_least", "at least", "{column} >= {value}", "{label} at least {value}{period}", _V.COUNT, has_period=True),
        Operator("never", "never", "{column} = 0", "never {label}{period}", has_period=True),
    ),
}
