"""The outbox: read like a mailbox."""

from __future__ import annotations

from core.permissions import Role
from tests.pages import given
from tests.pages.conftest import words_on

FILE = "pages/measure/outbox.py"


def subjects(app):
    return [button.label for button in app.button if button.key and button.key.startswith("open_")]


def test_an_empty_outbox_says_what_lands_here(app_as):
    assert "Nothing here yet" in words_on(app_as(Role.MARKETER)(FILE))


def test_every_email_is_listed_and_found_by_its_recipient(app_as, shared, admin):
    given.sent(shared, admin, count=25)
    app = app_as(Role.MARKETER)(FILE)
    assert len(subjects(app)) == 20
    assert "25 emails" in words_on(app)
    app.text_input(key="mail_search").set_value("READER7@example.org").run()
    assert len(subjects(app)) == 1
    app.text_input(key="mail_search").set_value("nobody@example.org").run()
    assert "No email to this address" in words_on(app)


def test_an_email_is_opened_beside_the_list(app_as, shared, admin):
    given.sent(shared, admin, count=3, subject="Dear {{ contact.first_name }}")
    app = app_as(Role.MARKETER)(FILE)
    app.text_input(key="mail_search").set_value("reader1@example.org").run()
    next(button for button in app.button if button.key and button.key.startswith("open_")).click().run()
    assert app.subheader[0].value == "Dear Reader 1"
    app.segmented_control(key="mail_view").set_value("Plain text").run()
    assert "Hello Reader 1" in app.code[0].value
    app.segmented_control(key="mail_view").set_value("Headers").run()
    assert "List-Unsubscribe-Post" in list(app.dataframe[0].value["Header"])
    app.segmented_control(key="mail_view").set_value("Source").run()
    assert "List-Unsubscribe" in app.code[0].value
    app.button(key="all_emails").click().run()
    assert not app.subheader


def test_an_address_that_names_no_email_says_so(app_as, shared, admin):
    given.sent(shared, admin, count=1)
    for nonsense in ("nothing", "../../secret.key", "%00"):
        app = app_as(Role.MARKETER)(FILE, mail=nonsense)
        assert not app.exception
        assert "not in the outbox" in words_on(app)
