"""Long lists in pages."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from core.permissions import Principal
from tests.api.conftest import Program
from tests.api.world import furnish

if TYPE_CHECKING:
    from core.app import Services

LISTS = (
    *("/people", "/tokens", "/workspaces", "/contacts", "/lists", "/tags", "/templates", "/pictures", "/campaigns"),
    *("/messages", "/events"),
)


def walk(program: Program, path: str, limit: int = 2, between=lambda: None) -> list[dict]:
    found, cursor = [], ""
    while True:
        answer = program.get(f"{path}{'&' if '?' in path else '?'}limit={limit}{cursor and f'&cursor={cursor}'}").json()
        assert len(answer["data"]) <= limit
        found += answer["data"]
        if not answer["next_cursor"]:
            return found
        cursor = answer["next_cursor"]
        between()


def test_pages_add_up_to_the_whole(services: Services, workspace: Principal, admin: Program):
    for number in range(7):
        services.contacts.save(workspace, f"reader-{number}@example.com")
        services.lists.create(workspace, f"List {number}")
    for path in ("/contacts", "/lists"):
        whole = admin.get(f"{path}?limit=200").json()
        assert whole["next_cursor"] is None
        for limit in (1, 2, 3, 7, 8):
            assert walk(admin, path, limit) == whole["data"]


def test_nobody_is_seen_twice_or_missed_while_others_come_and_go(services: Services, workspace: Principal, admin: Program):
    there = [services.contacts.save(workspace, f"reader-{number}@example.com").id for number in range(8)]
    come = iter(range(100))

    def meanwhile() -> None:
        services.contacts.save(workspace, f"late-{next(come)}@example.com")

    found = [contact["id"] for contact in walk(admin, "/contacts", between=meanwhile)]
    assert found == sorted(there, reverse=True)


def test_filters_go_through_every_page(services: Services, workspace: Principal, admin: Program):
    listed = services.lists.create(workspace, "Readers")
    for number in range(6):
        services.contacts.save(workspace, f"reader-{number}@example.com", list_ids=[listed.id] if number % 2 else [])
    assert len(walk(admin, f"/contacts?list_id={listed.id}", 1)) == 3
    assert len(walk(admin, "/contacts?search=READER-5", 1)) == 1
    assert walk(admin, "/contacts?consent=pending") == []


def test_messages_and_events_come_in_pages(services: Services, workspace: Principal, admin: Program):
    for number in range(5):
        furnish(services, workspace, f"word{number}")
    for path, key in (("/messages", "id"), ("/events", "event_id"), ("/campaigns", "id"), ("/templates", "id"), ("/tokens", "id")):
        whole = admin.get(f"{path}?limit=200").json()["data"]
        assert len(whole) >= 5, path
        assert walk(admin, path) == whole
        assert len({row[key] for row in whole}) == len(whole)
    kinds = {event["kind"] for event in admin.get("/events?kind=sent").json()["data"]}
    assert kinds == {"sent"}
    assert admin.get("/events?since=2030-01-01T00:00:00Z").json()["data"] == []
    assert admin.get("/messages?state=bounced").json()["data"] == []


@pytest.mark.parametrize("path", LISTS)
def test_every_list_has_the_same_shape_and_bounds(admin: Program, path: str):
    assert set(admin.get(path).json()) == {"data", "next_cursor"}
    for limit in ("0", "201", "-1", "x", "9" * 30):
        assert admin.get(f"{path}?limit={limit}").status_code == 422
    for place in (
        "[]",
        "[1,2,3]",
        '["x"]',
        "[-1]",
        f"[{2**63}]",
        f"[{10**30}]",
        "[1.5]",
        "[true]",
        "{}",
        "1",
        "x",
        "[9223372036854775807,9223372036854775807]",
    ):
        cursor = base64.urlsafe_b64encode(place.encode()).decode()
        assert admin.get(path, params={"cursor": cursor}).status_code in {200, 422}
    for cursor in ("nonsense", "=", "WzFd=", "é", "x" * 500, "A"):
        assert admin.get(path, params={"cursor": cursor}).status_code == 422
