"""“Send a test” on the page of a template: of what is in the editor, to the seed addresses and others."""

from __future__ import annotations

from core.permissions import Role
from core.templates.blocks.document import Document, new_block, new_section
from core.templates.blocks.kinds import BlockKind
from core.templates.compiling.compiler import TemplateKind
from core.ui import background
from tests.pages import given
from tests.pages.conftest import words_on
from tests.support.mail_server import serving

EDITOR = "pages/create/template.py"


def press(app):
    app.button(key="test_template").click().run()
    return app


def send(app, **fields):
    for name, value in fields.items():
        app.text_input(key=f"test_{name}").set_value(value)
    next(button for button in app.button if button.label == "Send test" and button.form_id).click().run()
    return app


def test_what_was_typed_and_not_saved_goes_to_the_seeds_and_to_another(app_as, shared, admin):
    version = given.template(shared, admin)
    seed = shared.seed_addresses.add(admin, "outlook@example.com", "Outlook")
    app = app_as(Role.MARKETER)(EDITOR, id=version.template_id)
    app.text_area(key=f"source_{version.template_id}").set_value("<p>Just typed</p>").run()
    press(app)
    assert app.multiselect(key=f"test_seeds_{seed.id}").value == ["outlook@example.com"]
    send(app, address="me@example.com", subject="Look at this", from_email="tea@example.com")
    assert not app.error
    assert "Sent to 2 addresses" in words_on(app)
    mails = shared.outbox.page(admin).rows
    assert {(mail.to, mail.subject) for mail in mails} == {(to, "[Test] Look at this") for to in ("outlook@example.com", "me@example.com")}
    assert "Just typed" in shared.outbox.show(admin, mails[0].key).html
    assert shared.templates.latest(admin, version.template_id).number == 1


def test_looking_again_sends_nothing_again(app_as, shared, admin):
    version = given.template(shared, admin)
    app = press(app_as(Role.MARKETER)(EDITOR, id=version.template_id))
    send(app, address="me@example.com", subject="Once", from_email="tea@example.com")
    app.run()
    assert "Sent to 1 address" in words_on(app)
    assert not [button for button in app.button if button.label == "Send test"]
    assert len(shared.outbox.page(admin).rows) == 1
    app.button(key="test_again").click().run()
    send(app, address="me@example.com", subject="Twice", from_email="tea@example.com")
    assert len(shared.outbox.page(admin).rows) == 2


def test_a_slow_server_is_waited_for_and_a_second_press_finds_nothing_to_press(app_as, shared, admin):
    version = given.template(shared, admin)
    with serving() as server:
        server.slowness = 1.5
        shared.connections.default(admin)  # the outbox is there first, so that there is a choice
        relay = shared.connections.add(admin, "Relay", "smtp", {"host": "127.0.0.1", "port": server.port, "security": "none"})
        app = press(app_as(Role.MARKETER)(EDITOR, id=version.template_id))
        app.selectbox(key="test_connection").set_value(relay.id)
        send(app, address="me@example.com", subject="Slow", from_email="tea@example.com")
        assert "You can close this" in words_on(app)
        assert not [button for button in app.button if button.label == "Send test"]
        [work] = [work for name, work in background._works.items() if name.startswith("test_template:")]
        work.thread.join(30)
        app.run()
        assert "Sent to 1 address" in words_on(app)
        assert [one.rcpt_tos for one in server.received] == [["me@example.com"]]


def test_what_is_wrong_is_said_and_nothing_leaves(app_as, shared, admin):
    version = given.template(shared, admin)
    app = press(app_as(Role.MARKETER)(EDITOR, id=version.template_id))
    send(app, address="me@example.com", from_email="tea@example.com")
    assert "The subject is empty" in app.error[0].value
    assert shared.outbox.page(admin).rows == []
    assert app.text_input(key="test_from_email").value == "tea@example.com"
    send(app, subject="Now there is one")
    assert not app.error
    assert [(mail.to, mail.subject) for mail in shared.outbox.page(admin).rows] == [("me@example.com", "[Test] Now there is one")]


def test_a_draft_of_blocks_is_sent_as_it_stands_and_not_before_it_is_finished(app_as, shared, admin):
    saved = Document(sections=(new_section("1", new_block(BlockKind.HEADING, text="Old"), new_block(BlockKind.FOOTER)),))
    template_id = shared.templates.save(admin, "Spring", saved.as_json(), kind=TemplateKind.BLOCKS).template_id
    keep, kind = shared.template_drafts.keep, TemplateKind.BLOCKS
    draft = Document(sections=(new_section("1", new_block(BlockKind.HEADING, text="Of now"), new_block(BlockKind.FOOTER)),))
    kept = keep(admin, template_id, draft.as_json(), kind, based_on=1, revision=0)
    app = press(app_as(Role.MARKETER)(EDITOR, id=template_id))
    send(app, address="me@example.com", subject="Blocks", from_email="tea@example.com")
    [mail] = shared.outbox.page(admin).rows
    assert "Of now" in shared.outbox.show(admin, mail.key).html

    unfinished = Document(sections=(new_section("1", new_block(BlockKind.BUTTON, url="https://"), new_block(BlockKind.FOOTER)),))
    keep(admin, template_id, unfinished.as_json(), kind, based_on=1, revision=kept.revision)
    app = press(app_as(Role.MARKETER)(EDITOR, id=template_id))
    app.button(key="test_again").click().run()  # what became of the one before is told until somebody goes on
    assert "Finish these parts first" in words_on(app)
    assert next(button for button in app.button if button.label == "Send test").disabled


def test_there_is_a_choice_of_connection_and_language_where_there_are_several(app_as, shared, admin):
    version = given.template(shared, admin)
    app = press(app_as(Role.MARKETER)(EDITOR, id=version.template_id))
    assert not {"test_connection", "test_language"} & {box.key for box in app.selectbox}
    shared.connections.add(admin, "Relay", "smtp", {"host": "127.0.0.1", "security": "none"})
    shared.translating.put(admin, version.template_id, "de", "<p>Auf Deutsch</p>")
    app = press(app_as(Role.MARKETER)(EDITOR, id=version.template_id))
    assert app.selectbox(key="test_connection").value == shared.connections.default(admin).id
    assert "as last saved" not in words_on(app)
    app.selectbox(key="test_language").set_value("de")
    send(app, address="me@example.com", subject="Hallo", from_email="tea@example.com")
    [mail] = shared.outbox.page(admin).rows
    assert "Auf Deutsch" in shared.outbox.show(admin, mail.key).html
    shared.template_drafts.keep(admin, version.template_id, "<p>Neu</p>", version.kind, based_on=2, revision=0, language="de")
    app = press(app_as(Role.MARKETER)(EDITOR, id=version.template_id))
    app.button(key="test_again").click().run()
    assert "Deutsch (de) as last saved: what is still a draft there is not in the test." in words_on(app)


def test_who_may_not_send_or_write_is_not_offered_it(app_as, shared, admin):
    version = given.template(shared, admin)
    app = app_as(Role.ANALYST)(EDITOR, id=version.template_id)
    assert "test_template" not in {button.key for button in app.button}
