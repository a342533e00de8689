"""Text that would like to be something else, in every part that takes text; and addresses that would like to be files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from core.permissions import Principal
from tests.api.conftest import Login, Program
from tests.api.routes import operations
from tests.api.world import furnish

if TYPE_CHECKING:
    from core.app import Services

TEXTS = [
    "'; drop table contacts; --",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "{% for x in range(10**9) %}{% endfor %}",
    "=cmd|' /C calc'!A0",
    "%s%s%n%x",
    "\u202egnp.exe",
    "🫖" * 50,
    "x" * 2_000,
    "\r\nBcc: everybody@example.com",
]


@pytest.fixture
def mine(services: Services, workspace: Principal) -> dict[str, Any]:
    return furnish(services, workspace, "mine")


@pytest.fixture
def me(services: Services, workspace: Principal, mine: dict[str, Any], program: Login) -> Program:
    return program(services.people.get(workspace, mine["person_id"]))


@pytest.mark.parametrize("text", TEXTS)
def test_text_comes_back_as_typed_or_is_refused(services: Services, me: Program, mine: dict[str, Any], text: str):
    for operation in operations(me.get("/openapi.json").json()):
        if operation.method in {"POST", "PATCH", "PUT"}:
            for name in operation.texts():
                body = (operation.sample(mine) or {}) | {name: text}
                answer = me(operation.method, operation.address(mine), body)
                assert answer.status_code < 500, f"{operation} {name}: {answer.text}"
                if answer.is_success and answer.content and name in answer.json():
                    assert " ".join(answer.json()[name].split()) == " ".join(text.split()), f"{operation} {name}"
        for name in operation.queries:
            answer = me.get(operation.address(mine), params={name: text}) if operation.method == "GET" else None
            assert answer is None or answer.status_code < 500, f"{operation} {name}: {answer.text}"
    assert me.get("/contacts").json()["data"]
    assert me.get("/tokens").json()["data"]


@pytest.mark.parametrize("text", TEXTS)
def test_an_attribute_comes_back_as_typed_or_is_refused(me: Program, text: str):
    answer = me.post("/contacts", {"email": "new@example.com", "attributes": {"city": text}})
    assert answer.status_code in {201, 422}
    if answer.status_code == 201:
        assert answer.json()["attributes"].get("city", "").strip() == text.strip()
    assert me.post("/contacts", {"email": "other@example.com", "attributes": {text: "x"}}).status_code in {201, 422}


def test_a_search_for_marks_of_the_database_finds_only_those_marks(me: Program):
    for search in ("%", "_", "\\", "'"):
        assert me.get("/contacts", params={"search": search}).json()["data"] == []


@pytest.mark.parametrize("number", [10**30, -(10**30), 1e308, 2**63, 1.5, True])
def test_numbers_of_any_size_are_no_fault(me: Program, mine: dict[str, Any], number: Any):
    for operation in operations(me.get("/openapi.json").json()):
        for name in operation.body:
            answer = me(operation.method, operation.address(mine), (operation.sample(mine) or {}) | {name: number})
            assert answer.status_code < 500, f"{operation} {name}: {answer.text}"
    answer = me.post("/contacts", {"email": "new@example.com", "attributes": {"size": number}})
    assert answer.status_code in {201, 422}
    assert me.get("/contacts").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/contacts/../../../etc/passwd",
        "/docs/../../../../etc/passwd",
        "/docs.css/../app.py",
        "/docs%00.css",
        "/\\..\\..\\windows",
    ],
)
def test_no_address_leads_to_a_file(nobody: Program, path: str):
    answer = nobody.http.get(f"/api/v1{path}")
    assert answer.status_code in {400, 401, 404}
    assert "root:" not in answer.text


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_a_nul_at_the_bottom_of_a_deep_body_is_no_fault(me: Program, opening: str, closing: str):
    body = opening * 1_000 + r'"\u0000"' + closing * 1_000
    answer = me.post("/contacts", content=body.encode(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert "NUL" in answer.json()["detail"]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_beyond_the_ends_of_time_is_no_fault(me: Program, moment: str):
    answer = me.get("/events", params={"since": moment})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["location"] == "query.since"


def test_what_was_sent_is_not_repeated_at_length(nobody: Program):
    answer = nobody.post("/auth/token", {"grant_type": "x" * 100_000, "email": "a@example.com", "password": "y"})
    assert answer.status_code == 422
    assert len(answer.content) < 2_000
    assert "'password', 'refresh_token'" in answer.json()["detail"]
    assert "xxx" not in answer.text
