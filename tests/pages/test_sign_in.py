from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from core.accounts.credentials import FIRST_LOCK
from core.clock import FrozenClock
from core.permissions import Principal, Role
from core.ui.signing_in import auth
from tests.pages.conftest import PASSWORD, Open, words_on

if TYPE_CHECKING:
    from core.app import Services

REFUSED = "don't go together"


def fill(app: AppTest, **values: str) -> AppTest:
    for key, value in values.items():
        app.text_input(key=key).set_value(value)
    return app


def sign_in(app: AppTest, email: str, password: str) -> AppTest:
    fill(app, sign_in_email=email, sign_in_password=password)
    return app.button(key="sign_in_submit").click().run()


def with_cookie(app: AppTest, services: Services) -> AppTest:
    """Do what the browser does with a ticket: bring it to /auth/session and load the page again with the cookie."""
    token = services.sessions.redeem(app.session_state[auth.TICKET_KEY], "", "")
    app.session_state[auth.TOKEN_KEY] = token
    return app.run()


def errors(app: AppTest) -> list[str]:
    return [error.value for error in app.error]


@pytest.fixture
def set_up(home: Callable[[], AppTest], shared: Services) -> AppTest:
    return fill(
        home().run(),
        set_up_code=shared.setup.new_code(),
        set_up_workspace="Aurora",
        set_up_name="Ada",
        set_up_email="ada@example.com",
        set_up_password=PASSWORD,
    )


def test_the_first_admin_sets_up_and_is_signed_in(set_up: AppTest, shared: Services):
    app = set_up.button(key="set_up_submit").click().run()
    assert not app.exception
    app = with_cookie(app, shared)
    assert not app.exception
    assert "Ada" in words_on(app)
    assert not shared.setup.is_needed()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"set_up_code": "AAAA-BBBB-CCCC"}, "set-up code is not right"),
        ({"set_up_password": "short"}, "12 to 128 characters"),
        ({"set_up_email": "nonsense"}, "not an email address"),
        ({"set_up_workspace": ""}, "needs a name"),
    ],
)
def test_a_mistake_in_the_set_up_is_explained_and_what_was_typed_stays(set_up: AppTest, shared: Services, wrong: dict[str, str], said: str):
    app = fill(set_up, **wrong).button(key="set_up_submit").click().run()
    assert said in errors(app)[0]
    assert app.text_input(key="set_up_name").value == "Ada"
    assert shared.setup.is_needed()


def test_signing_in_shows_the_page_and_signing_out_the_form(home: Callable[[], AppTest], shared: Services, admin: Principal):
    app = with_cookie(sign_in(home().run(), " ADA@example.com ", PASSWORD), shared)
    assert not app.exception
    token = app.session_state[auth.TOKEN_KEY]
    app.button(key="sign_out").click().run()
    assert shared.sessions.resolve(token) is None
    app.run()
    assert app.text_input(key="sign_in_email")


def test_every_failure_is_told_in_the_same_words(home: Callable[[], AppTest], shared: Services, admin: Principal, someone):
    disabled = someone(Role.MARKETER)
    shared.people.disable(admin, disabled.id)
    attempts = [
        ("ada@example.com", "a wrong password"),
        ("nobody@example.com", PASSWORD),
        (disabled.email, PASSWORD),
        ("", ""),
        ("ada@example.com", "x" * 100_000),
        ("' or 1=1 --", "\x00"),
    ]
    said = {tuple(errors(sign_in(home().run(), email, password))) for email, password in attempts}
    assert len(said) == 1
    assert REFUSED in said.pop()[0]


def test_after_five_wrong_passwords_the_right_one_has_to_wait(home: Callable[[], AppTest], clock: FrozenClock, admin: Principal):
    app = home().run()
    for _ in range(5):
        sign_in(app, "ada@example.com", "a wrong password")
    sign_in(app, "ada@example.com", PASSWORD)
    assert REFUSED in errors(app)[0]
    assert auth.TICKET_KEY not in app.session_state
    clock.advance(FIRST_LOCK)
    sign_in(app, "ada@example.com", PASSWORD)
    assert auth.TICKET_KEY in app.session_state


def test_the_package_leaves_nothing_in_the_session(home: Callable[[], AppTest], shared: Services, admin: Principal):
    app = sign_in(home().run(), "ada@example.com", PASSWORD)
    left = {"name", "authentication_status", "username", "email", "roles", "logout"} & set(app.session_state.to_dict())
    assert not left


def test_ending_a_session_closes_the_page_on_its_next_run(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    app = app_as(Role.ADMIN)()
    shared.people.sign_out(admin, admin.person_id)
    assert app.run().text_input(key="sign_in_email")


def test_the_menu_shows_what_the_role_may_see(app_as: Callable[[Role], Open]):
    analyst = app_as(Role.ANALYST)()
    with pytest.raises(ValueError, match=re.escape("pages/admin/connections.py")):
        analyst.switch_page("pages/admin/connections.py")
    assert not app_as(Role.ADMIN)("pages/admin/connections.py").exception
