"""Numbers are counted through the whole installation, so anybody can guess a neighbour's: none may open anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from core.permissions import Principal
from core.storage.schema import metadata
from tests.api.conftest import Login, Program
from tests.api.routes import Operation, operations
from tests.api.world import furnish

if TYPE_CHECKING:
    from core.app import Services

SECRET = "neighbours-secret"


@pytest.fixture
def theirs(services: Services) -> dict[str, Any]:
    return furnish(services, Principal.system(services.workspaces.create(f"Theirs {SECRET}").id), SECRET)


@pytest.fixture
def mine(services: Services, workspace: Principal) -> dict[str, Any]:
    return furnish(services, workspace, "mine")


@pytest.fixture
def me(services: Services, workspace: Principal, mine: dict[str, Any], program: Login) -> Program:
    return program(services.people.get(workspace, mine["person_id"]))


def everything_of(services: Services, workspace_id: int) -> dict[str, list[Any]]:
    tables = [table for table in metadata.sorted_tables if "workspace_id" in table.c]
    with services.db.read() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(sa.select(table).where(table.c.workspace_id == workspace_id))), key=repr)
            for table in tables
        }


def attempts(operation: Operation, mine: dict[str, Any], theirs: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return addresses and bodies that name a neighbour's things, in every part that can name one."""
    named = [name for name in operation.queries if name in theirs]
    tried = [(operation.address(mine, **{name: theirs[name]}), operation.sample(theirs)) for name in named]
    if operation.parameters:
        tried.append((operation.address(theirs), operation.sample(mine)))
        tried.append((operation.address(theirs), operation.sample(theirs, whole=True)))
        for one in operation.parameters:
            tried.append((operation.address(mine | {one: theirs[one]}), operation.sample(mine)))
    if operation.body:
        tried.append((operation.address(mine), operation.sample(theirs, whole=True)))
        tried += [
            (operation.address(mine), operation.sample(mine | {name: theirs[name]}, whole=True))
            for name in operation.body
            if name in theirs
        ]
    return tried


def test_nothing_of_a_neighbour_is_shown_or_changed(services: Services, me: Program, mine: dict[str, Any], theirs: dict[str, Any]):
    before = everything_of(services, theirs["workspace_id"])
    asked = sorted(operations(me.get("/openapi.json").json()), key=lambda operation: operation.method == "DELETE")
    tried = 0
    for operation in asked:
        for address, body in [(operation.address(mine), operation.sample(mine)), *attempts(operation, mine, theirs)]:
            answer = me(operation.method, address, body)
            tried += 1
            assert answer.status_code < 500, f"{operation.method} {address}: {answer.text}"
            assert SECRET not in answer.text, f"{operation.method} {address}"
    assert tried > 60
    assert everything_of(services, theirs["workspace_id"]) == before


def test_a_neighbours_thing_is_answered_like_one_that_is_not_there(me: Program, theirs: dict[str, Any]):
    for operation in operations(me.get("/openapi.json").json()):
        if operation.parameters:
            there = me(operation.method, operation.address(theirs), operation.sample({}))
            nowhere = me(operation.method, operation.address({}), operation.sample({}))
            assert there.status_code == nowhere.status_code == 404, operation
            assert re.sub(r"\d+", "", there.json()["detail"]) == re.sub(r"\d+", "", nowhere.json()["detail"])


def test_a_campaign_or_contact_is_made_of_nothing_of_a_neighbour(me: Program, mine: dict[str, Any], theirs: dict[str, Any]):
    base = {
        "name": "News",
        "subject": "Hello",
        "from_email": "a@example.com",
        "template_id": mine["template_id"],
        "audience": mine["audience"],
    }
    for name in ("template_id", "audience", "connection_id"):
        assert me.post("/campaigns", base | {name: theirs[name]}).status_code == 404
        assert me("PATCH", f"/campaigns/{mine['campaign_id']}", {name: theirs[name]}).status_code == 404
    assert me.post("/contacts", {"email": "x@example.com", "list_ids": theirs["list_ids"]}).status_code == 404
    assert me("PATCH", f"/people/{mine['person_id']}", {"list_ids": theirs["list_ids"]}).status_code in {404, 409}
    assert me.post(f"/lists/{mine['list_id']}/contacts", {"contact_ids": theirs["contact_ids"]}).json() == {"added": 0}


def test_a_cursor_of_a_neighbour_shows_only_ones_own(me: Program, theirs: dict[str, Any], http, services: Services, program: Login):
    where = Principal.system(theirs["workspace_id"])
    them = program(services.people.get(where, theirs["person_id"]), where)
    services.contacts.save(where, f"{SECRET}-2@example.com")
    cursor = them.get("/contacts?limit=1").json()["next_cursor"]
    assert SECRET not in me.get(f"/contacts?limit=1&cursor={cursor}").text
