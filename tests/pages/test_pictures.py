"""Pictures: uploaded, found, described, deleted where nothing names them."""

from __future__ import annotations

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.permissions import Role
from core.ui.signing_in import auth
from tests.pages.conftest import words_on
from tests.templates.images.making import photo, saved

PAGE = "pages/create/pictures.py"
LAKE, TREE = saved(photo(), "JPEG"), saved(Image.new("RGB", (30, 20), "green"), "PNG")


@pytest.fixture
def lake(shared, admin):
    return shared.pictures.add(admin, LAKE, "lake.jpg", alt="A lake")


def uploading(app, name: str, data: bytes, alt: str = ""):
    app.button(key="primary_action").click().run()
    app.file_uploader(key="new_picture_file_0").upload(name, data)
    app.text_input(key="new_picture_alt_0").set_value(alt)
    return app.button(key="new_picture_send_0").click().run()


def test_an_empty_workspace_says_what_pictures_are_for(app_as):
    assert "No pictures yet" in words_on(app_as(Role.MARKETER)(PAGE))


def test_a_picture_is_uploaded_with_what_it_shows(app_as, shared, admin):
    app = uploading(app_as(Role.MARKETER)(PAGE), "Lake in summer.jpg", LAKE, alt="A lake")

    [made] = shared.pictures.all(admin)
    assert (made.name, made.alt, made.width) == ("Lake in summer", "A lake", 400)
    assert "**Lake in summer**" in words_on(app)
    assert f"400 × 300 · {round(made.size / 1024)}\u00a0KB" in words_on(app)


@pytest.mark.parametrize(("data", "said"), [(b"<svg onload='x()'></svg>", "SVG"), (b"MZ" + bytes(60), "program"), (LAKE[:2000], "damaged")])
def test_what_is_no_picture_is_told_what_it_is(app_as, shared, admin, data: bytes, said: str):
    app = uploading(app_as(Role.MARKETER)(PAGE), "picture.png", data)

    assert said in app.error[0].value
    assert not shared.pictures.all(admin)


def test_uploading_nothing_says_so(app_as):
    app = app_as(Role.MARKETER)(PAGE)
    app.button(key="primary_action").click().run()

    assert "no picture yet" in app.button(key="new_picture_send_0").click().run().warning[0].value


def test_pictures_are_searched(app_as, shared, admin, lake):
    shared.pictures.add(admin, TREE, "tree.png")
    app = app_as(Role.ANALYST)(PAGE)
    assert "2 pictures" in words_on(app)

    app.text_input(key="pictures_search").set_value("a lake").run()

    assert "**lake**" in words_on(app)
    assert "**tree**" not in words_on(app)
    assert "No picture matches" in words_on(app.text_input(key="pictures_search").set_value("a horse").run())


def test_a_picture_is_described(app_as, shared, admin, lake):
    app = app_as(Role.MARKETER)(PAGE)
    app.button(key=f"open_{lake.id}").click().run()
    assert shared.pictures.url_of(lake) in app.code[0].value
    assert "Nothing uses it." in words_on(app)

    app.text_input(key=f"name_{lake.id}").set_value("The lake")
    app.text_input(key=f"alt_{lake.id}").set_value("A lake in summer")
    next(button for button in app.button if button.label == "Save").click().run()

    changed = shared.pictures.get(admin, lake.id)
    assert (changed.name, changed.alt) == ("The lake", "A lake in summer")


def test_only_what_nothing_names_can_be_deleted(app_as, shared, admin, lake):
    tree = shared.pictures.add(admin, TREE, "tree.png")
    shared.templates.save(admin, "Letter", f'<img src="{shared.pictures.url_of(tree)}" alt="">')
    app = app_as(Role.MARKETER)(PAGE)

    app.button(key=f"open_{tree.id}").click().run()
    assert "Used by the template “Letter”" in words_on(app)
    assert not [button for button in app.button if button.key == "delete_picture"]

    app.button(key=f"open_{lake.id}").click().run()
    app.button(key="delete_picture").click().run()
    app.button(key="delete-yes").click().run()
    assert shared.pictures.all(admin) == [tree]


def test_who_may_not_edit_only_looks(app_as, lake):
    app = app_as(Role.ANALYST)(PAGE)

    assert not [button for button in app.button if button.key == "primary_action"]
    app.button(key=f"open_{lake.id}").click().run()
    assert "A lake" in words_on(app)
    assert not [button for button in app.button if button.label in {"Save", "Delete picture"}]


PICKING = """
import streamlit as st
from core.permissions import Permission
from core.ui.create import picture_picker
from core.ui.page import open_page
page = open_page("Try", needs=Permission.TEMPLATES_VIEW)
chosen = picture_picker.pick(page, "logo")
if chosen:
    st.text(f"{chosen.url} {chosen.width} {chosen.height} {chosen.alt}")
"""


@pytest.fixture
def picking(shared, someone):
    def as_role(role: Role):
        person = someone(role)
        workspace = shared.workspaces.for_person(person.id)[0]
        app = AppTest.from_string(PICKING, default_timeout=30)
        app.session_state[auth.TOKEN_KEY] = shared.sessions.redeem(shared.sessions.issue_ticket(person.id, workspace.id), "", "")
        return app.run()

    return as_role


def test_a_picture_that_is_there_is_chosen(shared, lake, picking):
    app = picking(Role.ANALYST)
    assert not app.text

    app.button(key=f"logo_choose_{lake.id}").click().run()

    assert app.text[0].value == f"{shared.pictures.url_of(lake)} 400 300 A lake"
    assert not app.get("file_uploader")  # who may not edit templates adds none


def test_a_new_picture_is_chosen_as_it_is_uploaded(shared, admin, picking):
    app = picking(Role.MARKETER)
    app.file_uploader(key="logo_file_0").upload("tree.png", TREE)
    app.text_input(key="logo_alt_0").set_value("A tree")

    app.button(key="logo_send_0").click().run()

    [tree] = shared.pictures.all(admin)
    assert app.text[0].value == f"{shared.pictures.url_of(tree)} 30 20 A tree"
    assert not app.run().text
    assert app.file_uploader(key="logo_file_1").value is None


def test_a_picture_known_already_is_chosen_with_the_words_typed_now(shared, lake, picking):
    app = picking(Role.MARKETER)
    app.file_uploader(key="logo_file_0").upload("again.jpg", LAKE)
    app.text_input(key="logo_alt_0").set_value("The lake again")

    app.button(key="logo_send_0").click().run()

    assert app.text[0].value == f"{shared.pictures.url_of(lake)} 400 300 The lake again"
