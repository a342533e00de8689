"""Suppressed addresses and lists that ask first, as a program sees them."""

from __future__ import annotations

from tests.api.conftest import Program


def test_addresses_are_suppressed_looked_up_and_lifted(admin: Program) -> None:
    made = admin.post("/suppressions", {"emails": ["Ann@example.com", "nonsense", "bob@example.com"], "source": "by letter"})
    assert made.status_code == 200
    assert (made.json()["added"], made.json()["refused"][0]["position"]) == (2, 2)
    page = admin.get("/suppressions?limit=1").json()
    assert [one["email"] for one in page["data"]] == ["bob@example.com"]
    found = admin.get("/suppressions/ann@example.com").json()
    assert (found["reason"], found["source"], found["is_everywhere"]) == ("manual", "by letter", False)
    assert [one["email"] for one in admin.get("/suppressions?search=ann").json()["data"]] == ["ann@example.com"]
    assert admin("DELETE", "/suppressions/ann@example.com").status_code == 204
    assert admin.get("/suppressions/ann@example.com").status_code == 404


def test_a_list_with_double_opt_in_asks_unless_consent_is_held(admin: Program) -> None:
    path = f"/lists/{admin.post('/lists', {'name': 'News'}).json()['id']}"
    list_id = int(path.rpartition("/")[2])
    assert admin("PATCH", path, {"double_opt_in": True}).status_code == 422
    changed = admin("PATCH", path, {"double_opt_in": True, "from_email": "news@example.com"}).json()
    assert (changed["double_opt_in"], changed["from_email"], changed["name"]) == (True, "news@example.com", "News")
    asked = admin.post("/contacts", {"email": "ann@example.com", "consent": "subscribed", "list_ids": [list_id]}).json()
    assert asked["consent"] == "pending"
    held = {"email": "bob@example.com", "consent": "subscribed", "list_ids": [list_id], "consent_held": True}
    assert admin.post("/contacts", held).json()["consent"] == "subscribed"
    assert admin.get(path).json()["size"] == 1
    assert admin.post(f"{path}/contacts", {"contact_ids": [asked["id"]]}).json()["added"] == 0
    assert admin.post(f"{path}/contacts", {"contact_ids": [asked["id"]], "consent_held": True}).json()["added"] == 1
