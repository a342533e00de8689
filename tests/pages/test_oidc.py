"""The way to an identity provider on the sign-in form, and the words for every way it can fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from core.settings import Settings
from tests.pages.conftest import words_on

if TYPE_CHECKING:
    from core.permissions import Principal

BUTTON = "continue_with_provider"


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """An installation that believes a provider, unless a test asks for `without_provider`."""
    if "without_provider" in request.fixturenames:
        return settings
    provider = {"oidc_issuer": "https://id.example.com", "oidc_client_id": "postwright", "oidc_client_secret": "secret"}
    return Settings.load(data_dir=Path(settings.data_dir), secret_key="a-key-for-tests-only", **provider, oidc_name="Example *ID*")


@pytest.fixture
def without_provider() -> None:
    """Named by tests of an installation that has none."""


def back_with(home: Callable[[], AppTest], reason: str) -> AppTest:
    app = home()
    app.query_params["sign_in"] = reason
    return app.run()


def has(app: AppTest, key: str) -> bool:
    return any(one.key == key for one in app.button)


def test_the_button_names_the_provider_as_it_was_typed(home: Callable[[], AppTest], admin: Principal):
    app = home().run()
    assert not app.exception
    assert app.button(key=BUTTON).label == r"Continue with Example \*ID\*"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("declined", "You did not sign in there."),
        ("unavailable", "Your identity provider doesn’t answer."),
        ("unfinished", "This sign-in was not finished."),
    ],
)
def test_why_it_failed_is_said_once(home: Callable[[], AppTest], admin: Principal, reason: str, said: str):
    app = back_with(home, reason)
    assert said in app.error[0].value
    assert "sign_in" not in app.query_params
    assert not app.run().error


@pytest.mark.parametrize("reason", ["", "Your account was stolen", "<script>alert(1)</script>"])
def test_nobody_else_puts_words_on_the_form(home: Callable[[], AppTest], admin: Principal, reason: str):
    app = back_with(home, reason)
    assert not app.error
    assert not reason or reason not in words_on(app)


def test_without_a_provider_there_is_no_button(without_provider: None, home: Callable[[], AppTest], admin: Principal):
    app = back_with(home, "declined")
    assert not has(app, BUTTON)
    assert not app.error


def test_before_the_set_up_there_is_no_button(home: Callable[[], AppTest]):
    assert not has(home().run(), BUTTON)
