"""Your account: name, password, second factor, sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pyotp
import pytest
from streamlit.testing.v1 import AppTest

from core.clock import FrozenClock
from core.permissions import Principal, Role
from core.ui.signing_in import auth
from tests.pages.conftest import PASSWORD, Open, words_on

if TYPE_CHECKING:
    from core.app import Services

FILE = "pages/account/account.py"


@pytest.fixture
def page(app_as: Callable[[Role], Open]) -> AppTest:
    return app_as(Role.ADMIN)(FILE)


def turn_on(services: Services, by: Principal, clock: FrozenClock) -> str:
    """Turn somebody's second factor on; return the secret."""
    secret = services.two_factor.begin(by).secret
    services.two_factor.confirm(by, pyotp.TOTP(secret).at(clock.now()))
    return secret


@pytest.mark.parametrize("role", list(Role))
def test_everybody_has_one_whatever_their_role(app_as: Callable[[Role], Open], role: Role):
    app = app_as(role)(FILE)
    assert not app.exception
    assert [title.value for title in app.title] == ["Your account"]


def test_somebody_changes_their_name(page: AppTest, shared: Services, admin: Principal):
    page.text_input(key="account_name").set_value("Ada *Lovelace*")
    page.button(key="account_save").click().run()
    assert not page.exception
    assert shared.own_account.show(admin).name == "Ada *Lovelace*"


def test_a_new_password_signs_out_everywhere(page: AppTest, shared: Services, admin: Principal):
    token = page.session_state[auth.TOKEN_KEY]
    page.text_input(key="current_password").set_value(PASSWORD)
    page.text_input(key="new_password").set_value("zanzibar quokka lantern")
    page.button(key="change_password_submit").click().run()
    assert not page.exception
    assert shared.sessions.resolve(token) is None
    assert shared.sign_in.attempt("ada@example.com", "zanzibar quokka lantern", "")


@pytest.mark.parametrize(
    ("current", "new", "said"),
    [
        ("a wrong password", "zanzibar quokka lantern", "current password"),
        (PASSWORD, "short", "12 to 128"),
        (PASSWORD, "a" * 20, "easy to guess"),
    ],
)
def test_a_mistake_is_explained_and_the_password_stays(page: AppTest, shared: Services, current: str, new: str, said: str):
    page.text_input(key="current_password").set_value(current)
    page.text_input(key="new_password").set_value(new)
    page.button(key="change_password_submit").click().run()
    assert said in page.error[0].value
    assert shared.sign_in.attempt("ada@example.com", PASSWORD, "")


def test_setting_up_a_second_factor_shows_recovery_codes_once(page: AppTest, shared: Services, admin: Principal, clock: FrozenClock):
    page.button(key="set_up_two_factor").click().run()
    secret = page.code[0].value.replace(" ", "")
    page.text_input(key="two_factor_code").set_value("000000")
    page.button(key="two_factor_confirm").click().run()
    assert "code is not right" in page.error[0].value
    page.text_input(key="two_factor_code").set_value(pyotp.TOTP(secret).at(clock.now()))
    page.button(key="two_factor_confirm").click().run()
    assert not page.exception
    assert shared.two_factor.is_on(admin.person_id or 0)
    codes = page.code[0].value.split()
    assert len(codes) == 10
    page.button(key="codes_kept").click().run()
    assert codes[0] not in words_on(page)
    assert not page.code
    assert "10 recovery codes left" in words_on(page)


def test_new_recovery_codes_and_turning_off_ask_for_a_code(
    app_as: Callable[[Role], Open], shared: Services, admin: Principal, clock: FrozenClock
):
    secret = turn_on(shared, admin, clock)
    page = app_as(Role.ADMIN)(FILE)
    page.button(key="renew_recovery_codes").click().run()
    page.text_input(key="renew_code").set_value(pyotp.TOTP(secret).at(clock.now(), counter_offset=1))
    page.button(key="renew_submit").click().run()
    assert not page.exception
    recovery = page.code[0].value.split()[0]
    page.button(key="codes_kept").click().run()
    page.button(key="turn_off_two_factor").click().run()
    page.text_input(key="off_password").set_value(PASSWORD)
    page.text_input(key="off_code").set_value(recovery)
    page.button(key="off_submit").click().run()
    assert not page.exception
    assert not shared.two_factor.is_on(admin.person_id or 0)


def test_sessions_are_listed_and_ended(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    person_id = admin.person_id or 0
    others = [
        shared.sessions.redeem(shared.sessions.issue_ticket(person_id, admin.workspace_id), "203.0.113.9", "Firefox/1 Linux")
        for _ in range(3)
    ]
    page = app_as(Role.ADMIN)(FILE)
    assert words_on(page).count("Firefox on Linux") == 3
    page.button(key="revoke_1").click().run()
    assert shared.sessions.resolve(others[0]) is None
    assert shared.sessions.resolve(others[1])
    page.button(key="revoke_others").click().run()
    assert not page.exception
    assert [shared.sessions.resolve(token) for token in others] == [None, None, None]
    assert "Nowhere else" in words_on(page)
