"""Moving in from another tool on its page, and the way there from an import."""

from __future__ import annotations

import sqlalchemy as sa

from core.contacts.imports.folder import ImportFolder, Step
from core.contacts.imports.importing import ImportState
from core.contacts.tables import imports
from core.permissions import Role
from core.ui import background
from tests.contacts.kits import exports
from tests.pages.conftest import words_on

FILE = "pages/audience/move_in.py"


def finish(app):
    for name in [name for name in background._works if name.startswith("import:")]:
        background.find(name).thread.join(30)
    return app.run()


def figures(app):
    return {one.label: one.value for one in app.metric}


def move_in(app_as, name="Readers", data=None):
    app = app_as(Role.MARKETER)(FILE)
    app.file_uploader(key="move_in_file").set_value(("export.zip", data or exports.mailchimp(), "application/zip")).run()
    app.selectbox(key="move_in_list").select(name).run()
    return app.button(key="move_in_run").click().run()


def test_an_export_is_recognised_looked_at_and_moved_in(app_as, shared, admin):
    shared.lists.create(admin, "Readers")
    app = app_as(Role.MARKETER)(FILE)
    app.file_uploader(key="move_in_file").set_value(("export.zip", exports.mailchimp(), "application/zip")).run()
    assert "looks like an export of **Mailchimp**" in words_on(app)
    assert shared.contacts.count(admin) == 0
    assert app.button(key="move_in_run").disabled
    app.selectbox(key="move_in_list").select("Readers").run()
    app.button(key="move_in_run").click().run()
    app = finish(app)
    assert "6 people moved in from Mailchimp" in words_on(app)
    assert figures(app)["Opens and clicks"] == "3"
    assert shared.contacts.count(admin) == 6
    assert shared.suppressions.page(admin).total == 2
    assert list(shared.settings.uploads_dir.iterdir()) == []
    assert "Exports so far" not in words_on(app)
    app.button(key="import_again").click().run()
    assert "Where do I find the export?" in [one.label for one in app.expander]
    assert "Exports so far" in words_on(app)


def test_what_became_of_it_can_be_read_later_and_taken_back(app_as, shared, admin):
    shared.lists.create(admin, "Readers")
    finish(move_in(app_as))
    one = shared.imports.all(admin)[0]
    app = app_as(Role.MARKETER)(FILE)
    app = app.button(key=f"import_open_{one.id}").click().run()
    assert "6 people moved in from Mailchimp" in words_on(app)
    app.button(key="import_undo").click().run()
    assert "whoever had said no is not written to" in words_on(app)
    app = app.button(key="undo_import-yes").click().run()
    assert "This import was taken back." in words_on(app)
    assert shared.suppressions.page(admin).total == 3  # with who is gone and had said no


def test_rows_that_are_left_out_are_shown_as_they_stand_in_their_files(app_as, shared, admin):
    shared.lists.create(admin, "Readers")
    heading = "Email,Klaviyo ID,Email Marketing Consent\n"
    app = finish(move_in(app_as, data=(heading + "ada@example.com,1,SUBSCRIBED\nno address,2,SUBSCRIBED\n").encode()))
    rows = app.dataframe[0].value
    assert (list(rows["Line"]), list(rows["Address"])) == ([3], ["no address"])
    assert "Download 1 left-out row" in [one.label for one in app.get("download_button")]


def test_one_that_nobody_works_on_is_followed_and_can_be_cancelled(app_as, shared, admin):
    import_id = shared.move_ins.start(admin, exports.mailchimp(), "export.zip", list_name="Readers")
    [folder] = (shared.settings.data_dir / "imports").iterdir()
    ImportFolder(folder).tell(Step("reading", 100, 1_000))
    app = app_as(Role.MARKETER)(FILE, **{"import": import_id})
    assert "is being moved in" in words_on(app)
    assert "Reading · 100 of 1,000 rows" in [one.proto.text for one in app.get("progress")]
    app = app.button(key="import_cancel").click().run()
    assert "was cancelled" in app.info[0].value
    assert shared.imports.take_up() == 0
    assert shared.contacts.count(admin) == 0


def test_once_everybody_is_in_it_is_only_followed(app_as, shared, admin):
    shared.lists.create(admin, "Readers")
    import_id = shared.move_ins.start(admin, exports.mailchimp(), "export.zip", list_name="Readers")
    [folder] = (shared.settings.data_dir / "imports").iterdir()
    with shared.db.transaction() as connection:
        connection.execute(sa.update(imports).where(imports.c.id == import_id).values(state=ImportState.FOLLOWING))
    ImportFolder(folder).tell(Step("keeping", 2_000, 0))
    app = app_as(Role.MARKETER)(FILE, **{"import": import_id})
    assert "Keeping what they did · 2,000 opens and clicks so far" in [one.proto.text for one in app.get("progress")]
    assert "import_cancel" not in [one.key for one in app.button]


def test_the_import_points_to_what_became_of_an_export(app_as, shared, admin):
    shared.lists.create(admin, "Readers")
    finish(move_in(app_as))
    one = shared.imports.all(admin)[0]
    app = app_as(Role.MARKETER)("pages/audience/import_contacts.py", **{"import": one.id})
    assert "What became of the export" in [link.proto.label for link in app.get("page_link")]


def test_a_plain_file_is_sent_to_the_import(app_as):
    app = app_as(Role.MARKETER)(FILE)
    app.file_uploader(key="move_in_file").set_value(("people.csv", b"email\nada@example.com\n", "text/csv")).run()
    assert "from no tool whose exports are known" in words_on(app)


def test_the_import_says_where_a_file_looks_like_it_is_from(app_as):
    app = app_as(Role.MARKETER)("pages/audience/import_contacts.py")
    app.file_uploader[0].set_value(("Newsletter.csv", exports.klaviyo(), "text/csv")).run()
    assert "This looks like an export of Klaviyo." in words_on(app)
