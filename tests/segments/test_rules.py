"""Rules are read strictly, and what is wrong is named with its place."""

from __future__ import annotations

import pytest

from core.errors import InvalidInput
from core.segments.rules import Group, Match, Rule, parse, to_json, walk

COUNTRY = {"field": "attribute.country", "operator": "equals", "value": "DE"}
OPENED = {"field": "opened", "operator": "at_least", "value": 2, "days": 30}


def nested(depth: int) -> dict[str, object]:
    tree: dict[str, object] = COUNTRY
    for _ in range(depth):
        tree = {"any": [tree]}
    return tree


def test_a_tree_of_groups_and_rules_is_read() -> None:
    assert parse({"all": [COUNTRY, {"any": [OPENED]}]}) == Group(
        Match.ALL,
        (Rule("attribute.country", "equals", "DE"), Group(Match.ANY, (Rule("opened", "at_least", 2, 30),))),
    )


def test_a_single_rule_is_a_tree() -> None:
    assert parse(COUNTRY) == Rule("attribute.country", "equals", "DE")


def test_what_is_kept_reads_back_the_same() -> None:
    tree = {"all": [COUNTRY, {"any": [OPENED, {"field": "clicked", "operator": "never"}]}]}
    assert to_json(parse(tree)) == tree


def test_every_rule_knows_its_place() -> None:
    tree = parse({"all": [COUNTRY, {"any": [OPENED, COUNTRY]}]})
    assert [rule.path for rule in walk(tree)] == [
        "rule 1 of “all”",
        "rule 1 of “any” in rule 2 of “all”",
        "rule 2 of “any” in rule 2 of “all”",
    ]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        pytest.param("email = 'x'", "neither a group nor a rule", id="text"),
        pytest.param(None, "neither a group nor a rule", id="nothing"),
        pytest.param([COUNTRY], "neither a group nor a rule", id="a list"),
        pytest.param({}, "neither a group nor a rule", id="empty"),
        pytest.param({"none": [COUNTRY]}, "neither a group nor a rule", id="unknown group"),
        pytest.param({"all": [COUNTRY], "any": [COUNTRY]}, "neither a group nor a rule", id="both groups"),
        pytest.param({3: [COUNTRY]}, "neither a group nor a rule", id="a number as key"),
        pytest.param({"all": []}, "at least one rule", id="empty group"),
        pytest.param({"all": COUNTRY}, "at least one rule", id="group that is no list"),
        pytest.param({"any": [COUNTRY, {"field": "email"}]}, "Rule 2 of “any”: “operator” is missing", id="no operator"),
        pytest.param({"field": 3, "operator": "equals"}, "The rule: “field” is missing or not text", id="field is no text"),
        pytest.param(COUNTRY | {"sql": "1=1"}, "“sql” is not part of a rule", id="unknown key"),
        pytest.param(OPENED | {"days": "30"}, "“days” must be a whole number", id="days as text"),
        pytest.param(OPENED | {"days": True}, "“days” must be a whole number", id="days as yes"),
        pytest.param({"all": ["x"]}, "Rule 1 of “all”: this is neither", id="text in a group"),
        pytest.param(nested(6), "nested 5 deep", id="too deep"),
        pytest.param({"all": [COUNTRY] * 101}, "100 rules are allowed", id="too wide"),
        pytest.param({"all": [{"any": [COUNTRY] * 60}, {"any": [COUNTRY] * 60}]}, "can have 100 rules, this one has 120", id="too many"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(rules: object, message: str) -> None:
    with pytest.raises(InvalidInput, match="(?s)" + message.replace("(", r"\(")):
        parse(rules)


def test_the_deepest_allowed_tree_is_read() -> None:
    assert len(list(walk(parse(nested(5))))) == 1
