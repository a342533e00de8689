"""The import: a look first, then in whole or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.contacts.imports.files.staging import laid_out
from core.contacts.imports.folder import ImportFolder, Step
from core.contacts.imports.importing import Choices
from core.permissions import Role
from core.ui import background
from tests.contacts.files.workbook import sheet, workbook
from tests.pages.conftest import words_on

FILE = "pages/audience/import_contacts.py"
CSV = b"E-Mail,Vorname,City\nada@example.org,Ada,Berlin\nbob@example.org,Bob,Paris\nnonsense,Carl,Rome\n"


@pytest.fixture(autouse=True)
def a_list_to_choose(shared, admin):
    """AppTest can't type a name that is not among the options; the browser tests do."""
    return shared.lists.create(admin, "Readers")


def upload(app, data=CSV, name="people.csv"):
    app.file_uploader(key="import_file").upload(name, data)
    return app.run()


def check(app, list_name="Readers"):
    app.selectbox(key="import_list").select(list_name).run()
    return app.button(key="import_check").click().run()


def finish(app):
    """Wait for the work in the background as the page does, and look again."""
    for work in list(background._works.values()):
        work.thread.join(10)
    return app.run()


def test_columns_are_guessed(app_as):
    app = upload(app_as(Role.MARKETER)(FILE))
    assert "has 3 rows" in words_on(app)
    assert [app.selectbox(key=f"import_field_{n}").value for n in range(3)] == ["email", "first_name", "attribute.city"]


def figures(app):
    return {one.label: one.value for one in app.metric if one.value != "0"}


def test_a_look_says_what_would_happen_and_changes_nothing(app_as, shared, admin):
    app = check(upload(app_as(Role.MARKETER)(FILE)))
    assert figures(app) == {"New people": "2", "Can’t be imported": "1"}
    assert "Import 2 people" in [button.label for button in app.button]
    assert shared.contacts.count(admin) == 0


def test_people_are_imported_and_what_was_left_out_can_be_downloaded(app_as, shared, admin):
    app = check(upload(app_as(Role.MARKETER)(FILE)))
    app.button(key="import_run").click().run()
    app = finish(app)
    assert "2 people are on the list" in app.success[0].value
    assert shared.lists.by_name(admin, "Readers").size == 2
    assert shared.contacts.find(admin, "ada@example.org").attributes == {"city": "Berlin"}
    assert [one.proto.label for one in app.get("download_button")] == ["Download 1 left-out row"]


def test_somebody_who_comes_back_finds_the_result(app_as):
    app = check(upload(app_as(Role.MARKETER)(FILE)))
    app.button(key="import_run").click().run()
    finish(app)
    app = app_as(Role.MARKETER)(FILE)
    assert "2 added · 0 changed · 1 left out" in words_on(app)
    assert "2 people are on the list" in app.button(key="import_open_1").click().run().success[0].value


def test_what_would_change_about_known_people_is_shown_before_and_after(app_as, shared, admin):
    shared.contacts.save(admin, "ada@example.org", first_name="Ada", attributes={"city": "Oslo"})
    shared.suppressions.add(admin, "bob@example.org")
    app = check(
        upload(
            app_as(Role.MARKETER)(
                FILE,
            ),
            CSV + b"info@example.org,Desk,Rome\n",
        )
    )
    assert figures(app) == {"New people": "2", "Changed": "1", "Can’t be imported": "1", "Can’t be mailed": "1", "Unusual": "1"}
    assert app.dataframe[0].value.values.tolist() == [["ada@example.org", "city", "Oslo", "Berlin"]]
    app = app.button(key="import_run").click().run()
    app = finish(app)
    assert shared.contacts.find(admin, "ada@example.org").attributes == {"city": "Berlin"}


def test_people_who_are_there_can_be_left_as_they_are(app_as, shared, admin):
    shared.contacts.save(admin, "ada@example.org", attributes={"city": "Oslo"})
    app = upload(app_as(Role.MARKETER)(FILE))
    app.radio(key="import_rule").set_value("fill").run()
    app = check(app)
    app.button(key="import_run").click().run()
    finish(app)
    ada = shared.contacts.find(admin, "ada@example.org")
    assert (ada.attributes, ada.first_name) == ({"city": "Oslo"}, "Ada")


def test_dates_that_can_be_read_in_two_ways_have_to_be_told(app_as, shared, admin):
    data = b"E-Mail,Joined\nada@example.org,03/04/2026\n"
    app = check(upload(app_as(Role.MARKETER)(FILE), data))
    assert "“Joined” can be read in several ways" in app.error[0].value
    app.selectbox(key="import_kind_1").select("date:DD/MM/YYYY").run()
    app = app.button(key="import_check").click().run()
    app.button(key="import_run").click().run()
    finish(app)
    assert shared.contacts.find(admin, "ada@example.org").attributes == {"joined": "2026-04-03"}


def test_what_was_chosen_is_still_there_after_going_back(app_as):
    app = upload(app_as(Role.MARKETER)(FILE))
    app.selectbox(key="import_field_2").select("skip").run()
    app = check(app)
    app = next(one for one in app.button if one.label == "Back to the columns").click().run()
    assert (app.selectbox(key="import_field_2").value, app.selectbox(key="import_list").value) == ("skip", "Readers")


def test_the_last_import_can_be_taken_back(app_as, shared, admin):
    app = check(upload(app_as(Role.MARKETER)(FILE)))
    app.button(key="import_run").click().run()
    app = finish(app)
    app.button(key="import_undo").click().run()
    assert "The 2 people it added go again. Whoever" in words_on(app)
    app = app.button(key="undo_import-yes").click().run()
    assert app.info[0].value == "This import was taken back. 2 people are gone again."
    assert shared.contacts.count(admin) == 0


def test_an_import_that_nobody_works_on_can_be_cancelled(app_as, shared, admin):
    staged = laid_out(CSV, None, shared.settings.uploads_dir)
    import_id = shared.imports.start(admin, staged, "people.csv", Choices("Readers"))
    app = app_as(Role.MARKETER)(FILE, **{"import": import_id})
    assert "is being imported" in words_on(app)
    app = app.button(key="import_cancel").click().run()
    assert "was cancelled" in app.info[0].value
    assert shared.imports.take_up() == 0
    assert shared.contacts.count(admin) == 0


def test_how_far_an_import_is_and_how_long_it_takes_is_shown(app_as, shared, admin, clock):
    import_id = shared.imports.start(admin, laid_out(CSV, None, shared.settings.uploads_dir), "people.csv", Choices("Readers"))
    [folder] = (shared.settings.data_dir / "imports").iterdir()
    ImportFolder(folder).tell(Step("checking", 100, 1_000))
    app = app_as(Role.MARKETER)(FILE, **{"import": import_id})
    clock.advance(timedelta(seconds=10))
    ImportFolder(folder).tell(Step("checking", 200, 1_000))
    app = app.run()
    assert "Checking · 200 of 1,000 rows · about 80 s left for this step" in [one.proto.text for one in app.get("progress")]


def test_a_workbook_is_imported_as_well(app_as, shared, admin):
    cells = {0: ["E-Mail", "Vorname"], 1: ["ada@example.org", "Ada"]}
    app = check(upload(app_as(Role.MARKETER)(FILE), workbook(sheet(cells)), "people.xlsx"))
    assert figures(app) == {"New people": "1"}


def test_nothing_is_left_of_a_file_that_was_put_aside(app_as, shared):
    app = upload(app_as(Role.MARKETER)(FILE))
    assert list(shared.settings.uploads_dir.iterdir())
    next(one for one in app.button if one.label == "Other file").click().run()
    assert not list(shared.settings.uploads_dir.iterdir())


def test_an_assumed_encoding_is_told(app_as):
    app = upload(app_as(Role.MARKETER)(FILE), "E-Mail,Vorname\nada@example.org,Zoë\n".encode("latin-1"))
    assert "Look at umlauts" in app.info[0].value


def test_the_next_import_begins_anew(app_as):
    app = check(upload(app_as(Role.MARKETER)(FILE)))
    app.button(key="import_run").click().run()
    app = finish(app)
    app.button(key="import_again").click().run()
    assert "Step 1 of 3" in words_on(app)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe\x00", b"PK\x03\x04 a spreadsheet", b"E-Mail,E-Mail\n1,2\n"],
    ids=["empty", "broken", "a spreadsheet", "two columns of one name"],
)
def test_a_file_that_cant_be_read_gets_one_message(app_as, data: bytes):
    app = upload(app_as(Role.MARKETER)(FILE), data)
    assert not app.exception
    assert len(app.error) == 1
    assert "Step 1 of 3" in words_on(app)


def test_a_list_is_needed_and_the_mapping_stays(app_as):
    app = upload(app_as(Role.MARKETER)(FILE))
    app.selectbox(key="import_field_2").select("skip").run()
    app.button(key="import_check").click().run()
    assert len(app.error) == 1
    assert "list" in app.error[0].value
    assert app.selectbox(key="import_field_2").value == "skip"


def test_without_an_address_column_nothing_goes_on(app_as):
    app = upload(app_as(Role.MARKETER)(FILE))
    app.selectbox(key="import_field_0").select("skip").run()
    app = check(app)
    assert len(app.error) == 1
    assert not app.metric


def test_what_a_file_calls_its_columns_is_shown_as_written(app_as):
    app = upload(
        app_as(Role.MARKETER)(FILE), b"E-Mail,[x](https://evil.example)\nada@example.org,![x](https://evil.example)\n", "[x](u).csv"
    )
    shown = [one.value for one in (*app.markdown, *app.caption)] + [one.label for one in app.selectbox]
    assert "[x](" not in "".join(shown)
