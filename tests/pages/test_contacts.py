"""Contacts: find somebody, see them, add one person."""

from __future__ import annotations

from core.contacts.consent import ConsentStatus
from core.permissions import Role
from tests.pages import given
from tests.pages.conftest import words_on

FILE = "pages/audience/contacts.py"


def addresses(app):
    return list(app.dataframe[0].value["Address"])


def fill(app, **values):
    for key, value in values.items():
        app.text_input(key=key).set_value(value)
    return app


def submit(app, label):
    return next(button for button in app.button if button.label == label and button.form_id).click().run()


def test_an_empty_workspace_is_sent_to_the_import(app_as):
    app = app_as(Role.MARKETER)(FILE)
    assert "No contacts yet" in words_on(app)
    assert "Import contacts" in [button.label for button in app.button]


def test_people_are_shown_newest_first_and_counted(app_as, shared, admin):
    given.people(shared, admin, 3)
    app = app_as(Role.MARKETER)(FILE)
    assert addresses(app) == ["reader2@example.org", "reader1@example.org", "reader0@example.org"]
    assert "3 people" in words_on(app)


def test_search_and_filters_narrow_the_table(app_as, shared, admin):
    given.people(shared, admin, 3)
    shared.contacts.save(admin, "guest@example.org", consent=ConsentStatus.UNKNOWN)
    app = app_as(Role.MARKETER)(FILE)
    assert addresses(app.text_input(key="person_search").set_value("reader1").run()) == ["reader1@example.org"]
    app.text_input(key="person_search").set_value("")
    assert len(addresses(app.selectbox(key="person_list").select("Newsletter").run())) == 3
    app.text_input(key="person_search").set_value("nobody at all").run()
    assert "Nobody matches" in words_on(app)


def test_only_a_page_of_a_long_table_is_read(app_as, shared, admin):
    given.people(shared, admin, 60)
    app = app_as(Role.MARKETER)(FILE)
    assert len(addresses(app)) == 50
    app.session_state["person_page"] = 2
    assert len(addresses(app.run())) == 10


def test_one_person_can_be_added_and_a_bad_address_keeps_what_was_typed(app_as, shared, admin):
    given.people(shared, admin, 1)
    app = app_as(Role.MARKETER)(FILE)
    app.button(key="primary_action").click().run()
    submit(fill(app, new_email="nonsense", new_first="Zoë"), "Add person")
    assert len(app.error) == 1
    assert app.text_input(key="new_first").value == "Zoë"
    submit(fill(app, new_email="zoe@example.org"), "Add person")
    assert not app.error
    assert shared.contacts.find(admin, "zoe@example.org").first_name == "Zoë"
    assert shared.contacts.find(admin, "zoe@example.org").consent is ConsentStatus.UNKNOWN


def test_a_persons_details_show_attributes_and_consent_history(app_as, shared, admin):
    person = given.people(shared, admin, 2)[1]
    app = app_as(Role.MARKETER)(FILE, person=person.id)
    assert "Consent history" in words_on(app)
    assert "Subscribed" in words_on(app)
    assert app.table[0].value.iloc[0, 0] == "1"


def test_a_person_can_be_suppressed_from_the_details(app_as, shared, admin):
    person = given.people(shared, admin, 1)[0]
    app = app_as(Role.MARKETER)(FILE, person=person.id)
    app.button(key="person_suppress").click().run()
    assert shared.suppressions.contains(admin, person.email)


def test_a_person_is_deleted_only_by_somebody_who_says_yes(app_as, shared, admin):
    person = given.people(shared, admin, 1)[0]
    app = app_as(Role.MARKETER)(FILE, person=person.id)
    assert app.button(key="person_delete").disabled
    app.checkbox(key="person_sure").check().run()
    app.button(key="person_delete").click().run()
    assert shared.contacts.count(admin) == 0


def test_a_number_nobody_has_opens_nothing(app_as, shared, admin):
    given.people(shared, admin, 1)
    for nonsense in (999, "1%20or%201", "-1"):
        app = app_as(Role.MARKETER)(FILE, person=nonsense)
        assert not app.exception
        assert "Consent history" not in words_on(app)


def test_an_analyst_looks_and_changes_nothing(app_as, shared, admin):
    person = given.people(shared, admin, 1)[0]
    app = app_as(Role.ANALYST)(FILE, person=person.id)
    assert "Consent history" in words_on(app)
    assert {"Add person", "Save", "Suppress address", "Delete person"}.isdisjoint(button.label for button in app.button)
