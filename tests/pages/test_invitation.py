from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from core.accounts.people import Person
from core.permissions import Principal, Role
from core.ui.signing_in import auth, invitation
from tests.pages.conftest import PAGE_FILES, PASSWORD, ROOT, Open, words_on

if TYPE_CHECKING:
    from core.app import Services

EMAIL = "grace@example.com"


@pytest.fixture
def token(shared: Services, admin: Principal) -> str:
    return shared.invitations.invite(admin, EMAIL, "Grace", Role.ANALYST).link.partition("=")[2]


def opened(app: AppTest, token: str) -> AppTest:
    app.query_params[invitation.PARAMETER] = token
    return app.run()


def test_somebody_new_chooses_a_password_and_is_in(home: Callable[[], AppTest], shared: Services, admin: Principal, token: str):
    app = opened(home(), token)
    assert not app.exception
    assert "Join Aurora" in words_on(app)
    assert app.text_input(key="invitation_email").disabled
    app.text_input(key="invitation_password").set_value(PASSWORD)
    app.button(key="invitation_submit").click().run()
    assert not app.exception
    assert not app.query_params
    app.session_state[auth.TOKEN_KEY] = shared.sessions.redeem(app.session_state[auth.TICKET_KEY], "", "")
    app.run()
    assert [title.value for title in app.title] == ["Overview"]
    assert {person.email: person.role for person in shared.people.all(admin)}[EMAIL] == Role.ANALYST


def test_a_short_password_is_explained_and_the_link_stays_good(home: Callable[[], AppTest], token: str):
    app = opened(home(), token)
    app.text_input(key="invitation_password").set_value("short")
    app.button(key="invitation_submit").click().run()
    assert "12 to 128" in app.error[0].value
    assert app.text_input(key="invitation_name").value == "Grace"


@pytest.mark.parametrize("file", PAGE_FILES)
def test_a_page_file_run_alone_shows_the_form_too(file: str, shared: Services, admin: Principal, token: str):
    app = opened(AppTest.from_file(str(ROOT / file), default_timeout=30), token)
    assert not app.exception
    assert app.text_input(key="invitation_name").value == "Grace"
    assert not app.title


@pytest.mark.parametrize("made_up", ["x", "<script>alert(1)</script>", "a" * 43])
def test_a_link_that_does_not_work_leads_to_the_sign_in(home: Callable[[], AppTest], admin: Principal, made_up: str):
    app = opened(home(), made_up)
    assert not app.exception
    assert "can’t be used" in words_on(app)
    app.button(key="invitation_forget").click().run()
    assert not app.query_params
    assert app.text_input(key="sign_in_email").value == ""


def test_whoever_has_an_account_signs_in_first(home: Callable[[], AppTest], shared: Services, token: str):
    other = Principal.system(shared.workspaces.create("Other").id)
    grace = shared.people.add(other, EMAIL, "Grace", PASSWORD, Role.ADMIN)
    app = opened(home(), token)
    assert not app.exception
    assert "invitation_password" not in [field.key for field in app.text_input]
    assert app.text_input(key="sign_in_email").value == EMAIL
    app.text_input(key="sign_in_password").set_value(PASSWORD)
    app.button(key="sign_in_submit").click().run()
    app.session_state[auth.TOKEN_KEY] = shared.sessions.redeem(app.session_state[auth.TICKET_KEY], "", "")
    app.run()
    assert "Join Aurora?" in words_on(app)
    app.button(key="invitation_join").click().run()
    assert not app.exception
    assert not app.query_params
    assert [title.value for title in app.title] == ["Overview"]
    assert [found.name for found in shared.workspaces.for_person(grace.id)] == ["Aurora", "Other"]
    assert app.sidebar.selectbox[0].value == shared.workspaces.by_name("Aurora").id


def test_whoever_does_not_want_to_goes_on_where_they_were(open_as: Callable[[Person], Open], shared: Services, token: str):
    other = Principal.system(shared.workspaces.create("Other").id)
    grace = shared.people.add(other, EMAIL, "Grace", PASSWORD, Role.ADMIN)
    app = opened(open_as(grace)(), token)
    app.button(key="invitation_later").click().run()
    assert not app.query_params
    assert [title.value for title in app.title] == ["Overview"]
    assert shared.invitations.look(token)


def test_somebody_else_is_told_and_may_sign_out(app_as: Callable[[Role], Open], shared: Services, token: str):
    app = opened(app_as(Role.ADMIN)(), token)
    assert not app.exception
    assert "somebody else" in words_on(app)
    assert "invitation_join" not in [button.key for button in app.button]
    session = app.session_state[auth.TOKEN_KEY]
    app.button(key="invitation_sign_out").click().run()
    assert not app.exception
    assert shared.sessions.resolve(session) is None
    assert app.query_params[invitation.PARAMETER] == token, "it goes on with the invitation"


def test_whoever_is_in_already_is_told(open_as: Callable[[Person], Open], shared: Services, admin: Principal, token: str):
    grace = shared.people.add(Principal.system(admin.workspace_id), EMAIL, "Grace", PASSWORD, Role.MARKETER)
    app = opened(open_as(grace)(), token)
    app.button(key="invitation_join").click().run()
    assert "You belong to this workspace already" in app.error[0].value
