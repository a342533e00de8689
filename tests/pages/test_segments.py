"""Segments: the list of them, and the builder."""

from __future__ import annotations

import pytest

from core.permissions import Role
from tests.pages import given
from tests.pages.conftest import words_on

LIST, EDITOR = "pages/audience/segments.py", "pages/audience/segment.py"
BUYERS = {"all": [{"field": "attribute.orders", "operator": "at_least", "value": 1}]}


@pytest.fixture
def buyers(shared, admin):
    given.people(shared, admin, 3)
    return shared.segments.create(admin, "Buyers", BUYERS)


def button(app, label):
    return next(one for one in app.button if one.label == label)


def test_an_empty_workspace_says_what_segments_are_for(app_as):
    app = app_as(Role.MARKETER)(LIST)
    assert "No segments yet" in words_on(app)


def test_a_segment_is_shown_in_plain_words_with_its_count(app_as, buyers):
    words = words_on(app_as(Role.MARKETER)(LIST))
    assert "at least 1" in words
    assert "**2**" in words


def test_a_segment_whose_list_is_gone_says_so_instead_of_failing(app_as, shared, admin):
    given.people(shared, admin, 1)
    known = shared.lists.by_name(admin, "Newsletter")
    shared.segments.create(admin, "Readers", {"all": [{"field": "list", "operator": "is_member", "value": known.id}]})
    shared.lists.delete(admin, known.id)
    app = app_as(Role.MARKETER)(LIST)
    assert not app.exception
    assert ":red[" in words_on(app)


def test_deleting_asks_first(app_as, shared, admin, buyers):
    app = app_as(Role.MARKETER)(LIST)
    app.button(key=f"delete_{buyers.id}").click().run()
    assert shared.segments.all(admin)
    app.button(key="delete-yes").click().run()
    assert not shared.segments.all(admin)


def test_the_builder_counts_whom_the_rules_choose(app_as, buyers):
    app = app_as(Role.MARKETER)(EDITOR, id=buyers.id)
    assert app.title[0].value == "Buyers"
    assert app.metric[0].value == "2"
    app.number_input[0].set_value(2).run()
    assert app.metric[0].value == "1"


def test_rules_are_added_and_dropped(app_as, buyers):
    app = app_as(Role.MARKETER)(EDITOR, id=buyers.id)
    button(app, "Add rule").click().run()
    assert "Not complete yet" in words_on(app)
    [one for one in app.button if one.key.endswith("-drop")][-1].click().run()
    assert app.metric[0].value == "2"


def test_a_group_of_rules_is_kept_as_one(app_as, shared, admin):
    given.people(shared, admin, 3)
    app = app_as(Role.MARKETER)(EDITOR)
    app.text_input(key="segment_name").set_value("Two readers").run()
    app.selectbox[1].select("starts_with").run()
    next(one for one in app.text_input if one.label == "Value").set_value("reader1").run()
    app.session_state["rules_new"]["match"] = "any"
    button(app, "Add group").click().run()
    next(one for one in app.text_input if one.label == "Value" and not one.value).set_value("reader2@example.org").run()
    app.button(key="segment_save").click().run()
    (kept,) = shared.segments.all(admin)
    assert kept.rules["any" if "any" in kept.rules else "all"][0] == {"field": "email", "operator": "starts_with", "value": "reader1"}
    assert any("all" in part or "any" in part for part in next(iter(kept.rules.values())))


def test_another_field_brings_its_own_operators(app_as, shared, admin):
    given.people(shared, admin, 3)
    app = app_as(Role.MARKETER)(EDITOR)
    app.selectbox[0].select("list").run()
    assert app.selectbox[1].value == "is_member"
    assert app.metric[0].value == "3"
    app.selectbox[0].select("opened").run()
    app.selectbox[1].select("never").run()
    assert app.metric[0].value == "3"


def test_a_segment_needs_a_name_and_the_rules_stay(app_as, shared, admin, buyers):
    app = app_as(Role.MARKETER)(EDITOR, id=buyers.id)
    app.number_input[0].set_value(2).run()
    app.text_input(key="segment_name").set_value("").run()
    app.button(key="segment_save").click().run()
    assert len(app.error) == 1
    assert app.number_input[0].value == 2
    assert shared.segments.get(admin, buyers.id).rules == BUYERS


@pytest.mark.parametrize("nonsense", ["999", "abc", "1;drop", "-1", "9" * 40])
def test_a_number_nobody_has_leads_back(app_as, nonsense: str):
    app = app_as(Role.MARKETER)(EDITOR, id=nonsense)
    assert not app.exception
    assert "There is no such segment" in words_on(app)
    assert "Go to segments" in [one.label for one in app.button]
