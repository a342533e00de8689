"""The API as programs meet it: over the real services, mounted where the app's server mounts it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.api.app import mount
from core.permissions import Permission, Principal, Role

if TYPE_CHECKING:
    from core.accounts.people import Person
    from core.app import Services

PASSWORD = "correct horse battery"
MJML = "<mjml><mj-body><mj-section><mj-column><mj-text>Hello</mj-text></mj-column></mj-section></mj-body></mjml>"
GRANTABLE = frozenset(Permission) - {Permission.ACCOUNT_MANAGE}


@dataclass
class Program:
    """A program with a token.

    Args:
        http: The way to the API.
        token: What it proves itself with; "" for nothing.
        by: For whom it acts.
    """

    http: TestClient
    token: str
    by: Principal

    def __call__(self, method: str, path: str, json: Any = None, headers: Mapping[str, str] | None = None, **rest: Any) -> Any:
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        given = {"json": json} if json is not None else {}
        return self.http.request(method, f"/api/v1{path}", headers={**bearer, **(headers or {})}, **given, **rest)

    def get(self, path: str, **rest: Any) -> Any:
        return self("GET", path, **rest)

    def post(self, path: str, json: Any = None, **rest: Any) -> Any:
        return self("POST", path, json, **rest)


@pytest.fixture
def http(services: Services) -> Iterator[TestClient]:
    services.people.rounds = 4
    with TestClient(Starlette(routes=mount(lambda: services)), raise_server_exceptions=False) as client:
        yield client


Member = Callable[..., "Person"]
Login = Callable[..., Program]


@pytest.fixture
def member(services: Services, workspace: Principal) -> Member:
    """Add somebody with a role to the workspace, or to another one."""

    def add(role: str = Role.ADMIN, email: str = "", where: Principal | None = None) -> Person:
        services.people.rounds = 4
        return services.people.add(where or workspace, email or f"{role}@example.com", role.capitalize(), PASSWORD, role)

    return add


@pytest.fixture
def program(services: Services, http: TestClient, workspace: Principal) -> Login:
    """Give somebody an API token with everything they may, or with these scopes."""

    def with_token(
        person: Person, where: Principal | None = None, scopes: frozenset[Permission] | None = None, per_minute: int = 10_000
    ) -> Program:
        by = services.people.principal(person.id, (where or workspace).workspace_id)
        maker = Principal(by.workspace_id, by.label, by.permissions | {Permission.TOKENS_MANAGE}, person_id=by.person_id)
        granted = by.permissions - {Permission.ACCOUNT_MANAGE} if scopes is None else scopes
        _, text = services.api_tokens.create(maker, "Test", granted, requests_per_minute=per_minute)
        return Program(http, text, by)

    return with_token


@pytest.fixture
def admin(member: Member, program: Login) -> Program:
    """A program of the workspace's admin."""
    return program(member())


@pytest.fixture
def nobody(http: TestClient, workspace: Principal) -> Program:
    """A program without a token."""
    return Program(http, "", workspace)
