"""The import: a look first, then in whole or not at all."""

from __future__ import annotations

import pytest

from core.permissions import Role
from core.ui import background
from tests.pages.conftest import words_on

FILE = "pages/audience/import_contacts.py"
CSV = b"E-Mail,Vorname,City\nada@example.org,Ada,Berlin\nbob@example.org,Bob,Paris\nnonsense,Carl,Rome\n"


@pytest.fixture(autouse=True)
def nothing_left_from_another_test():
    yield
    for name in list(background._works):
        if background._works[name].thread:
            background._works[name].thread.join(10)
        background.forget(name)


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


def test_a_look_says_what_would_happen_and_changes_nothing(app_as, shared, admin):
    app = check(upload(app_as(Role.MARKETER)(FILE)))
    assert {one.label: one.value for one in app.metric} == {"New people": "2", "Already known": "0", "Can’t be imported": "1"}
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
    assert "2 people are on the list" in app_as(Role.MARKETER)(FILE).success[0].value


def test_the_next_import_begins_anew(app_as):
    app = check(upload(app_as(Role.MARKETER)(FILE)))
    app.button(key="import_run").click().run()
    app = finish(app)
    app.button(key="import_again").click().run()
    assert "Step 1 of 3" in words_on(app)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe\x00", b"PK\x03\x04 a spreadsheet", "E-Mail\nzoë@example.org\n".encode("latin-1")],
    ids=["empty", "broken", "a spreadsheet", "another encoding"],
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
