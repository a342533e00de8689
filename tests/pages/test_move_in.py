"""Moving in from another tool on its page, and the way there from an import."""

from __future__ import annotations

from core.permissions import Role
from core.ui import background
from tests.contacts.kits import exports
from tests.pages.conftest import words_on

FILE = "pages/audience/move_in.py"


def finish(app):
    for name in [name for name in background._works if name.startswith("move_in:")]:
        background.find(name).thread.join(30)
    return app.run()


def test_an_export_is_recognised_looked_at_and_moved_in(app_as, shared, admin):
    shared.lists.create(admin, "Readers")
    app = app_as(Role.MARKETER)(FILE)
    app.file_uploader(key="move_in_file").set_value(("export.zip", exports.mailchimp(), "application/zip")).run()
    assert "looks like an export of **Mailchimp**" in words_on(app)
    assert shared.contacts.count(admin) == 0
    assert app.button(key="move_in_run").disabled
    app.selectbox(key="move_in_list").select("Readers").run()
    app.button(key="move_in_run").click().run()
    assert "6 people moved in from Mailchimp" in words_on(finish(app))
    assert shared.contacts.count(admin) == 6
    assert shared.suppressions.page(admin).total == 2
    past = app_as(Role.MARKETER)("pages/audience/import_contacts.py")
    past.button(key=f"import_open_{shared.imports.all(admin)[0].id}").click().run()
    past.button(key="import_undo").click().run()
    assert "whoever had said no is not written to" in words_on(past)
    app.button(key="move_in_again").click().run()
    assert "Where do I find the export?" in [one.label for one in app.expander]


def test_a_plain_file_is_sent_to_the_import(app_as):
    app = app_as(Role.MARKETER)(FILE)
    app.file_uploader(key="move_in_file").set_value(("people.csv", b"email\nada@example.com\n", "text/csv")).run()
    assert "from no tool whose exports are known" in words_on(app)


def test_the_import_says_where_a_file_looks_like_it_is_from(app_as):
    app = app_as(Role.MARKETER)("pages/audience/import_contacts.py")
    app.file_uploader[0].set_value(("Newsletter.csv", exports.klaviyo(), "text/csv")).run()
    assert "This looks like an export of Klaviyo." in words_on(app)
