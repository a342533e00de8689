from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import copy

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.accounts.people import People, Person
from core.accounts.roles import LONGEST_NAME, RoleDefinition, Roles
from core.accounts.tables import roles as table
from core.accounts.workspaces import Workspaces
from core.audit.tables import audit_log
from core.clock import FrozenClock
from core.errors import Conflict, Denied, InvalidInput, NotFound, PostwrightError
from core.permissions import EVERYBODY, ROLE_PERMISSIONS, Permission, Principal, Role
from core.storage.database import Database
from tests.accounts.conftest import PASSWORD, trail

READING = frozenset({Permission.TEMPLATES_VIEW, Permission.REPORTS_VIEW})
OFFICE = ROLE_PERMISSIONS[Role.ANALYST] | {Permission.PEOPLE_MANAGE, Permission.ROLES_MANAGE}


@pytest.fixture
def roles(db: Database, clock: FrozenClock) -> Roles:
    return Roles(db, clock)


@pytest.fixture
def office(people: People, roles: Roles, workspace: Principal) -> Principal:
    """Somebody who manages people and roles, and otherwise only reads."""
    role = roles.create(workspace, "Office", OFFICE)
    person = people.add(workspace, "office@example.com", "Olga", PASSWORD, role.key)
    return people.principal(person.id, workspace.workspace_id)


def test_the_roles_every_workspace_has_come_first(roles: Roles, workspace: Principal, ada: Person) -> None:
    roles.create(workspace, "Proofreader", READING)
    found = roles.all(workspace)
    assert [(role.key, role.name, role.people, role.is_built_in) for role in found[:3]] == [
        ("admin", "Admin", 1, True),
        ("marketer", "Marketer", 0, True),
        ("analyst", "Analyst", 0, True),
    ]
    assert [(role.name, role.permissions, role.is_built_in) for role in found[3:]] == [("Proofreader", READING | EVERYBODY, False)]


def test_what_a_role_allows_counts_from_the_next_click(roles: Roles, people: People, workspace: Principal) -> None:
    role = roles.create(workspace, "Proofreader", READING)
    ben = people.add(workspace, "ben@example.com", "Ben", PASSWORD, role.key)
    assert people.principal(ben.id, workspace.workspace_id).permissions == READING | EVERYBODY
    roles.change(workspace, role.key, name="Editor", permissions={Permission.TEMPLATES_EDIT})
    changed = people.principal(ben.id, workspace.workspace_id)
    assert (changed.permissions, changed.role, changed.role_name) == (EVERYBODY | {Permission.TEMPLATES_EDIT}, role.key, "Editor")


@pytest.mark.parametrize("name", ["", "   ", "x" * (LONGEST_NAME + 1), "admin", "Marketer", " ANALYST "])
def test_a_name_that_cant_be_used_is_refused(roles: Roles, workspace: Principal, name: str) -> None:
    with pytest.raises(InvalidInput):
        roles.create(workspace, name, READING)
    assert len(roles.all(workspace)) == len(Role)


def test_a_name_is_given_once_in_a_workspace(roles: Roles, workspaces: Workspaces, workspace: Principal) -> None:
    roles.create(workspace, "Proofreader", READING)
    second = roles.create(workspace, "Second", READING)
    with pytest.raises(Conflict):
        roles.create(workspace, "  Proofreader ", READING)
    with pytest.raises(Conflict):
        roles.change(workspace, second.key, name="Proofreader", permissions=READING)
    assert roles.create(Principal.system(workspaces.create("Other").id), "Proofreader", READING)


def test_a_role_somebody_has_stays(roles: Roles, people: People, workspace: Principal) -> None:
    role = roles.create(workspace, "Proofreader", READING)
    ben = people.add(workspace, "ben@example.com", "Ben", PASSWORD, role.key)
    people.disable(workspace, ben.id)
    with pytest.raises(Conflict, match="Somebody has this role"):
        roles.delete(workspace, role.key)
    people.set_role(workspace, ben.id, Role.ANALYST)
    roles.delete(workspace, role.key)
    assert len(roles.all(workspace)) == len(Role)
    with pytest.raises(NotFound):
        people.set_role(workspace, ben.id, role.key)


@pytest.mark.parametrize("key", ["admin", "nonsense", "custom-", "custom-999", "custom-x"])
def test_only_a_role_of_ones_own_is_changed_or_deleted(roles: Roles, workspace: Principal, key: str) -> None:
    with pytest.raises(NotFound):
        roles.change(workspace, key, name="Mine", permissions=READING)
    with pytest.raises(NotFound):
        roles.delete(workspace, key)


def test_a_neighbours_role_is_not_there(roles: Roles, people: People, workspaces: Workspaces, workspace: Principal, ada: Person) -> None:
    theirs = roles.create(Principal.system(workspaces.create("Other").id), "Theirs", READING)
    attempts: list[Callable[[], object]] = [
        lambda: roles.change(workspace, theirs.key, name="Mine", permissions=READING),
        lambda: roles.delete(workspace, theirs.key),
        lambda: people.set_role(workspace, ada.id, theirs.key),
        lambda: people.add(workspace, "ben@example.com", "Ben", PASSWORD, theirs.key),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound):
            attempt()
    assert theirs.name not in [role.name for role in roles.all(workspace)]


def test_nobody_makes_a_role_that_allows_more_than_they_may(roles: Roles, office: Principal, workspace: Principal) -> None:
    above = roles.create(workspace, "Sender", {Permission.CAMPAIGNS_SEND})
    attempts: list[Callable[[], object]] = [
        lambda: roles.create(office, "Sneaky", {Permission.CAMPAIGNS_SEND}),
        lambda: roles.change(office, office.role, name="Office", permissions={*OFFICE, Permission.CONNECTIONS_MANAGE}),
        lambda: roles.change(office, above.key, name="Sender", permissions=READING),
    ]
    for attempt in attempts:
        with pytest.raises(Denied, match="allows more than you may"):
            attempt()
    assert roles.create(office, "Reader", READING)


def test_nobody_decides_about_somebody_who_may_do_more(people: People, office: Principal, ada: Person) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: people.set_role(office, ada.id, Role.ANALYST),
        lambda: people.set_lists(office, ada.id, []),
        lambda: people.disable(office, ada.id),
        lambda: people.enable(office, ada.id),
        lambda: people.sign_out(office, ada.id),
        lambda: people.set_role(office, office.person_id or 0, Role.ADMIN),
        lambda: people.set_role(office, office.person_id or 0, Role.MARKETER),
    ]
    for attempt in attempts:
        with pytest.raises(Denied, match="allows more than you may"):
            attempt()


def test_a_limit_ends_where_somebody_becomes_admin(people: People, as_ada: Principal, db: Database) -> None:
    grace = people.add(Principal.system(as_ada.workspace_id), "grace@example.com", "Grace", PASSWORD, Role.MARKETER)
    people.set_lists(as_ada, grace.id, [])
    assert people.set_role(as_ada, grace.id, Role.ADMIN).lists is None
    assert people.principal(grace.id, as_ada.workspace_id).lists is None
    assert [entry[3] for entry in trail(db, as_ada.workspace_id)][-2:] == ["person.lists_changed", "person.role_changed"]


def test_nobody_limited_ends_a_limit_by_becoming_admin(people: People, roles: Roles, as_ada: Principal) -> None:
    everything = roles.create(as_ada, "Deputy", list(Permission))
    deputy = people.add(Principal.system(as_ada.workspace_id), "deputy@example.com", "Dora", PASSWORD, everything.key)
    people.set_lists(as_ada, deputy.id, [])
    with pytest.raises(Denied, match="more than the lists"):
        people.set_role(people.principal(deputy.id, as_ada.workspace_id), deputy.id, Role.ADMIN)
    assert people.get(as_ada, deputy.id).lists == frozenset()
    assert people.get(as_ada, deputy.id).role == everything.key


def test_roles_are_made_only_with_the_permission(roles: Roles, people: People, workspace: Principal) -> None:
    ben = people.add(workspace, "ben@example.com", "Ben", PASSWORD, Role.MARKETER)
    by = people.principal(ben.id, workspace.workspace_id)
    role = roles.create(workspace, "Reader", READING)
    for attempt in (
        lambda: roles.create(by, "Mine", READING),
        lambda: roles.change(by, role.key, name="Mine", permissions=READING),
        lambda: roles.delete(by, role.key),
    ):
        with pytest.raises(Denied, match=r"roles\.manage"):
            attempt()


def test_words_that_are_no_permissions_any_more_allow_nothing(roles: Roles, people: People, workspace: Principal, db: Database) -> None:
    role = roles.create(workspace, "Reader", READING)
    ben = people.add(workspace, "ben@example.com", "Ben", PASSWORD, role.key)
    with db.transaction() as connection:
        connection.execute(sa.update(table).values(permissions=["templates.view", "of.another.version", ""]))
    assert people.principal(ben.id, workspace.workspace_id).permissions == EVERYBODY | {Permission.TEMPLATES_VIEW}


def test_the_log_tells_what_a_role_allowed_before_and_after(roles: Roles, as_ada: Principal, db: Database) -> None:
    role = roles.create(as_ada, "Reader", {Permission.TEMPLATES_VIEW})
    roles.change(as_ada, role.key, name="Writer", permissions={Permission.TEMPLATES_EDIT})
    roles.delete(as_ada, role.key)
    columns = (audit_log.c.actor, audit_log.c.action, audit_log.c.target, audit_log.c.before, audit_log.c.after)
    with db.read() as connection:
        told = list(map(tuple, connection.execute(sa.select(*columns).where(audit_log.c.action.startswith("role."))).all()))
    number = role.key.removeprefix("custom-")
    reader = '{"name":"Reader","permissions":["account.manage","templates.view"]}'
    writer = '{"name":"Writer","permissions":["account.manage","templates.edit"]}'
    assert told == [
        (as_ada.label, "role.created", f"role:{number}", "", reader),
        (as_ada.label, "role.changed", f"role:{number}", reader, writer),
        (as_ada.label, "role.deleted", f"role:{number}", '{"name":"Writer"}', ""),
    ]


# --- nobody climbs ------------------------------------------------------------------------------------------------------------------

POWERS = [
    Permission.PEOPLE_MANAGE,
    Permission.ROLES_MANAGE,
    Permission.TEMPLATES_VIEW,
    Permission.CAMPAIGNS_SEND,
    Permission.WORKSPACE_EDIT,
]
powers = st.frozensets(st.sampled_from(POWERS))
person = st.integers(0, 2)
role = st.sampled_from(["admin", "marketer", "analyst", "own-0", "own-1", "own-2", "own-3"])
step = st.one_of(
    st.tuples(st.just("set_role"), person, person, role),
    st.tuples(st.just("create"), person, powers),
    st.tuples(st.just("change"), person, role, powers),
    st.tuples(st.just("delete"), person, role),
    st.tuples(st.just("disable"), person, person),
    st.tuples(st.just("enable"), person, person),
)


class Office:
    """Three people who give each other roles in every way there is; what they are refused changes nothing."""

    def __init__(self, db: Database, clock: FrozenClock, starts: list[frozenset[Permission]]) -> None:
        self.people, self.roles = People(db, clock, rounds=4), Roles(db, clock)
        self.workspace = Principal.system(Workspaces(db, clock).create("Acme").id)
        self.people.add(self.workspace, "boss@example.com", "Boss", PASSWORD, Role.ADMIN)
        self.own = [self.roles.create(self.workspace, f"Role {i}", allowed).key for i, allowed in enumerate(starts)]
        self.ids = [self.people.add(self.workspace, f"p{i}@example.com", f"P{i}", PASSWORD, key).id for i, key in enumerate(self.own)]

    def by(self, number: int) -> Principal:
        """Whoever it is; also somebody disabled tries, with what they last held in their hands."""
        return self.people.principal(self.ids[number], self.workspace.workspace_id)

    def take(self, what: str, by: Principal, *rest: object) -> None:
        match what, rest:
            case "set_role", (int(whom), str(key)):
                self.people.set_role(by, self.ids[whom], self._key(key))
            case "create", (frozenset() as allowed,):
                self.own.append(self.roles.create(by, f"Role {len(self.own)}", allowed).key)
            case "change", (str(key), frozenset() as allowed):
                self.roles.change(by, self._key(key), name=f"Changed {key}", permissions=allowed)
            case "delete", (str(key),):
                self.roles.delete(by, self._key(key))
            case "disable", (int(whom),):
                self.people.disable(by, self.ids[whom])
            case "enable", (int(whom),):
                self.people.enable(by, self.ids[whom])

    def held(self) -> frozenset[Permission]:
        """What the three may do together now."""
        roles_now = {role.key: role for role in self.roles.all(self.workspace)}
        mine = [roles_now[person.role] for person in self.people.all(self.workspace) if person.id in self.ids]
        return frozenset().union(*(role.permissions for role in mine))

    def offered(self) -> list[RoleDefinition]:
        return self.roles.all(self.workspace)

    def _key(self, key: str) -> str:
        number = key.removeprefix("own-")
        return (self.own[int(number)] if int(number) < len(self.own) else "custom-0") if number != key else key


@contextmanager
def fresh(template: Path, folder: Path) -> Iterator[Database]:
    path = folder / "climbing.db"
    copy(template, path)
    db = Database(f"sqlite:///{path}")
    try:
        yield db
    finally:
        db.close()
        for left in folder.glob("climbing.db*"):
            left.unlink()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(starts=st.lists(powers, min_size=3, max_size=3), steps=st.lists(step, max_size=12))
def test_whatever_they_do_people_together_never_hold_what_none_of_them_held(
    tmp_path: Path, migrated_file: Path, clock: FrozenClock, starts: list[frozenset[Permission]], steps: list[tuple[object, ...]]
) -> None:
    with fresh(migrated_file, tmp_path) as db:
        office = Office(db, clock, starts)
        at_first = office.held()
        for what, by, *rest in steps:
            with suppress(PostwrightError):
                office.take(str(what), office.by(int(str(by))), *rest)
            assert office.held() <= at_first, (what, by, rest)
        ours = [role for role in office.offered() if not role.is_built_in]
        assert frozenset().union(*(role.permissions for role in ours)) <= at_first | EVERYBODY


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(allowed=powers, steps=st.lists(step, max_size=10))
def test_nobody_without_a_permission_gets_it_by_their_own_doing(
    tmp_path: Path, migrated_file: Path, clock: FrozenClock, allowed: frozenset[Permission], steps: list[tuple[object, ...]]
) -> None:
    """One who manages people and roles tries everything; what the other two are, and may, does not help them."""
    with fresh(migrated_file, tmp_path) as db:
        climber = allowed | {Permission.PEOPLE_MANAGE, Permission.ROLES_MANAGE}
        office = Office(db, clock, [climber, frozenset(POWERS), frozenset({Permission.TEMPLATES_VIEW})])
        before = office.by(0).permissions
        for what, _, *rest in steps:
            with suppress(PostwrightError):
                office.take(str(what), office.by(0), *rest)
        with suppress(PostwrightError):
            assert office.by(0).permissions <= before


def test_nobody_deletes_a_role_that_allows_more_than_they_may(roles: Roles, people: People, workspace: Principal) -> None:
    keeper = roles.create(workspace, "Keeper", [Permission.ROLES_MANAGE])
    higher = roles.create(workspace, "Boss", [Permission.ROLES_MANAGE, Permission.PEOPLE_MANAGE])
    ben = people.add(workspace, "keeper@example.com", "Ben", PASSWORD, keeper.key)
    with pytest.raises(Denied, match="more than you may"):
        roles.delete(people.principal(ben.id, workspace.workspace_id), higher.key)
    roles.delete(workspace, higher.key)
