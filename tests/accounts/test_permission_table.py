"""README's table is what holds: at every door of every service, for every role, and at every page."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

import pytest

from core.app import Services
from core.campaigns.models import Audience
from core.errors import Denied
from core.permissions import ALLOWS, EVERYBODY, ROLE_PERMISSIONS, Permission, Principal, Role
from core.ui.navigation import PAGES, Entry
from tests.accounts.door_permissions import DOOR_PERMISSIONS, INSTEAD, SERVER_ONLY
from tests.accounts.doors import MJML, RULES, SAMPLES, Door, doors
from tests.support import permission_table

DESTROYS = ("delete", "remove", "disable", "cancel")
MISSING = re.compile(r"permission “([a-z._]+)”")


@pytest.fixture
def everything(services: Services) -> Principal:
    services.people.rounds = 4
    return Principal.system(services.workspaces.create("Acme").id)


@pytest.fixture
def person_id(services: Services, everything: Principal) -> int:
    return services.people.add(everything, "ann@example.com", "Ann", "correct horse battery", Role.MARKETER).id


@pytest.fixture
def there(services: Services, everything: Principal, person_id: int) -> Mapping[str, object]:
    """One of everything: a door that finds nothing would stop before it asks for a second permission."""
    services.people.add(everything, "ada@example.com", "Ada", "correct horse battery", Role.ADMIN)
    imported = services.imports.run(everything, b"email,first_name\nann@example.com,Ann\nno address,x\n", "f.csv", list_name="Readers")
    contact = services.contacts.find(everything, "ann@example.com")
    template = services.templates.save(everything, "Letter", MJML)
    assert contact and imported.list_id
    connection = services.connections.add(everything, "Second", "outbox")
    return {
        **SAMPLES,
        "contact_id": contact.id,
        "contact_ids": [contact.id],
        "list_id": imported.list_id,
        "list_ids": [imported.list_id],
        "template_id": template.template_id,
        "segment_id": services.segments.create(everything, "Anns", RULES).id,
        "connection_id": connection.id,
        "import_id": imported.import_id,
        "person_id": person_id,
        "invitation_id": services.invitations.invite(everything, "hedy@example.com", "", Role.ANALYST).invitation.id,
        "version": template,
        "audience": Audience("list", imported.list_id),
        "role": Role.ANALYST,
    }


def test_readme_shows_the_tables_as_they_are() -> None:
    assert permission_table.written() == permission_table.tables(), "run python -m tests.support.permission_table --write"


def test_the_table_says_every_permission_and_role() -> None:
    assert set(ALLOWS) == set(Permission)
    assert permission_table.documented_roles() == ROLE_PERMISSIONS


def test_every_door_is_written_down() -> None:
    assert {*DOOR_PERMISSIONS, *SERVER_ONLY} == set(map(str, doors()))
    assert not SERVER_ONLY & set(DOOR_PERMISSIONS)


def test_every_permission_opens_a_door_or_a_page() -> None:
    asked = frozenset().union(*DOOR_PERMISSIONS.values(), (entry.needs for entry in PAGES))

    assert set(Permission) <= asked


def test_each_missing_permission_shuts_the_door_by_its_name(
    services: Services, everything: Principal, person_id: int, there: Mapping[str, object]
) -> None:
    for door in _doors_with_a_permission():
        for permission in DOOR_PERMISSIONS[str(door)]:
            by = _somebody(everything, person_id, frozenset(Permission) - {permission, INSTEAD.get(str(door))})
            assert _missing(door, services, everything, by, there) == permission, door


def test_the_permissions_written_down_are_enough(
    services: Services, everything: Principal, person_id: int, there: Mapping[str, object]
) -> None:
    for door in _doors_with_a_permission():
        by = _somebody(everything, person_id, DOOR_PERMISSIONS[str(door)] | EVERYBODY)
        assert _missing(door, services, everything, by, there) is None, door
        if other := INSTEAD.get(str(door)):
            by = _somebody(everything, person_id, EVERYBODY | {other})
            assert _missing(door, services, everything, by, there) is None, door


@pytest.mark.parametrize("role", Role)
def test_a_role_gets_through_the_doors_that_readme_says(
    role: Role, services: Services, everything: Principal, person_id: int, there: Mapping[str, object]
) -> None:
    said = permission_table.documented_roles()[role]
    by = _somebody(everything, person_id, ROLE_PERMISSIONS[role])
    through = {str(door) for door in _doors_with_a_permission() if _missing(door, services, everything, by, there) is None}

    assert through == {door for door, needed in DOOR_PERMISSIONS.items() if needed <= said}


def test_what_only_the_server_does_no_role_opens(
    services: Services, everything: Principal, person_id: int, there: Mapping[str, object]
) -> None:
    by = _somebody(everything, person_id, frozenset(Permission))

    for door in doors():
        if str(door) in SERVER_ONLY:
            with pytest.raises(Denied):
                door.open(services, by, {name: there[name] for name in door.needs})


@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.file)
def test_menu_guard_and_readme_ask_for_the_same_permission(entry: Entry) -> None:
    asked = _guard(entry)

    assert (asked.get("needs"), asked.get("all_lists", "False")) == (f"Permission.{entry.needs.name}", str(entry.all_lists))
    where = f"{entry.section} › {entry.title}" if entry.section else entry.title
    assert permission_table.documented_pages()[where] is entry.needs


def _guard(entry: Entry) -> Mapping[str | None, str]:
    """Return what the page's file gives its guard, by keyword."""
    tree = ast.parse((permission_table.README.parent / entry.file).read_text("utf-8"))
    (call,) = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "open_page"]
    return {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}


def _doors_with_a_permission() -> list[Door]:
    """Return the doors, those last that take away what others need."""
    return sorted((door for door in doors() if str(door) not in SERVER_ONLY), key=lambda door: (door.method in DESTROYS, str(door)))


def _somebody(everything: Principal, person_id: int, permissions: frozenset[Permission]) -> Principal:
    return Principal(everything.workspace_id, f"person:{person_id}", permissions, person_id=person_id)


def _missing(door: Door, services: Services, everything: Principal, by: Principal, there: Mapping[str, object]) -> Permission | None:
    """Return the permission for want of which somebody is refused; None where they get through, or are stopped by anything else."""
    try:
        door.open(services, by, _given(door, services, everything, there))
    except Denied as error:
        found = MISSING.search(str(error))
        return Permission(found[1]) if found else None
    except Exception:  # what is asked for need not make sense; that is found out after the permission
        return None
    return None


def _given(door: Door, services: Services, everything: Principal, there: Mapping[str, object]) -> dict[str, object]:
    fields = {"name": "News", "subject": "Hello", "from_email": "a@example.com"}
    fields |= {name: there[name] for name in ("template_id", "audience")}
    given = {name: there[name] for name in door.needs}
    if "campaign_id" in given:  # a draft of its own each time: what one door does to it must not stop the next
        given["campaign_id"] = services.campaigns.create(everything, **fields).id
    return fields if str(door) == "campaigns.create" else given
