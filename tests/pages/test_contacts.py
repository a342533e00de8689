"""Contacts: find somebody, see them, add one person."""

from __future__ import annotations

from core.contacts.consent.consent import ConsentStatus
from core.permissions import Permission, Principal, Role
from core.ui import background
from tests.pages import given
from tests.pages.conftest import PASSWORD, words_on

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


def test_an_address_of_an_earlier_release_leads_to_the_profile(app_as, shared, admin):
    person = given.people(shared, admin, 1)[0]
    app = app_as(Role.MARKETER)(FILE, person=person.id)
    assert app.title[0].value == "Reader 0"


def test_people_are_found_by_tag_source_and_suppression(app_as, shared, admin):
    people = given.people(shared, admin, 3)
    shared.tags.add(admin, [people[0].id], "VIP")
    shared.suppressions.add(admin, people[1].email)
    app = app_as(Role.MARKETER)(FILE)
    assert addresses(app.selectbox(key="person_tag").select("VIP").run()) == ["reader0@example.org"]
    app.selectbox(key="person_tag").select("All tags").run()
    assert addresses(app.selectbox(key="person_mail").select("Suppressed").run()) == ["reader1@example.org"]
    assert list(app.dataframe[0].value["Consent"]) == ["Suppressed"]
    app.selectbox(key="person_mail").select("Any address").run()
    assert "Nobody matches" in words_on(app.selectbox(key="person_source").select("An import").run())


def test_everybody_who_matches_is_changed_after_a_question_with_the_number(app_as, shared, admin):
    given.people(shared, admin, 60)
    app = app_as(Role.MARKETER)(FILE)
    app.text_input(key="person_search").set_value("reader").run()
    app.button(key="people_choose_all").click().run()
    assert "60 people chosen" in words_on(app)
    app.selectbox(key="people_action").select("unsubscribe").run()
    button = app.button(key="bulk_yes")
    assert button.label == "Unsubscribe 60 people"
    button.click().run()
    assert "Done for 60 people" in words_on(finished(app, admin, shared))
    assert {one.contact.consent for one in shared.directory.page(admin, limit=100).rows} == {ConsentStatus.UNSUBSCRIBED}


def finished(app, admin, shared):
    """Return the page once the change is over; a quick one was over when the page was drawn."""
    [marketer] = [one for one in shared.people.all(admin) if one.role == Role.MARKETER]
    if work := background.find(f"people:{admin.workspace_id}:person:{marketer.id}"):
        work.thread.join()
        app.run()
    return app


def test_deleting_many_has_to_be_typed(app_as, shared, admin):
    given.people(shared, admin, 2)
    app = app_as(Role.MARKETER)(FILE)
    app.button(key="people_choose_all").click().run()
    app.selectbox(key="people_action").select("delete").run()
    assert app.button(key="bulk_yes").disabled
    app.text_input(key="bulk_typed").set_value("delete").run()
    app.button(key="bulk_yes").click().run()
    finished(app, admin, shared)
    assert shared.contacts.count(admin) == 0


def test_an_analyst_looks_and_changes_nothing(app_as, shared, admin):
    given.people(shared, admin, 1)
    app = app_as(Role.ANALYST)(FILE)
    assert addresses(app) == ["reader0@example.org"]
    assert not [button for button in app.button if button.key in {"people_choose_all", "primary_action"}]


def test_who_may_export_chooses_columns_and_gets_a_download(app_as, shared, admin):
    given.people(shared, admin, 3)
    app = app_as(Role.MARKETER)(FILE)
    app.text_input(key="person_search").set_value("reader1").run()
    app.button(key="export_open").click().run()
    assert "Export 1 person" in [button.label for button in app.button]
    assert any("For spreadsheets choose Excel" in caption.value for caption in app.caption)
    columns = app.multiselect(key="export_columns")
    assert "Email address" in columns.options
    assert "Where they came from" in columns.options
    app.button(key="export_go").click().run()
    path = app.session_state["_export_begun"]
    assert path.startswith("/exports/")
    assert columns.set_value([]).run().button(key="export_go").disabled


def test_who_may_not_export_sees_no_button(open_as, shared, admin):
    given.people(shared, admin, 1)
    role = shared.roles.create(admin, "Reader", [Permission.CONTACTS_VIEW]).key
    app = open_as(shared.people.add(Principal.system(admin.workspace_id), "reader@example.com", "Reader", PASSWORD, role))(FILE)
    assert "Export" not in [button.label for button in app.button]
