"""The second factor at the door: the code after the password, and the screen of those whose workspace asks for one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pyotp
import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from core.clock import FrozenClock
from core.permissions import Principal, Role
from core.storage.tables import workspaces
from core.ui.signing_in import auth
from tests.pages.conftest import PAGE_FILES, PASSWORD, ROOT, Open, words_on
from tests.pages.test_account import turn_on
from tests.pages.test_sign_in import errors, fill, sign_in, with_cookie

if TYPE_CHECKING:
    from core.app import Services


@pytest.fixture
def secret(shared: Services, admin: Principal, clock: FrozenClock) -> str:
    secret = turn_on(shared, admin, clock)
    clock.advance(timedelta(minutes=1))
    return secret


@pytest.fixture
def at_the_code(home: Callable[[], AppTest], secret: str) -> AppTest:
    """Somebody who has given the right password."""
    return sign_in(home().run(), "ada@example.com", PASSWORD)


def give(app: AppTest, code: str) -> AppTest:
    return fill(app, code=code).button(key="code_submit").click().run()


def test_after_the_password_comes_the_code(at_the_code: AppTest, shared: Services, secret: str, clock: FrozenClock):
    assert not at_the_code.exception
    assert auth.TICKET_KEY not in at_the_code.session_state
    app = with_cookie(give(at_the_code, pyotp.TOTP(secret).at(clock.now())), shared)
    assert not app.exception
    assert app.title[0].value == "Overview"


def test_a_wrong_code_opens_nothing_and_after_a_few_the_right_one_waits(at_the_code: AppTest, secret: str, clock: FrozenClock):
    for _ in range(5):
        give(at_the_code, "000000")
        assert "code is not right" in errors(at_the_code)[0]
    give(at_the_code, pyotp.TOTP(secret).at(clock.now()))
    assert auth.TICKET_KEY not in at_the_code.session_state
    clock.advance(timedelta(seconds=30))
    give(at_the_code, pyotp.TOTP(secret).at(clock.now()))
    assert auth.TICKET_KEY in at_the_code.session_state


def test_the_password_counts_for_five_minutes(at_the_code: AppTest, secret: str, clock: FrozenClock):
    clock.advance(auth.CODE_LIFE)
    give(at_the_code, pyotp.TOTP(secret).at(clock.now()))
    assert auth.TICKET_KEY not in at_the_code.session_state
    assert at_the_code.text_input(key="sign_in_email")


def test_one_may_start_over(at_the_code: AppTest):
    at_the_code.button(key="code_back").click().run()
    assert at_the_code.text_input(key="sign_in_email")


@pytest.fixture
def asked_for(shared: Services, admin: Principal) -> None:
    """Make the workspace ask everybody for a second factor."""
    with shared.db.transaction() as connection:
        connection.execute(sa.update(workspaces).where(workspaces.c.id == admin.workspace_id).values(requires_two_factor=True))


def is_enrolment(app: AppTest) -> bool:
    assert not app.exception
    return [field.key for field in app.text_input] == ["two_factor_code"] and not app.title


@pytest.mark.parametrize("file", PAGE_FILES)
def test_where_it_is_asked_for_every_deep_link_is_its_set_up(
    home: Callable[[], AppTest], app_as: Callable[[Role], Open], asked_for: None, file: str
):
    app = home()
    app.session_state[auth.TOKEN_KEY] = app_as(Role.ADMIN)().session_state[auth.TOKEN_KEY]
    app.switch_page(file).run()
    assert is_enrolment(app)
    assert {button.key for button in app.button} == {"two_factor_confirm", "sign_out"}


@pytest.mark.parametrize("file", PAGE_FILES)
def test_a_page_run_without_home_is_its_set_up_too(app_as: Callable[[Role], Open], asked_for: None, file: str):
    alone = AppTest.from_file(str(ROOT / file), default_timeout=30)
    alone.session_state[auth.TOKEN_KEY] = app_as(Role.ADMIN)().session_state[auth.TOKEN_KEY]
    assert is_enrolment(alone.run())


def test_after_it_the_next_click_shows_the_workspace(
    app_as: Callable[[Role], Open], asked_for: None, clock: FrozenClock, shared: Services, admin: Principal
):
    app = app_as(Role.ADMIN)()
    secret = app.code[0].value.replace(" ", "")
    app = fill(app, two_factor_code=pyotp.TOTP(secret).at(clock.now())).button(key="two_factor_confirm").click().run()
    assert not app.exception
    assert len(app.code[0].value.split()) == 10
    assert not app.title
    app.button(key="codes_kept").click().run()
    assert app.title[0].value == "Overview"


def test_the_code_for_the_app_is_drawn_here(shared: Services):
    from core.ui.signing_in.two_factor import qr_code

    drawn = qr_code("otpauth://totp/Postwright:ada%40example.com?secret=ABC&issuer=Postwright")
    assert drawn.startswith("<svg")
    assert not re.search(r"(href|src|url\(|<script|<style)", drawn)


def test_it_is_asked_for_at_once_in_open_sessions(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    app = app_as(Role.ADMIN)()
    assert app.title[0].value == "Overview"
    with shared.db.transaction() as connection:
        connection.execute(sa.update(workspaces).values(requires_two_factor=True))
    assert is_enrolment(app.run())
    assert "Overview" not in words_on(app)
