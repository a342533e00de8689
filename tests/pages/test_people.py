from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from streamlit.testing.v1 import AppTest

from core.accounts.people import Person
from core.permissions import Principal, Role
from tests.pages.conftest import PASSWORD, Open, words_on

if TYPE_CHECKING:
    from core.app import Services

PAGE = "pages/admin/people.py"


def fill_in(app: AppTest, **values: str) -> AppTest:
    for name, value in values.items():
        app.text_input(key=f"add_{name}").set_value(value)
    return app.button(key="add_submit").click().run()


def test_everybody_in_the_workspace_is_listed(app_as: Callable[[Role], Open], someone: Callable[[Role], Person]):
    someone(Role.ANALYST)
    app = app_as(Role.ADMIN)(PAGE)
    assert not app.exception
    words = words_on(app)
    assert "Ada" in words
    assert "Analyst" in words
    assert "Never signed in" in words


def test_a_person_is_added_and_can_sign_in(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key="primary_action").click().run()
    app = fill_in(app, name="Grace Hopper", email="grace@example.com", password=PASSWORD)
    assert not app.exception
    assert "Grace Hopper" in words_on(app)
    [grace] = [person for person in shared.people.all(admin) if person.email == "grace@example.com"]
    assert grace.role == Role.MARKETER


def test_a_person_that_cant_be_added_is_explained_and_what_was_typed_stays(
    app_as: Callable[[Role], Open], shared: Services, admin: Principal
):
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key="primary_action").click().run()
    app = fill_in(app, name="Grace", email="grace@example.com", password="short")
    assert "12 to 128" in app.error[0].value
    assert app.text_input(key="add_name").value == "Grace"
    assert len(shared.people.all(admin)) == 1


def test_a_role_is_changed(app_as: Callable[[Role], Open], someone: Callable[[Role], Person], shared: Services, admin: Principal):
    analyst = someone(Role.ANALYST)
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key=f"role_{analyst.id}").click().run()
    app.radio(key="new_role").set_value(Role.MARKETER).run()
    app.button(key="set_role").click().run()
    assert not app.exception
    assert {person.id: person.role for person in shared.people.all(admin)}[analyst.id] == Role.MARKETER


def test_the_last_admin_stays(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key=f"disable_{admin.person_id}").click().run()
    app.button(key="disable_person-yes").click().run()
    assert "last admin" in app.error[0].value
    assert shared.people.all(admin)[0].disabled_at is None


def test_somebody_disabled_is_out_and_can_be_let_in_again(
    app_as: Callable[[Role], Open], someone: Callable[[Role], Person], shared: Services, admin: Principal
):
    analyst = someone(Role.ANALYST)
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key=f"disable_{analyst.id}").click().run()
    app.button(key="disable_person-yes").click().run()
    assert "Disabled" in words_on(app)
    app.button(key=f"enable_{analyst.id}").click().run()
    assert shared.people.principal(analyst.id, admin.workspace_id).role == Role.ANALYST
