"""The one statement means what the rules say, and nothing a person writes becomes part of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.segments.compiling import CompiledRules, compile_rules
from core.segments.rules import Node, parse
from tests.segments.naive import holds
from tests.segments.people import VOCABULARY, Happening, Person, session_of

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=400)


def compiled(rules: object) -> CompiledRules:
    return compile_rules(parse(rules), VOCABULARY, NOW)


def chosen(rules: object, people: list[Person], happenings: list[Happening] | None = None) -> set[int]:
    question = compiled(rules)
    return {row["id"] for row in session_of(people, happenings or []).rows(question.sql, question.values)}


def rule(field: str, operator: str, value: Any = None, days: int | None = None) -> dict[str, Any]:
    given = {"field": field, "operator": operator, "value": value, "days": days}
    return {key: one for key, one in given.items() if one is not None}


def person(number: int, **known: Any) -> Person:
    return Person(**({"id": number, "email": f"p{number}@example.com", "created_at": LONG_AGO} | known))


texts = st.sampled_from(
    ["", "a", "A", "ab", "Ba", "É", "é", "Straße", "STRASSE", "%", "_", "'", '"', "\\", "$p0", "'; drop table contacts; --"]
)
filled = texts.filter(bool)
numbers = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, -0.5, 1e15]))
days_around = st.integers(-40, 10).map(lambda days: (NOW + timedelta(days=days)).date())
moments = st.integers(-40 * 24 * 2, 0).map(lambda halves: NOW + timedelta(minutes=30 * halves))
maybe = st.none()

people = st.lists(
    st.builds(
        Person,
        id=st.just(0),
        email=filled,
        created_at=moments,
        first_name=texts,
        last_name=texts,
        consent=st.sampled_from(["subscribed", "unsubscribed", "pending", "unknown"]),
        list_ids=st.sets(st.integers(1, 2)).map(tuple),
        tag_ids=st.sets(st.integers(1, 2)).map(tuple),
        country=maybe | texts,
        visits=maybe | numbers.map(float),
        vip=maybe | st.booleans(),
        birthday=maybe | days_around,
    ),
    max_size=6,
).map(lambda found: [Person(**(vars(one) | {"id": number})) for number, one in enumerate(found, start=1)])
happenings = st.lists(
    st.builds(
        Happening,
        contact_id=maybe | st.integers(1, 7),
        kind=st.sampled_from(["opened", "clicked", "sent", "converted", "bounced"]),
        occurred_at=moments,
        actor=st.sampled_from(["human", "proxy", "machine"]),
    ),
    max_size=25,
)
iso = days_around.map(date.isoformat)
between = st.tuples(numbers, numbers).map(sorted)
empty = st.sampled_from(["is_empty", "is_not_empty"])
rules = st.one_of(
    st.builds(
        rule, st.sampled_from(["email", "first_name", "attribute.country"]), st.sampled_from(["equals", "not_equals", "contains"]), filled
    ),
    st.builds(rule, st.sampled_from(["last_name", "attribute.country"]), st.sampled_from(["starts_with", "ends_with"]), filled),
    st.builds(rule, st.just("attribute.country"), st.just("is_one_of"), st.lists(filled, min_size=1, max_size=4)),
    st.builds(rule, st.sampled_from(["first_name", "attribute.country", "attribute.visits", "attribute.vip", "attribute.birthday"]), empty),
    st.builds(rule, st.just("attribute.visits"), st.sampled_from(["equals", "not_equals", "greater_than", "at_least"]), numbers),
    st.builds(rule, st.just("attribute.visits"), st.sampled_from(["less_than", "at_most"]), numbers),
    st.builds(rule, st.just("attribute.visits"), st.just("between"), between),
    st.builds(rule, st.just("attribute.vip"), st.sampled_from(["is_true", "is_false"])),
    st.builds(rule, st.sampled_from(["created_at", "attribute.birthday"]), st.sampled_from(["before", "after", "on"]), iso),
    st.builds(rule, st.sampled_from(["created_at", "attribute.birthday"]), st.just("in_last_days"), st.integers(1, 40)),
    st.builds(rule, st.just("list"), st.sampled_from(["is_member", "is_not_member"]), st.integers(1, 2)),
    st.builds(rule, st.just("tag"), st.sampled_from(["has", "has_not"]), st.integers(1, 2)),
    st.builds(rule, st.just("consent"), st.sampled_from(["equals", "not_equals"]), st.sampled_from(["subscribed", "pending"])),
    st.builds(
        rule,
        st.sampled_from(["opened", "clicked", "sent", "converted"]),
        st.just("at_least"),
        st.integers(1, 3),
        maybe | st.integers(1, 40),
    ),
    st.builds(rule, st.sampled_from(["opened", "clicked", "sent", "converted"]), st.just("never"), maybe, maybe | st.integers(1, 40)),
)
trees = st.recursive(
    rules,
    lambda parts: st.builds(lambda match, nodes: {match: nodes}, st.sampled_from(["all", "any"]), st.lists(parts, min_size=1, max_size=3)),
    max_leaves=6,
).filter(lambda tree: _depth(tree) <= 5)


def _depth(tree: dict[str, Any]) -> int:
    return 0 if "field" in tree else 1 + max(map(_depth, next(iter(tree.values()))))


@settings(max_examples=120, deadline=None)
@given(trees, people, happenings)
def test_the_statement_chooses_whom_plain_python_chooses(tree: dict[str, Any], found: list[Person], seen: list[Happening]) -> None:
    node: Node = parse(tree)
    assert chosen(tree, found, seen) == {one.id for one in found if holds(node, one, seen, NOW)}


def test_text_is_compared_without_regard_to_case() -> None:
    assert chosen(rule("attribute.country", "equals", "ÉIRE"), [person(1, country="éire"), person(2, country="eire")]) == {1}


def test_is_not_holds_for_those_of_whom_nothing_is_known() -> None:
    assert chosen(rule("attribute.country", "not_equals", "DE"), [person(1, country="DE"), person(2), person(3, country="FR")]) == {2, 3}


def test_machines_opens_do_not_count_and_proxies_do() -> None:
    seen = [Happening(1, "opened", NOW, "machine"), Happening(2, "opened", NOW, "proxy"), Happening(3, "opened", NOW, "human")]
    assert chosen(rule("opened", "at_least", 1), [person(1), person(2), person(3)], seen) == {2, 3}


def test_the_last_days_reach_back_to_the_same_hour() -> None:
    seen = [Happening(1, "clicked", NOW - timedelta(days=7)), Happening(2, "clicked", NOW - timedelta(days=7, microseconds=1))]
    assert chosen(rule("clicked", "at_least", 1, days=7), [person(1), person(2)], seen) == {1}
    assert chosen(rule("clicked", "never", days=7), [person(1), person(2), person(3)], seen) == {2, 3}


def test_events_are_read_once_however_many_rules_ask() -> None:
    question = compiled({"any": [rule("opened", "at_least", number, days=30) for number in range(1, 51)]})
    assert question.sql.count("from events") == 1
    assert question.sql.count("count(case") == 1


@pytest.mark.parametrize(
    ("rules", "reads_events", "since"),
    [
        pytest.param(rule("email", "is_empty"), False, None, id="no activity"),
        pytest.param(rule("opened", "never", days=30), True, NOW - timedelta(days=30), id="one period"),
        pytest.param(
            {"all": [rule("opened", "never", days=30), rule("clicked", "never", days=90)]}, True, NOW - timedelta(days=90), id="two periods"
        ),
        pytest.param({"all": [rule("opened", "never", days=30), rule("clicked", "never")]}, True, None, id="ever"),
    ],
)
def test_only_events_that_matter_are_asked_for(rules: object, reads_events: bool, since: datetime | None) -> None:
    question = compiled(rules)
    assert (question.reads_events, question.events_since) == (reads_events, since)


ATTACKS = ["'", "'; drop table contacts; --", '" or 1=1 --', "$p1", "{value}", "%s", "x') or (1=1", "c.email", "\\'", "/*"]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_value_is_only_ever_a_value(attack: str) -> None:
    found = [person(1, first_name=attack), person(2, first_name="Ada")]
    for operator in ("equals", "contains", "starts_with", "ends_with"):
        assert chosen(rule("first_name", operator, attack), found) == {1}
    assert chosen(rule("first_name", "is_one_of", [attack]), found) == {1}
    assert attack not in compiled(rule("first_name", "equals", attack)).sql or len(attack) < 3


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("prefix", ["", "attribute.", "attr_"])
def test_a_field_is_one_of_ours_or_nothing(prefix: str, attack: str) -> None:
    with pytest.raises(InvalidInput, match="there is no"):
        compiled(rule(prefix + attack, "is_empty"))


@pytest.mark.parametrize("attack", [*ATTACKS, "greater_than", "EQUALS"])
def test_an_operator_is_one_of_the_fields_own_or_nothing(attack: str) -> None:
    with pytest.raises(InvalidInput, match="can't be asked of “email”"):
        compiled(rule("email", attack, "x"))


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        pytest.param(rule("email", "equals"), "must be text", id="no text"),
        pytest.param(rule("email", "equals", ""), "must be text", id="empty text"),
        pytest.param(rule("email", "equals", 5), "must be text", id="number for text"),
        pytest.param(rule("email", "equals", "x" * 1001), "must be text", id="long text"),
        pytest.param(rule("email", "equals", "a\0b"), "must be text", id="NUL"),
        pytest.param(rule("email", "equals", "\ud800"), "must be text", id="half a character"),
        pytest.param(rule("email", "is_empty", "x"), "takes no value", id="value for nothing"),
        pytest.param(rule("email", "is_one_of", []), "list of texts", id="empty list"),
        pytest.param(rule("email", "is_one_of", "abc"), "list of texts", id="text for list"),
        pytest.param(rule("email", "is_one_of", ["a", 1]), "list of texts", id="number in list"),
        pytest.param(rule("email", "equals", "x", days=3), "has no “days”", id="days where none are"),
        pytest.param(rule("attribute.visits", "equals", "5"), "must be a number", id="text for number"),
        pytest.param(rule("attribute.visits", "equals", True), "must be a number", id="yes for number"),
        pytest.param(rule("attribute.visits", "equals", float("nan")), "must be a number", id="not a number"),
        pytest.param(rule("attribute.visits", "equals", 10**400), "must be a number", id="endless number"),
        pytest.param(rule("attribute.visits", "between", [5, 1]), "smaller first", id="range backwards"),
        pytest.param(rule("attribute.visits", "between", [1]), "two numbers", id="half a range"),
        pytest.param(rule("created_at", "before", "22.11.2026"), "must be a date", id="German date"),
        pytest.param(rule("created_at", "before", "2026-02-30"), "must be a date", id="no such day"),
        pytest.param(rule("created_at", "before", "20261122"), "must be a date", id="date without dashes"),
        pytest.param(rule("created_at", "in_last_days", 0), "whole number from 1", id="no days"),
        pytest.param(rule("created_at", "in_last_days", 10**9), "whole number from 1", id="days beyond time"),
        pytest.param(rule("opened", "at_least"), "whole number from 1", id="how often is missing"),
        pytest.param(rule("opened", "at_least", 1.5), "whole number from 1", id="half a time"),
        pytest.param(rule("opened", "never", 1), "takes no value", id="never once"),
        pytest.param(rule("opened", "at_least", 1, days=10**9), "must be 1 to 3650", id="a period beyond time"),
        pytest.param(rule("list", "is_member", 99), "no such list", id="unknown list"),
        pytest.param(rule("list", "is_member", "Nobody"), "no such list", id="unknown name"),
        pytest.param(rule("list", "is_member", True), "no such list", id="yes for a list"),
        pytest.param(rule("list", "is_member", [1]), "no such list", id="list of lists"),
        pytest.param(rule("tag", "has", 99), "no such tag", id="unknown tag"),
        pytest.param(rule("tag", "has", True), "no such tag", id="yes for a tag"),
        pytest.param(rule("consent", "equals", "maybe"), "no such consent", id="unknown consent"),
        pytest.param(rule("consent", "equals", ["subscribed"]), "no such consent", id="list for consent"),
        pytest.param(rule("attribute.shoe", "is_empty"), "no attribute “shoe”", id="undeclared attribute"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_place(rules: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match="Rule 1 of “all”: .*" + message):
        compiled({"all": [rules]})


def test_a_tag_may_be_named_in_any_case() -> None:
    found = [person(1, tag_ids=(1, 2)), person(2, tag_ids=(2,)), person(3)]
    assert chosen(rule("tag", "has", "vip"), found) == {1}
    assert chosen(rule("tag", "has_not", "VIP"), found) == {2, 3}


def test_a_list_may_be_named() -> None:
    found = [person(1, list_ids=(1,)), person(2, list_ids=(2,)), person(3)]
    assert chosen(rule("list", "is_member", "Customers"), found) == {1}
    assert chosen(rule("list", "is_not_member", "Customers"), found) == {2, 3}
