from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.accounts.people import Person
from core.permissions import ALLOWS, EVERYBODY, ROLE_PERMISSIONS, Permission, Principal, Role
from tests.pages.conftest import PASSWORD, Open, words_on

if TYPE_CHECKING:
    from core.app import Services

PAGE = "pages/admin/roles.py"


def test_every_role_and_every_permission_is_on_the_page(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    shared.roles.create(admin, "Proofreader", {Permission.TEMPLATES_VIEW})
    app = app_as(Role.ADMIN)(PAGE)
    assert not app.exception
    words = words_on(app)
    assert all(allows in words for permission, allows in ALLOWS.items() if permission not in EVERYBODY)
    assert all(name in words for name in ("Admin", "Marketer", "Analyst", "Proofreader"))


def test_a_role_is_made(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key="primary_action").click().run()
    app.text_input(key="role_name").set_value("Proofreader")
    for permission in (Permission.TEMPLATES_VIEW, Permission.TEMPLATES_EDIT):
        app.checkbox(key=f"allow_{permission}").check()
    app.button(key="role_save").click().run()
    assert not app.exception
    assert "Proofreader" in words_on(app)
    made = shared.roles.all(admin)[-1]
    assert (made.name, made.permissions) == ("Proofreader", EVERYBODY | {Permission.TEMPLATES_VIEW, Permission.TEMPLATES_EDIT})


def test_a_name_that_cant_be_used_is_explained_and_what_was_ticked_stays(
    app_as: Callable[[Role], Open], shared: Services, admin: Principal
):
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key="primary_action").click().run()
    app.text_input(key="role_name").set_value("Admin")
    app.checkbox(key="allow_templates.view").check()
    app.button(key="role_save").click().run()
    assert "a name of its own" in app.error[0].value
    assert app.checkbox(key="allow_templates.view").value
    assert len(shared.roles.all(admin)) == len(Role)


def test_a_role_is_changed(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    role = shared.roles.create(admin, "Proofreader", {Permission.TEMPLATES_VIEW})
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key=f"edit_{role.key}").click().run()
    assert app.checkbox(key="allow_templates.view").value
    app.checkbox(key="allow_templates.view").uncheck()
    app.checkbox(key="allow_reports.view").check()
    app.button(key="role_save").click().run()
    assert not app.exception
    assert shared.roles.all(admin)[-1].permissions == EVERYBODY | {Permission.REPORTS_VIEW}


def test_a_role_is_deleted_after_a_question_unless_somebody_has_it(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    role = shared.roles.create(admin, "Proofreader", {Permission.TEMPLATES_VIEW})
    ben = shared.people.add(Principal.system(admin.workspace_id), "ben@example.com", "Ben", PASSWORD, role.key)
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key=f"delete_{role.key}").click().run()
    app.button(key="delete_role-yes").click().run()
    assert "Somebody has this role" in app.error[0].value
    shared.people.set_role(admin, ben.id, Role.ANALYST)
    app.button(key="delete_role-yes").click().run()
    assert not app.exception
    assert "Proofreader" not in words_on(app)


def test_what_every_workspace_has_is_neither_changed_nor_deleted(app_as: Callable[[Role], Open]):
    app = app_as(Role.ADMIN)(PAGE)
    assert not [button.key for button in app.button if str(button.key).startswith(("edit_", "delete_"))]


def test_who_makes_roles_ticks_only_what_they_may_themselves(open_as: Callable[[Person], Open], shared: Services, admin: Principal):
    role = shared.roles.create(admin, "Office", ROLE_PERMISSIONS[Role.ANALYST] | {Permission.ROLES_MANAGE})
    sender = shared.roles.create(admin, "Sender", {Permission.CAMPAIGNS_SEND})
    olga = shared.people.add(Principal.system(admin.workspace_id), "olga@example.com", "Olga", PASSWORD, role.key)
    app = open_as(olga)(PAGE)
    assert not app.exception
    assert f"edit_{sender.key}" not in [button.key for button in app.button]
    app.button(key="primary_action").click().run()
    assert app.checkbox(key="allow_campaigns.send").disabled
    assert not app.checkbox(key="allow_reports.view").disabled


def test_what_one_role_allows_is_shown_alone(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    role = shared.roles.create(admin, "Proofreader", {Permission.TEMPLATES_VIEW})
    app = app_as(Role.ADMIN)(PAGE)
    app.pills(key="compare_roles").set_value(role.key).run()
    assert not app.exception
    words = words_on(app).splitlines()
    assert [allows for allows in ALLOWS.values() if allows in words] == [ALLOWS[Permission.TEMPLATES_VIEW]]
