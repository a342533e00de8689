from __future__ import annotations

import pytest

from core.accounts.password_changes import PasswordChanges
from core.accounts.people import People, Person
from core.accounts.sessions import Sessions
from core.accounts.workspaces import Workspaces
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import Permission, Principal, Role
from tests.accounts.conftest import PASSWORD


def test_an_added_person_has_the_permissions_of_their_role(people: People, workspace: Principal):
    grace = people.add(workspace, " Grace@Example.com ", "Grace  Hopper", PASSWORD, Role.ANALYST)
    assert (grace.email, grace.name, grace.role, grace.disabled_at) == ("grace@example.com", "Grace Hopper", Role.ANALYST, None)
    principal = people.principal(grace.id, workspace.workspace_id)
    assert principal.may(Permission.REPORTS_VIEW)
    assert not principal.may(Permission.CAMPAIGNS_SEND)
    assert principal.label == f"person:{grace.id}"


@pytest.mark.parametrize(
    ("email", "name", "password"),
    [("not an address", "Grace", PASSWORD), ("g@example.com", " ", PASSWORD), ("g@example.com", "Grace", "short")],
)
def test_a_person_that_cant_be_added_is_refused_in_plain_words(people: People, workspace: Principal, email: str, name: str, password: str):
    with pytest.raises(InvalidInput) as refused:
        people.add(workspace, email, name, password, Role.ADMIN)
    assert refused.value.hint
    assert people.all(workspace) == []


def test_the_same_address_is_added_once(people: People, workspace: Principal, ada: Person):
    with pytest.raises(Conflict):
        people.add(workspace, "ADA@example.com", "Another", PASSWORD, Role.ANALYST)
    assert [person.name for person in people.all(workspace)] == ["Ada"]


def test_only_those_who_manage_people_may(people: People, workspace: Principal, ada: Person):
    marketer = people.add(workspace, "m@example.com", "Mary", PASSWORD, Role.MARKETER)
    by = people.principal(marketer.id, workspace.workspace_id)
    for act in (
        lambda: people.all(by),
        lambda: people.set_role(by, marketer.id, Role.ADMIN),
        lambda: people.disable(by, ada.id),
        lambda: people.enable(by, ada.id),
    ):
        with pytest.raises(Denied, match=r"people\.manage"):
            act()


def test_the_last_admin_can_be_neither_demoted_nor_disabled(people: People, workspace: Principal, ada: Person):
    with pytest.raises(Conflict, match="last admin"):
        people.set_role(workspace, ada.id, Role.MARKETER)
    with pytest.raises(Conflict, match="last admin"):
        people.disable(workspace, ada.id)
    second = people.add(workspace, "b@example.com", "Bob", PASSWORD, Role.ADMIN)
    assert people.set_role(workspace, ada.id, Role.MARKETER).role == Role.MARKETER
    with pytest.raises(Conflict):
        people.disable(workspace, second.id)


def test_a_disabled_admin_does_not_count_as_one(people: People, workspace: Principal, ada: Person):
    second = people.add(workspace, "b@example.com", "Bob", PASSWORD, Role.ADMIN)
    people.disable(workspace, second.id)
    with pytest.raises(Conflict):
        people.disable(workspace, ada.id)


def test_a_disabled_person_may_nothing_until_let_in_again(people: People, workspace: Principal, ada: Person):
    bob = people.add(workspace, "b@example.com", "Bob", PASSWORD, Role.MARKETER)
    assert people.disable(workspace, bob.id).disabled_at
    with pytest.raises(Denied):
        people.principal(bob.id, workspace.workspace_id)
    people.enable(workspace, bob.id)
    assert people.principal(bob.id, workspace.workspace_id).role == Role.MARKETER


def test_an_admin_reaches_only_people_of_their_own_workspace(people: People, workspaces: Workspaces, workspace: Principal, ada: Person):
    other = Principal.system(workspaces.create("Other").id)
    with pytest.raises(NotFound):
        people.disable(other, ada.id)
    with pytest.raises(NotFound):
        people.set_role(other, ada.id, Role.ANALYST)
    assert people.all(other) == []


def test_letting_in_somebody_elses_person_leaves_their_password_and_access_there(
    people: People, password_changes: PasswordChanges, workspaces: Workspaces, workspace: Principal, ada: Person
):
    other = Principal.system(workspaces.create("Other").id)
    people.add(other, "boss@example.com", "Boss", PASSWORD, Role.ADMIN)
    invited = people.add(other, ada.email, "Not Ada", "a password of another", Role.ANALYST)
    assert (invited.id, invited.name) == (ada.id, "Ada")
    people.disable(other, ada.id)
    as_ada = people.principal(ada.id, workspace.workspace_id)
    password_changes.change(as_ada, PASSWORD, "her own new password")


def test_changing_the_password_needs_the_current_one_and_ends_every_session(
    password_changes: PasswordChanges, sessions: Sessions, as_ada: Principal, ada: Person
):
    token = sessions.redeem(sessions.issue_ticket(ada.id, as_ada.workspace_id), "", "")
    with pytest.raises(InvalidInput, match="not right"):
        password_changes.change(as_ada, "a wrong password", "her own new password")
    assert sessions.resolve(token)
    password_changes.change(as_ada, PASSWORD, "her own new password")
    assert sessions.resolve(token) is None
    password_changes.change(as_ada, "her own new password", PASSWORD)


def test_only_the_server_itself_resets_a_password(password_changes: PasswordChanges, workspace: Principal, as_ada: Principal, ada: Person):
    with pytest.raises(Denied):
        password_changes.set_by_server(as_ada, ada.email, "a reset password")
    with pytest.raises(NotFound):
        password_changes.set_by_server(workspace, "nobody@example.com", "a reset password")
    password_changes.set_by_server(workspace, ada.email, "a reset password")
    password_changes.change(as_ada, "a reset password", PASSWORD)
