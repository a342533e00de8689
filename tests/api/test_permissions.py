"""Who may do what through the API: every operation of its document, as everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from core.api.app import doors
from core.permissions import ROLE_PERMISSIONS, Permission, Principal, Role
from core.storage.tables import workspaces
from tests.api.conftest import GRANTABLE, Login, Member, Program
from tests.api.routes import Operation, operations

if TYPE_CHECKING:
    from core.app import Services


@pytest.fixture
def asked(admin: Program) -> list[Operation]:
    return operations(admin.get("/openapi.json").json())


def send(program: Program, operation: Operation):
    return program(operation.method, operation.address({}), operation.sample({}))


def test_every_route_is_in_the_document_and_says_what_it_needs(asked: list[Operation]):
    assert len(asked) == len(doors())
    assert {operation.path for operation in asked if operation.permission is None} == {
        "/me",
        "/workspaces",
        "/workspaces/current",
        "/auth/token",
        "/auth/revoke",
    }


@pytest.mark.parametrize("role", Role)
def test_a_role_gets_in_where_the_table_says_so_and_nowhere_else(asked: list[Operation], member: Member, program: Login, role: Role):
    someone = program(member(role, f"someone-{role}@example.com"))
    for operation in asked:
        may = operation.permission is None or bool(operation.enough & set(map(str, ROLE_PERMISSIONS[role])))
        status = send(someone, operation).status_code
        assert (status == 403) is not may, f"{operation} as {role}: {status}"
        assert status < 500


@pytest.mark.parametrize("scope", sorted(GRANTABLE))
def test_a_token_gets_in_by_its_scopes_and_nowhere_else(asked: list[Operation], member: Member, program: Login, scope: Permission):
    token = program(member(Role.ADMIN, "second@example.com"), scopes=frozenset({scope}))
    needing = {operation.permission for operation in asked} - {None}
    for operation in asked:
        if operation.permission is not None and scope not in operation.enough:
            assert send(token, operation).status_code == 403, operation
    assert needing <= set(map(str, GRANTABLE))


def test_without_a_token_only_sign_in_is_open(asked: list[Operation], services: Services, workspace: Principal, http):
    nobody = Program(http, "", workspace)
    statuses = {operation.path for operation in asked if send(nobody, operation).status_code not in {401, 429}}
    assert statuses == {"/auth/revoke"}
    assert {operation.path for operation in asked if operation.is_open} == {"/auth/token", "/auth/revoke"}


def test_somebody_whose_second_factor_is_missing_can_only_look_who_they_are(
    asked: list[Operation], services: Services, member: Member, program: Login
):
    someone = program(member(Role.ADMIN, "late@example.com"))
    with services.db.transaction() as connection:
        connection.execute(sa.update(workspaces).values(requires_two_factor=True))
    assert someone.get("/me").json()["needs_two_factor"] is True
    for operation in asked:
        if operation.permission is not None:
            assert send(someone, operation).status_code == 403, operation
