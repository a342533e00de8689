"""Connections: added, changed, tested, made the default, removed; secrets never come back."""

from __future__ import annotations

from core.permissions import Role
from tests.pages.conftest import words_on

FILE = "pages/admin/connections.py"


def submit(app, label="Add connection"):
    return next(button for button in app.button if button.label == label and button.form_id).click().run()


def add_smtp(app, host="127.0.0.1", name="Our server"):
    app.button(key="primary_action").click().run()
    app.selectbox(key="connection_kind").select("SMTP server").run()
    app.text_input(key="connection_name").set_value(name)
    app.text_input(key="connection_smtp_host").set_value(host)
    app.number_input(key="connection_smtp_port").set_value(9)
    app.text_input(key="connection_smtp_username").set_value("tea")
    app.text_input(key="connection_smtp_password").set_value("very secret")
    return submit(app)


def test_a_new_workspace_has_the_outbox_as_its_default(app_as, shared, admin):
    app = app_as(Role.ADMIN)(FILE)
    assert "**Outbox**" in words_on(app)
    assert [one.is_default for one in shared.connections.all(admin)] == [True]


def test_a_server_is_added_and_its_secret_is_never_shown(app_as, shared, admin):
    app = add_smtp(app_as(Role.ADMIN)(FILE))
    assert not app.error
    assert "Our server" in words_on(app)
    assert "127" in words_on(app)
    assert "very secret" not in str(app)
    assert {one.kind for one in shared.connections.all(admin)} == {"outbox", "smtp"}


def test_what_is_missing_is_named_once_and_the_rest_stays(app_as, shared, admin):
    app = add_smtp(app_as(Role.ADMIN)(FILE), host="")
    assert len(app.error) == 1
    assert "Server" in app.error[0].value
    assert app.text_input(key="connection_name").value == "Our server"
    assert len(shared.connections.all(admin)) == 1


def test_a_dead_server_is_told_in_one_message(app_as, shared, admin):
    added = shared.connections.add(admin, "Dead", "smtp", {"host": "127.0.0.1", "port": 9, "security": "none"})
    app = app_as(Role.ADMIN)(FILE)
    app.button(key=f"test_{added.id}").click().run()
    assert len(app.error) == 1
    assert not app.exception


def test_the_outbox_answers(app_as, shared, admin):
    app = app_as(Role.ADMIN)(FILE)
    app.button(key=f"test_{shared.connections.default(admin).id}").click().run()
    assert "answers" in app.success[0].value


def test_another_connection_becomes_the_default_and_the_old_one_can_go(app_as, shared, admin):
    outbox = shared.connections.default(admin)
    added = shared.connections.add(admin, "Ours", "smtp", {"host": "127.0.0.1", "security": "none"})
    app = app_as(Role.ADMIN)(FILE)
    app.button(key=f"default_{added.id}").click().run()
    assert shared.connections.default(admin).id == added.id
    app.button(key=f"remove_{outbox.id}").click().run()
    assert len(shared.connections.all(admin)) == 2
    app.button(key="remove-yes").click().run()
    assert [one.id for one in shared.connections.all(admin)] == [added.id]


def add_relay(shared, admin):
    values = {"host": "127.0.0.1", "port": 9, "security": "none", "username": "tea", "password": "very secret"}
    return shared.connections.add(admin, "Relay", "smtp", values)


def test_a_wrong_port_is_corrected_and_the_secret_is_kept_unseen(app_as, shared, admin):
    added = add_relay(shared, admin)
    app = app_as(Role.ADMIN)(FILE)
    app.button(key=f"edit_{added.id}").click().run()
    assert app.text_input(key=f"edit_{added.id}_host").value == "127.0.0.1"
    assert app.text_input(key=f"edit_{added.id}_password").value == ""
    assert "keep" in app.text_input(key=f"edit_{added.id}_password").placeholder
    assert app.selectbox(key=f"edit_{added.id}_security").value == "none"
    app.number_input(key=f"edit_{added.id}_port").set_value(2525)
    app = submit(app, "Save changes")
    assert not app.error
    assert "Port: 2525" in words_on(app)
    assert "very secret" not in str(app)
    assert shared.connections.get(admin, added.id).settings == added.settings | {"port": 2525}
    assert not [one for one in app.text_input if one.key.startswith("edit_")]


def test_a_change_that_cannot_be_used_is_told_once_and_the_rest_stays(app_as, shared, admin):
    added = add_relay(shared, admin)
    app = app_as(Role.ADMIN)(FILE)
    app.button(key=f"edit_{added.id}").click().run()
    app.text_input(key=f"edit_{added.id}_host").set_value("")
    app.text_input(key=f"edit_{added.id}_username").set_value("coffee")
    app = submit(app, "Save changes")
    assert len(app.error) == 1
    assert "Server" in app.error[0].value
    assert app.text_input(key=f"edit_{added.id}_username").value == "coffee"
    assert shared.connections.get(admin, added.id) == added


def test_there_is_nothing_to_edit_about_the_outbox(app_as, shared, admin):
    app = app_as(Role.ADMIN)(FILE)
    assert not [one for one in app.button if one.label == "Edit"]
