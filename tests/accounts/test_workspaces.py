from __future__ import annotations

import pytest
import sqlalchemy as sa

from core.accounts.people import People, Person
from core.accounts.roles import Roles
from core.accounts.tables import people as people_table
from core.accounts.workspaces import Workspaces
from core.audit.tables import audit_log
from core.clock import FrozenClock
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import EVERYBODY, ROLE_PERMISSIONS, Permission, Principal, Role
from core.storage.database import Database
from tests.accounts.conftest import PASSWORD
from tests.conftest import NOON


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


def test_who_makes_a_workspace_is_its_admin_and_nobody_else_is_in_it(
    workspaces: Workspaces, people: People, as_ada: Principal, ada: Person
):
    made = workspaces.create_for(as_ada, " North  Shore ", "Europe/Oslo")
    assert (made.name, made.timezone, made.requires_two_factor) == ("North Shore", "Europe/Oslo", False)
    there = people.principal(ada.id, made.id)
    assert (there.role, there.lists) == (Role.ADMIN, None)
    assert [person.id for person in people.all(there)] == [ada.id]
    assert [found.name for found in workspaces.for_person(ada.id)] == ["Acme", "North Shore"]


def test_a_new_workspace_is_told_of_where_it_was_made_and_in_itself(workspaces: Workspaces, as_ada: Principal, ada: Person, db: Database):
    made = workspaces.create_for(as_ada, "North Shore")
    assert told(db, "workspace.created") == [
        (chain, f"person:{ada.id}", f"workspace:{made.id}", "", '{"name":"North Shore","timezone":"UTC"}')
        for chain in (as_ada.workspace_id, made.id)
    ]


def test_a_workspace_is_made_by_those_only_who_may(workspaces: Workspaces, workspace: Principal):
    marketer = Principal(workspace.workspace_id, "person:9", ROLE_PERMISSIONS[Role.MARKETER], person_id=9)
    with pytest.raises(Denied, match=r"workspaces\.create"):
        workspaces.create_for(marketer, "Mine")
    with pytest.raises(Denied, match="by a person"):
        workspaces.create_for(workspace, "Nobody could enter it")
    assert [found.name for found in workspaces.all()] == ["Acme"]


@pytest.mark.parametrize(("name", "zone", "error"), [("Acme", "UTC", Conflict), ("", "UTC", InvalidInput), ("New", "Mars", InvalidInput)])
def test_a_workspace_that_cant_be_made_leaves_nothing_behind(
    workspaces: Workspaces, as_ada: Principal, ada: Person, db: Database, name: str, zone: str, error: type[Exception]
):
    with pytest.raises(error):
        workspaces.create_for(as_ada, name, zone)
    assert [found.name for found in workspaces.for_person(ada.id)] == ["Acme"]
    assert told(db, "workspace.created") == []


def test_the_log_tells_only_what_changed(workspaces: Workspaces, as_ada: Principal, ada: Person, db: Database):
    workspaces.update(as_ada, name="Acme", timezone="Asia/Tokyo", postal_address="", requires_two_factor=False)
    workspaces.update(as_ada, name="Acme", timezone="Asia/Tokyo")
    place = f"workspace:{as_ada.workspace_id}"
    assert told(db, "workspace.changed") == [
        (as_ada.workspace_id, f"person:{ada.id}", place, '{"timezone":"UTC"}', '{"timezone":"Asia/Tokyo"}')
    ]


def test_nobody_without_a_second_factor_asks_everybody_for_one(
    workspaces: Workspaces, people: People, as_ada: Principal, ada: Person, db: Database
):
    with pytest.raises(Conflict, match="lock yourself out"):
        workspaces.update(as_ada, requires_two_factor=True)
    assert not people.principal(ada.id, as_ada.workspace_id).needs_two_factor
    with db.transaction() as connection:
        connection.execute(sa.update(people_table).values(totp_secret="sealed", totp_enabled_at=NOON))
    assert workspaces.update(as_ada, requires_two_factor=True).requires_two_factor
    assert workspaces.get(as_ada.workspace_id).requires_two_factor
    assert not workspaces.update(as_ada, requires_two_factor=False).requires_two_factor


def test_the_server_itself_may_ask_everybody_for_a_second_factor(
    workspaces: Workspaces, people: People, workspace: Principal, as_ada: Principal, ada: Person
):
    workspaces.update(workspace, requires_two_factor=True)
    there = people.principal(ada.id, workspace.workspace_id)
    assert (there.needs_two_factor, there.permissions) == (True, EVERYBODY)
    with pytest.raises(Denied, match=r"workspaces\.create"):
        workspaces.create_for(there, "A way around")


def test_a_built_in_role_given_by_the_product_takes_the_place_of_one_of_ones_own(
    workspaces: Workspaces, people: People, workspace: Principal, db: Database, clock: FrozenClock
):
    own = Roles(db, clock).create(workspace, "Proofreader", {Permission.TEMPLATES_VIEW})
    ben = people.add(workspace, "ben@example.com", "Ben", PASSWORD, own.key)
    workspaces.add_member(workspace.workspace_id, ben.id, Role.MARKETER)
    assert people.principal(ben.id, workspace.workspace_id).permissions == ROLE_PERMISSIONS[Role.MARKETER]


def told(db: Database, action: str) -> list[tuple[object, ...]]:
    columns = (audit_log.c.workspace_id, audit_log.c.actor, audit_log.c.target, audit_log.c.before, audit_log.c.after)
    with db.read() as connection:
        rows = connection.execute(sa.select(*columns).where(audit_log.c.action == action).order_by(audit_log.c.workspace_id))
        return list(map(tuple, rows.all()))
