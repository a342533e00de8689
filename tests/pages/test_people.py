from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from core.accounts.people import Person
from core.permissions import ALLOWS, EVERYBODY, ROLE_PERMISSIONS, Permission, Principal, Role
from core.ui.admin.role_words import GROUPS
from tests.pages.conftest import PASSWORD, Open, words_on

if TYPE_CHECKING:
    from core.app import Services

PAGE = "pages/admin/people.py"


def invite(app: AppTest, email: str, role: str = Role.MARKETER, lists: list[int] | None = None) -> AppTest:
    app.button(key="primary_action").click().run()
    app.text_input(key="invite_email").set_value(email)
    app.radio(key="invite_role").set_value(role)
    if lists:
        app.multiselect(key="invite_lists").set_value(lists)
    return app.button(key="invite_submit").click().run()


def shown_link(app: AppTest) -> str:
    return str(app.code[0].value)


def test_everybody_in_the_workspace_is_listed(app_as: Callable[[Role], Open], someone: Callable[[Role], Person]):
    someone(Role.ANALYST)
    app = app_as(Role.ADMIN)(PAGE)
    assert not app.exception
    words = words_on(app)
    assert "Ada" in words
    assert "Analyst" in words
    assert "Never signed in" in words
    assert "Invited" not in words


def test_somebody_is_invited_and_the_link_is_shown_once(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    app = invite(app_as(Role.ADMIN)(PAGE), "grace@example.com")
    assert not app.exception
    token = shown_link(app).partition("?invitation=")[2]
    assert shared.invitations.look(token).email == "grace@example.com"
    app.button(key="invited_done").click().run()
    assert not app.code
    assert "grace@" in words_on(app).replace(":color[@]", "@")
    [waiting] = shared.invitations.all(admin)
    assert (waiting.role, waiting.lists) == (Role.MARKETER, None)


def test_an_invitation_can_be_limited_to_lists_and_given_a_role_of_ones_own(
    app_as: Callable[[Role], Open], shared: Services, admin: Principal
):
    news = shared.lists.create(admin, "News")
    role = shared.roles.create(admin, "Proofreader", {Permission.TEMPLATES_VIEW, Permission.TEMPLATES_EDIT, Permission.REPORTS_VIEW})
    app = invite(app_as(Role.ADMIN)(PAGE), "grace@example.com", role.key, [news.id])
    assert not app.exception
    app.button(key="invited_done").click().run()
    words = words_on(app)
    assert "Proofreader" in words
    assert "1 list" in words
    [waiting] = shared.invitations.all(admin)
    assert (waiting.role, waiting.lists) == (role.key, {news.id})


def test_an_address_that_cant_be_invited_is_explained_and_what_was_typed_stays(
    app_as: Callable[[Role], Open], shared: Services, admin: Principal
):
    app = invite(app_as(Role.ADMIN)(PAGE), "ada@example.com")
    assert "already belongs to somebody" in app.error[0].value
    assert app.text_input(key="invite_email").value == "ada@example.com"
    assert shared.invitations.all(admin) == []


def test_an_invitation_is_sent_again_with_a_new_link(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    invited = shared.invitations.invite(admin, "grace@example.com", "Grace", Role.ANALYST)
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key=f"resend_{invited.invitation.id}").click().run()
    assert not app.exception
    assert shown_link(app) != invited.link
    assert shared.invitations.look(shown_link(app).partition("=")[2]).name == "Grace"


def test_an_invitation_is_cancelled_after_a_question(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    invited = shared.invitations.invite(admin, "grace@example.com", "Grace", Role.ANALYST)
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key=f"cancel_{invited.invitation.id}").click().run()
    assert len(shared.invitations.all(admin)) == 1
    app.button(key="cancel_invitation-yes").click().run()
    assert not app.exception
    assert shared.invitations.all(admin) == []


def test_a_role_is_changed(app_as: Callable[[Role], Open], someone: Callable[[Role], Person], shared: Services, admin: Principal):
    analyst = someone(Role.ANALYST)
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key=f"role_{analyst.id}").click().run()
    app.radio(key="new_role").set_value(Role.MARKETER).run()
    app.button(key="set_role").click().run()
    assert not app.exception
    assert shared.people.get(admin, analyst.id).role == Role.MARKETER


def test_somebody_is_limited_to_lists_and_freed_again(
    app_as: Callable[[Role], Open], someone: Callable[[Role], Person], shared: Services, admin: Principal
):
    analyst, news = someone(Role.ANALYST), shared.lists.create(admin, "News")
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key=f"lists_{analyst.id}").click().run()
    app.radio(key="limit_kind").set_value("Only some lists").run()
    app.multiselect(key="limit_lists").set_value([news.id]).run()
    app.button(key="limit_save").click().run()
    assert not app.exception
    assert shared.people.get(admin, analyst.id).lists == {news.id}
    assert "1 list" in words_on(app)
    app.button(key=f"lists_{analyst.id}").click().run()
    assert app.multiselect(key="limit_lists").value == [news.id]
    app.radio(key="limit_kind").set_value("All lists").run()
    app.button(key="limit_save").click().run()
    assert shared.people.get(admin, analyst.id).lists is None


def test_an_admin_is_offered_no_limit(app_as: Callable[[Role], Open], admin: Principal):
    app = app_as(Role.ADMIN)(PAGE)
    assert f"lists_{admin.person_id}" not in [button.key for button in app.button]


def test_somebodys_sessions_are_ended_after_a_question(
    app_as: Callable[[Role], Open], someone: Callable[[Role], Person], shared: Services, admin: Principal
):
    analyst = someone(Role.ANALYST)
    token = shared.sessions.redeem(shared.sessions.issue_ticket(analyst.id, admin.workspace_id), "", "")
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key=f"sign_out_{analyst.id}").click().run()
    assert shared.sessions.resolve(token)
    app.button(key="sign_out_person-yes").click().run()
    assert not app.exception
    assert shared.sessions.resolve(token) is None


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


def test_who_manages_people_without_being_an_admin_is_offered_nothing_above_their_own_role(
    open_as: Callable[[Person], Open], shared: Services, admin: Principal
):
    role = shared.roles.create(admin, "Office", ROLE_PERMISSIONS[Role.ANALYST] | {Permission.PEOPLE_MANAGE})
    olga = shared.people.add(Principal.system(admin.workspace_id), "olga@example.com", "Olga", PASSWORD, role.key)
    waiting = shared.invitations.invite(admin, "boss@example.com", "", Role.ADMIN).invitation
    app = open_as(olga)(PAGE)
    assert not app.exception
    offered = [button.key for button in app.button]
    assert f"role_{olga.id}" in offered
    assert f"role_{admin.person_id}" not in offered
    assert f"resend_{waiting.id}" not in offered
    app.button(key="primary_action").click().run()
    assert app.radio(key="invite_role").options == ["Analyst", "Office"]


def test_every_permission_is_in_one_group_of_the_role_editor():
    grouped = [permission for group in GROUPS.values() for permission in group]
    assert sorted([*grouped, *EVERYBODY]) == sorted(ALLOWS)


@pytest.mark.parametrize("name", ["<b>Bold</b>", "[link](https://evil.example)", "![x](https://evil.example/x.png)", "**stars**"])
def test_a_name_is_shown_as_it_was_typed(app_as: Callable[[Role], Open], shared: Services, admin: Principal, name: str):
    shared.invitations.invite(admin, "grace@example.com", name, Role.ANALYST)
    shared.roles.create(admin, name[:50], {Permission.TEMPLATES_VIEW})
    app = app_as(Role.ADMIN)(PAGE)
    assert not app.exception
    assert not any(f"**{name}**" in element.value for element in app.markdown)
