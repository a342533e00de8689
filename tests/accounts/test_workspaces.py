from __future__ import annotations

import pytest

from core.accounts.people import Person
from core.accounts.workspaces import Workspaces
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import ROLE_PERMISSIONS, Principal, Role


def test_a_new_workspace_is_found_by_name_and_number(workspaces: Workspaces):
    made = workspaces.create("  Acme   Corp ", timezone="Europe/Berlin")
    assert (made.name, made.timezone, made.is_demo, made.postal_address) == ("Acme Corp", "Europe/Berlin", False, "")
    assert workspaces.by_name("Acme Corp") == workspaces.get(made.id) == made


def test_a_name_is_given_once(workspaces: Workspaces):
    workspaces.create("Acme")
    with pytest.raises(Conflict, match="already exists"):
        workspaces.create("Acme")
    assert len(workspaces.all()) == 1


@pytest.mark.parametrize(("name", "zone"), [("", "UTC"), ("x" * 81, "UTC"), ("Acme", "Mars/Olympus"), ("Acme", "../etc/passwd")])
def test_a_name_or_zone_that_cant_be_used_is_refused(workspaces: Workspaces, name: str, zone: str):
    with pytest.raises(InvalidInput):
        workspaces.create(name, timezone=zone)


def test_an_unknown_workspace_is_not_found(workspaces: Workspaces):
    with pytest.raises(NotFound):
        workspaces.get(999)


def test_a_demo_is_first_only_when_there_is_nothing_else(workspaces: Workspaces):
    assert workspaces.first() is None
    demo = workspaces.create("Demo", is_demo=True)
    assert workspaces.first() == demo
    real = workspaces.create("Real")
    assert workspaces.first() == real


def test_an_admin_changes_only_their_own_workspace(workspaces: Workspaces, workspace: Principal):
    other = workspaces.create("Other")
    changed = workspaces.update(workspace, name="Acme 2", timezone="Asia/Tokyo", postal_address=" 1 Main St \n Springfield ")
    assert (changed.name, changed.timezone, changed.postal_address) == ("Acme 2", "Asia/Tokyo", "1 Main St\nSpringfield")
    assert workspaces.get(other.id) == other
    with pytest.raises(Conflict):
        workspaces.update(workspace, name="Other")


def test_a_marketer_may_not_change_the_workspace(workspaces: Workspaces, workspace: Principal):
    marketer = Principal(workspace.workspace_id, "person:9", ROLE_PERMISSIONS[Role.MARKETER])
    with pytest.raises(Denied, match=r"workspace\.edit"):
        workspaces.update(marketer, name="Mine")


def test_a_person_enters_the_workspaces_they_are_a_member_of(workspaces: Workspaces, workspace: Principal, ada: Person):
    demo = workspaces.create("Demo", is_demo=True)
    workspaces.create("Not hers")
    workspaces.add_member(demo.id, ada.id, Role.MARKETER)
    assert [found.name for found in workspaces.for_person(ada.id)] == ["Acme", "Demo"]
