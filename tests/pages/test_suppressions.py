"""Suppressions: added by hand, lifted after a question."""

from __future__ import annotations

from core.contacts.suppression.suppression import SuppressionReason
from core.permissions import Role
from tests.pages.conftest import words_on

FILE = "pages/audience/suppressions.py"


def submit(app, label):
    return next(button for button in app.button if button.label == label and button.form_id).click().run()


def test_nothing_suppressed_is_said(app_as):
    assert "Nothing is suppressed" in words_on(app_as(Role.MARKETER)(FILE))


def test_an_address_is_suppressed_and_a_bad_one_is_refused(app_as, shared, admin):
    app = app_as(Role.MARKETER)(FILE)
    app.button(key="primary_action").click().run()
    app.text_input(key="suppress_email").set_value("nonsense")
    submit(app, "Suppress address")
    assert len(app.error) == 1
    app.text_input(key="suppress_email").set_value("stop@example.org")
    submit(app, "Suppress address")
    assert shared.suppressions.contains(admin, "stop@example.org")


def test_lifting_asks_first_and_warns_about_complaints(app_as, shared, admin):
    shared.suppressions.add(admin, "angry@example.org", SuppressionReason.COMPLAINT)
    app = app_as(Role.MARKETER)(FILE)
    app.button(key="lift_angry@example.org").click().run()
    assert "marked an email of yours as spam" in words_on(app)
    app.button(key="lift-yes").click().run()
    assert not shared.suppressions.contains(admin, "angry@example.org")


def test_an_analyst_can_lift_nothing(app_as, shared, admin):
    shared.suppressions.add(admin, "stop@example.org", SuppressionReason.MANUAL)
    labels = [button.label for button in app_as(Role.ANALYST)(FILE).button]
    assert {"Lift", "Suppress an address"}.isdisjoint(labels)


def test_a_pasted_list_is_suppressed_and_found_again(app_as, shared, admin):
    app = app_as(Role.MARKETER)(FILE)
    app.button(key="paste").click().run()
    app.text_area(key="suppress_text").set_value("one@example.org\nnonsense\ntwo@example.org")
    submit(app, "Suppress addresses")
    assert "2 addresses suppressed" in words_on(app)
    assert "1 line can’t be used" in words_on(app)
    app.text_input(key="suppressed_search").set_value("two@").run()
    assert "1 address\n" in words_on(app)
    assert [one.label for one in app.button if one.key == "lift_two@example.org"] == ["Lift"]


def test_only_an_admin_suppresses_for_the_whole_installation(app_as, shared, admin):
    assert not app_as(Role.MARKETER)(FILE).segmented_control
    app = app_as(Role.ADMIN)(FILE)
    app.segmented_control(key="where").set_value("Whole installation").run()
    app.button(key="primary_action").click().run()
    app.text_area(key="suppress_text").set_value("never@example.org")
    submit(app, "Suppress addresses")
    found = shared.suppressions.find(admin, "never@example.org")
    assert found.is_everywhere
