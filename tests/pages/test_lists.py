"""Lists: made, renamed, deleted; never the people on them."""

from __future__ import annotations

from core.permissions import Role
from tests.pages import given
from tests.pages.conftest import words_on

FILE = "pages/audience/lists.py"


def submit(app, label):
    return next(button for button in app.button if button.label == label and button.form_id).click().run()


def test_an_empty_workspace_says_what_lists_are_for(app_as):
    assert "No lists yet" in words_on(app_as(Role.MARKETER)(FILE))


def test_a_list_shows_how_many_people_are_on_it(app_as, shared, admin):
    given.people(shared, admin, 2)
    app = app_as(Role.MARKETER)(FILE)
    assert "2 people" in words_on(app)
    assert "**Newsletter**" in [button.label for button in app.button]


def test_a_list_is_made_and_a_taken_name_is_said_once(app_as, shared, admin):
    app = app_as(Role.MARKETER)(FILE)
    app.button(key="primary_action").click().run()
    app.text_input(key="list_name").set_value("Guests")
    submit(app, "Make list")
    assert [one.name for one in shared.lists.all(admin)] == ["Guests"]
    app.button(key="primary_action").click().run()
    app.text_input(key="list_name").set_value("Guests")
    submit(app, "Make list")
    assert len(app.error) == 1
    assert "already" in app.error[0].value


def test_a_list_is_renamed(app_as, shared, admin):
    given.people(shared, admin, 1)
    known = shared.lists.by_name(admin, "Newsletter")
    app = app_as(Role.MARKETER)(FILE)
    app.button(key=f"rename_{known.id}").click().run()
    app.text_input(key=f"list_rename_{known.id}").set_value("Readers")
    submit(app, "Rename")
    assert shared.lists.get(admin, known.id).name == "Readers"


def test_a_list_is_opened_to_everybody(app_as, shared, admin):
    given.people(shared, admin, 1)
    known = shared.lists.by_name(admin, "Newsletter")
    app = app_as(Role.MARKETER)(FILE)
    app.button(key=f"joining_{known.id}").click().run()
    app.toggle(key=f"list_public_{known.id}").set_value(True)
    app.text_input(key=f"list_description_{known.id}").set_value("Once a month")
    submit(app, "Save")
    opened = shared.public_lists.all(admin)[known.id]
    assert (opened.is_public, opened.description) == (True, "Once a month")
    assert "open to everybody" in words_on(app)


def test_deleting_asks_first_and_leaves_the_people(app_as, shared, admin):
    given.people(shared, admin, 2)
    known = shared.lists.by_name(admin, "Newsletter")
    app = app_as(Role.MARKETER)(FILE)
    app.button(key=f"delete_{known.id}").click().run()
    assert shared.lists.all(admin)
    assert "2 people stay" in words_on(app)
    app.button(key="delete-yes").click().run()
    assert not shared.lists.all(admin)
    assert shared.contacts.count(admin) == 2


def test_going_back_deletes_nothing(app_as, shared, admin):
    given.people(shared, admin, 1)
    known = shared.lists.by_name(admin, "Newsletter")
    app = app_as(Role.MARKETER)(FILE)
    app.button(key=f"delete_{known.id}").click().run()
    app.button(key="delete-no").click().run()
    assert shared.lists.all(admin)
    assert "people stay" not in words_on(app)


def test_an_analyst_sees_lists_without_buttons_to_change_them(app_as, shared, admin):
    given.people(shared, admin, 1)
    labels = [button.label for button in app_as(Role.ANALYST)(FILE).button]
    assert {"New list", "Rename", "Delete"}.isdisjoint(labels)


def test_a_list_is_told_to_ask_by_mail_first(app_as, shared, admin):
    known = shared.lists.create(admin, "Guests")
    app = app_as(Role.MARKETER)(FILE)
    app.button(key=f"joining_{known.id}").click().run()
    app.toggle(key=f"asks_{known.id}").set_value(True)
    submit(app, "Save")
    assert "Say who the mail that asks is from" in app.error[0].value
    app.text_input(key=f"asks_from_{known.id}").set_value("news@example.org")
    submit(app, "Save")
    assert shared.lists.get(admin, known.id).double_opt_in
    assert "asks by mail first" in words_on(app)
