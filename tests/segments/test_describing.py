"""Rules are said in plain words."""

from __future__ import annotations

import pytest

from core.segments.describing import describe
from core.segments.operators import OPERATORS
from core.segments.rules import parse
from tests.segments.people import VOCABULARY


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"field": "attribute.country", "operator": "equals", "value": "DE"}, "Country is “DE”"),
        ({"field": "attribute.country", "operator": "is_one_of", "value": ["DE", "FR"]}, "Country is one of “DE”, “FR”"),
        ({"field": "first_name", "operator": "is_empty"}, "First name is empty"),
        ({"field": "attribute.visits", "operator": "between", "value": [1, 2.5]}, "Visits is between 1 and 2.5"),
        ({"field": "attribute.vip", "operator": "is_true"}, "Vip is yes"),
        ({"field": "created_at", "operator": "before", "value": "2026-11-01"}, "Date added is before 2026-11-01"),
        ({"field": "created_at", "operator": "in_last_days", "value": 7}, "Date added is in the last 7 days"),
        ({"field": "list", "operator": "is_member", "value": 1}, "Is on the list “Customers”"),
        ({"field": "consent", "operator": "equals", "value": "subscribed"}, "Consent is “subscribed”"),
        ({"field": "opened", "operator": "at_least", "value": 1, "days": 1}, "Opened at least once in the last day"),
        ({"field": "sent", "operator": "never", "days": 30}, "Never received an email in the last 30 days"),
        (
            {
                "all": [
                    {"field": "clicked", "operator": "at_least", "value": 2},
                    {
                        "any": [
                            {"field": "attribute.vip", "operator": "is_true"},
                            {"field": "last_name", "operator": "contains", "value": "{x}"},
                        ]
                    },
                ]
            },
            "Clicked at least 2 times and (vip is yes or last name contains “{x}”)",
        ),
        ({"any": [{"all": [{"field": "attribute.vip", "operator": "is_false"}]}]}, "Vip is no"),
    ],
)
def test_rules_are_said_in_plain_words(rules: object, words: str) -> None:
    assert describe(parse(rules), VOCABULARY) == words


def test_every_operator_has_a_name_of_its_own() -> None:
    for operators in OPERATORS.values():
        assert len({operator.key for operator in operators}) == len({operator.label for operator in operators}) == len(operators)
