"""API tokens: made, shown once, looked after, revoked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from streamlit.testing.v1 import AppTest

from core.permissions import Permission, Principal, Role
from tests.pages.conftest import Open, words_on

if TYPE_CHECKING:
    from core.app import Services

FILE = "pages/admin/api_tokens.py"


def make(app: AppTest, name: str = "Shop", preset: str = "Read only") -> AppTest:
    app.button(key="primary_action").click().run()
    app.text_input(key="token_name").set_value(name)
    app.button_group(key="token_preset").set_value(preset).run()
    return app.button(key="token_submit").click().run()


def test_a_workspace_without_tokens_says_what_they_are_for(app_as: Callable[[Role], Open]):
    app = app_as(Role.ADMIN)(FILE)
    assert not app.exception
    assert "No program has access yet" in words_on(app)
    app.button(key="empty_action").click().run()
    assert app.text_input(key="token_name").value == ""


def test_a_token_is_shown_once_and_works(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    app = make(app_as(Role.ADMIN)(FILE))
    assert not app.exception
    text = app.code[0].value
    found = shared.api_tokens.resolve(text)
    assert found and found[0].person_id == admin.person_id
    assert found[0].permissions == {permission for permission in Permission if permission.value.endswith(".view")}
    assert text in app.code[1].value and "/api/v1/me" in app.code[1].value
    app.button(key="copied").click().run()
    assert not app.code
    assert "**Shop**" in words_on(app)
    assert text not in str(app)


def test_everything_i_may_is_everything_but_my_account(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    make(app_as(Role.ADMIN)(FILE), preset="Everything I may")
    [token] = shared.api_tokens.all(admin)
    assert token.scopes == admin.permissions - {Permission.ACCOUNT_MANAGE}


def test_scopes_are_chosen_in_words(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    app = app_as(Role.ADMIN)(FILE)
    app.button(key="primary_action").click().run()
    app.text_input(key="token_name").set_value("Shop")
    app.button_group(key="token_preset").set_value("Choose").run()
    app.checkbox(key="scope_contacts.edit").check().run()
    app.selectbox(key="token_life").set_value("Never").run()
    app.number_input(key="token_limit").set_value(7).run()
    app.button(key="token_submit").click().run()
    [token] = shared.api_tokens.all(admin)
    assert (token.scopes, token.expires_at, token.requests_per_minute) == ({Permission.CONTACTS_EDIT}, None, 7)


def test_what_is_missing_is_said_and_what_was_typed_stays(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    app = make(app_as(Role.ADMIN)(FILE), name="Shop", preset="Choose")
    assert "at least one scope" in app.error[0].value
    assert app.text_input(key="token_name").value == "Shop"
    assert shared.api_tokens.all(admin) == []


def test_a_token_is_revoked_after_a_question(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    made, text = shared.api_tokens.create(admin, "Shop", [Permission.CONTACTS_VIEW])
    app = app_as(Role.ADMIN)(FILE)
    app.button(key=f"revoke_{made.id}").click().run()
    assert shared.api_tokens.resolve(text)
    app.button(key="revoke-yes").click().run()
    assert not app.exception
    assert shared.api_tokens.resolve(text) is None
    assert "No program has access yet" in words_on(app)


def test_a_name_is_shown_as_typed(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    shared.api_tokens.create(admin, "**bold** [link](https://evil.example) <b>", [Permission.CONTACTS_VIEW])
    assert "](https://evil.example)" not in words_on(app_as(Role.ADMIN)(FILE))
