"""Connections: added, changed, tested, made the default, removed; secrets never come back."""

from __future__ import annotations

from base64 import b64encode

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from core.permissions import Role
from core.providers.catalogue import CATALOGUE
from tests.pages.conftest import words_on

FILE = "pages/admin/connections.py"
SPKI = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
KEY = b64encode(rsa.generate_private_key(65537, 1024).public_key().public_bytes(*SPKI)).decode()


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


def test_a_wrong_user_name_is_corrected_and_the_secret_is_kept_unseen(app_as, shared, admin):
    added = add_relay(shared, admin)
    app = app_as(Role.ADMIN)(FILE)
    app.button(key=f"edit_{added.id}").click().run()
    assert app.text_input(key=f"edit_{added.id}_host").value == "127.0.0.1"
    assert app.text_input(key=f"edit_{added.id}_password").value == ""
    assert "keep" in app.text_input(key=f"edit_{added.id}_password").placeholder
    security = app.selectbox(key=f"edit_{added.id}_security")
    assert security.value == "none"
    words = ["STARTTLS (usually port 587)", "TLS from the start (usually port 465)", "None: only for a server on this machine"]
    assert security.options == words
    assert "Encryption: None · Username: tea" in words_on(app)  # what is as it usually is, is not told
    app.text_input(key=f"edit_{added.id}_username").set_value("coffee")
    app = submit(app, "Save changes")
    assert not app.error
    assert "very secret" not in str(app)
    assert shared.connections.get(admin, added.id).settings == added.settings | {"username": "coffee"}
    assert not [one for one in app.text_input if one.key.startswith("edit_")]


def test_a_secret_is_asked_for_again_where_it_would_go_somewhere_else(app_as, shared, admin):
    added = add_relay(shared, admin)
    app = app_as(Role.ADMIN)(FILE)
    app.button(key=f"edit_{added.id}").click().run()
    assert "enter it again" in words_on(app)
    app.number_input(key=f"edit_{added.id}_port").set_value(2525)
    app = submit(app, "Save changes")
    assert "Password has to be entered again" in app.error[0].value
    assert shared.connections.get(admin, added.id) == added
    app.text_input(key=f"edit_{added.id}_password").set_value("another secret")
    app = submit(app, "Save changes")
    assert not app.error
    assert "Port: 2525" in words_on(app)
    assert "another secret" not in str(app)


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


def add_postal(app):
    app.button(key="primary_action").click().run()
    app.selectbox(key="connection_kind").select("Postal (reports only)").run()
    app.text_input(key="connection_name").set_value("Our Postal")
    app.text_input(key="connection_postal_webhook_public_key").set_value(KEY)
    return submit(app)


def test_one_that_reports_shows_where_to_and_what_to_do_there(app_as, shared, admin):
    app = add_postal(app_as(Role.ADMIN)(FILE))
    assert not app.error
    [added] = [one for one in shared.connections.all(admin) if one.kind == "postal"]
    assert [code.value for code in app.code] == [added.webhook_url(shared.settings.public_url)]
    assert "Receives events only" in words_on(app)
    assert "postal default-dkim-record" in words_on(app)
    assert "key: entered" in words_on(app)
    assert KEY not in words_on(app)


def test_what_only_reports_can_be_edited_and_removed_but_not_tested_or_made_the_default(app_as, shared, admin):
    added = shared.connections.add(admin, "Events", "generic", {"webhook_token": "very secret"})
    app = app_as(Role.ADMIN)(FILE)
    pressed = {one.key.removesuffix(f"_{added.id}") for one in app.button if one.key and one.key.endswith(f"_{added.id}")}
    assert pressed == {"edit", "remove"}
    assert "very secret" not in str(app)
    app.button(key=f"edit_{added.id}").click().run()
    app = submit(app, "Save changes")
    assert not app.error
    assert shared.connections.get(admin, added.id) == added
    app.button(key=f"remove_{added.id}").click().run()
    assert "reports from then on is refused" in words_on(app)
    app.button(key="remove-yes").click().run()
    assert added.id not in [one.id for one in shared.connections.all(admin)]


def test_an_address_only_this_machine_has_is_told_once(app_as, shared, admin):
    assert not app_as(Role.ADMIN)(FILE).info
    for name in ("A", "B"):
        shared.connections.add(admin, name, "generic", {"webhook_token": "t"})
    assert [one.value for one in app_as(Role.ADMIN)(FILE).info if "POSTWRIGHT_PUBLIC_URL" in one.value]


def test_what_is_needed_to_send_is_told_from_what_may_be_left_out(app_as, shared, admin):
    app = app_as(Role.ADMIN)(FILE)
    app.button(key="primary_action").click().run()
    app.selectbox(key="connection_kind").select("SendGrid").run()
    labels = [one.label for one in app.text_input if one.key.startswith("connection_sendgrid")]
    assert labels == ["API key (needed to send)", "Webhook verification key (optional)", "API address (optional)"]


def test_every_kind_is_offered_those_that_send_first(app_as, shared, admin):
    app = app_as(Role.ADMIN)(FILE)
    app.button(key="primary_action").click().run()
    offered = app.selectbox(key="connection_kind").options
    assert offered[:2] == ["Outbox (sandbox)", "SMTP server"]
    sending = sum(kind.sends for kind in CATALOGUE.values())
    assert [label.endswith("(reports only)") for label in offered] == [False] * sending + [True] * (len(CATALOGUE) - sending)
    assert len(offered) == len(CATALOGUE)


def test_a_bounce_mailbox_is_entered_with_the_server_it_belongs_to_and_its_state_is_told(app_as, shared, admin):
    shared.connections.default(admin)
    app = app_as(Role.ADMIN)(FILE)
    app.button(key="primary_action").click().run()
    app.selectbox(key="connection_kind").select("SMTP server").run()
    assert [one.label for one in app.expander] == ["Sign in with a token (optional)", "Bounces (optional)"]
    app.text_input(key="connection_name").set_value("Ours")
    app.text_input(key="connection_smtp_host").set_value("127.0.0.1")
    app.text_input(key="connection_smtp_return_path").set_value("bounces@mail.example.com")
    app.selectbox(key="connection_smtp_bounce_protocol").select("imap")
    app.text_input(key="connection_smtp_bounce_password").set_value("very secret")
    app = submit(app)
    assert not app.error
    [added] = [one for one in shared.connections.all(admin) if one.kind == "smtp"]
    assert (added.settings["return_path"], added.settings["bounce_port"]) == ("bounces@mail.example.com", "")
    assert "read every minute; not read so far" in words_on(app)
    [owner] = shared.bounce_mailboxes.all()
    shared.bounce_mailboxes.note(owner, "It refused the sign-in.")
    app = app_as(Role.ADMIN)(FILE)
    assert ["refused the sign" in one.value for one in app.warning] == [True]
    shared.bounce_mailboxes.note(owner)
    app = app_as(Role.ADMIN)(FILE)
    assert not app.warning
    assert "last just now" in words_on(app)
    assert "very secret" not in str(app)
    app.button(key=f"edit_{added.id}").click().run()
    app.selectbox(key=f"edit_{added.id}_bounce_protocol").select("none")
    app = submit(app, "Save changes")
    assert not app.error
    assert "is not read" in words_on(app)


def test_a_bounce_address_that_is_none_is_named(app_as, shared, admin):
    added = add_relay(shared, admin)
    app = app_as(Role.ADMIN)(FILE)
    app.button(key=f"edit_{added.id}").click().run()
    app.text_input(key=f"edit_{added.id}_return_path").set_value("nobody")
    app = submit(app, "Save changes")
    assert [one.value for one in app.error if "bounce address" in one.value]
