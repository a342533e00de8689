from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import sqlalchemy as sa

from core.accounts.people import Person
from core.accounts.tables import people
from core.permissions import Permission, Principal, Role
from tests.pages.conftest import PASSWORD, Open, words_on

if TYPE_CHECKING:
    from core.app import Services

PAGE = "pages/admin/workspace.py"


def test_a_missing_postal_address_is_asked_for_until_it_is_there(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    app = app_as(Role.ADMIN)(PAGE)
    assert "Add your postal address" in words_on(app)
    app.text_area(key="workspace_address").set_value("1 Main St\nSpringfield")
    app.selectbox(key="workspace_zone").set_value("Asia/Tokyo")
    app.button(key="workspace_save").click().run()
    assert not app.exception
    assert "Add your postal address" not in words_on(app)
    saved = shared.workspaces.get(admin.workspace_id)
    assert (saved.timezone, saved.postal_address) == ("Asia/Tokyo", "1 Main St\nSpringfield")


def test_an_empty_name_is_explained(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    app = app_as(Role.ADMIN)(PAGE)
    app.text_input(key="workspace_name").set_value("  ")
    app.button(key="workspace_save").click().run()
    assert "needs a name" in app.error[0].value
    assert shared.workspaces.get(admin.workspace_id).name == "Aurora"


def test_who_has_no_second_factor_is_told_before_they_lock_themselves_out(
    app_as: Callable[[Role], Open], shared: Services, admin: Principal
):
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key="two_factor").click().run()
    assert "lock yourself out" in app.error[0].value
    assert not shared.workspaces.get(admin.workspace_id).requires_two_factor


def test_the_second_factor_is_asked_of_everybody_and_no_longer(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    with shared.db.transaction() as connection:
        connection.execute(sa.update(people).values(totp_secret="sealed", totp_enabled_at=shared.clock.now()))
    app = app_as(Role.ADMIN)(PAGE)
    for wanted in (True, False):
        app.button(key="two_factor").click().run()
        assert not app.exception
        assert shared.workspaces.get(admin.workspace_id).requires_two_factor is wanted


def test_a_new_workspace_is_made_and_entered(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key="primary_action").click().run()
    app.text_input(key="new_workspace_name").set_value("North Shore")
    app.button(key="new_workspace_save").click().run()
    assert not app.exception
    assert [title.value for title in app.title] == ["Overview"]
    app.switch_page(PAGE).run()
    assert app.text_input(key="workspace_name").value == "North Shore"
    made = shared.workspaces.by_name("North Shore")
    assert shared.people.principal(admin.person_id or 0, made.id).role == Role.ADMIN


def test_a_taken_name_is_explained_and_nobody_is_moved(app_as: Callable[[Role], Open], shared: Services):
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key="primary_action").click().run()
    app.text_input(key="new_workspace_name").set_value("Aurora")
    app.button(key="new_workspace_save").click().run()
    assert "already exists" in app.error[0].value
    assert len(shared.workspaces.all()) == 1


def test_whoever_may_not_make_workspaces_is_not_offered_it(open_as: Callable[[Person], Open], shared: Services, admin: Principal):
    role = shared.roles.create(admin, "Office", {Permission.WORKSPACE_EDIT, Permission.OVERVIEW_VIEW})
    olga = shared.people.add(Principal.system(admin.workspace_id), "olga@example.com", "Olga", PASSWORD, role.key)
    app = open_as(olga)(PAGE)
    assert not app.exception
    assert "primary_action" not in [button.key for button in app.button]


def test_another_workspace_begins_at_its_start_page(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    other = shared.workspaces.create_for(admin, "North Shore")
    app = app_as(Role.ADMIN)("pages/create/campaign.py", id=7)
    app.sidebar.selectbox[0].set_value(other.id).run()
    assert not app.exception
    assert [title.value for title in app.title] == ["Overview"]
    assert not app.query_params


def test_whoever_was_let_go_while_choosing_is_told(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    other = shared.workspaces.create_for(admin, "North Shore")
    app = app_as(Role.ADMIN)(PAGE)
    there = Principal.system(other.id)
    shared.people.add(there, "boss@example.com", "Boss", PASSWORD, Role.ADMIN)
    shared.people.disable(there, admin.person_id or 0)
    app.sidebar.selectbox[0].set_value(other.id).run()
    assert not app.exception
    assert app.text_input(key="workspace_name").value == "Aurora"


def test_opens_and_clicks_can_be_counted_without_whose_they_are(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key="tracks_people").click().run()
    assert not app.exception
    assert not shared.workspaces.get(admin.workspace_id).tracks_people
    app.button(key="tracks_people").click().run()
    assert shared.workspaces.get(admin.workspace_id).tracks_people
