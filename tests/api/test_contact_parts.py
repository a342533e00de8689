"""Tags, notes and fields through the API."""

from __future__ import annotations

from core.app import Services
from core.permissions import Principal
from tests.api.conftest import Program


def test_contacts_are_tagged_and_found_by_their_tag(services: Services, workspace: Principal, admin: Program):
    ids = [services.contacts.save(workspace, f"reader-{number}@example.com").id for number in range(3)]
    tag = admin.post("/tags", {"name": "VIP"}).json()
    assert admin.post("/tags", {"name": "vip"}).status_code == 409
    assert admin.post(f"/tags/{tag['id']}/contacts", {"contact_ids": [*ids[:2], 2**40]}).json() == {"added": 2}
    assert admin.get(f"/tags/{tag['id']}").json()["size"] == 2
    assert [one["id"] for one in admin.get(f"/contacts?tag_id={tag['id']}").json()["data"]] == [ids[1], ids[0]]
    assert admin("DELETE", f"/tags/{tag['id']}/contacts/{ids[0]}").status_code == 204
    assert admin("DELETE", f"/tags/{tag['id']}/contacts/{ids[0]}").status_code == 404
    assert admin("PATCH", f"/tags/{tag['id']}", {"name": "Regular"}).json()["name"] == "Regular"
    assert [one["name"] for one in admin.get("/tags").json()["data"]] == ["Regular"]
    assert admin("DELETE", f"/tags/{tag['id']}").status_code == 204
    assert admin.get(f"/tags/{tag['id']}").status_code == 404


def test_contacts_are_found_by_where_they_came_from_and_suppression(services: Services, workspace: Principal, admin: Program):
    first = services.contacts.save(workspace, "first@example.com", source="form:3").id
    second = services.contacts.save(workspace, "second@example.com").id
    services.suppressions.add(workspace, "second@example.com")
    assert [one["id"] for one in admin.get("/contacts?source=form").json()["data"]] == [first]
    assert [one["id"] for one in admin.get("/contacts?suppressed=true").json()["data"]] == [second]
    assert [one["id"] for one in admin.get("/contacts?suppressed=false").json()["data"]] == [first]


def test_notes_are_written_listed_and_deleted(services: Services, workspace: Principal, admin: Program):
    contact = services.contacts.save(workspace, "reader@example.com").id
    made = admin.post(f"/contacts/{contact}/notes", {"text": "Likes tea"}).json()
    assert [one["text"] for one in admin.get(f"/contacts/{contact}/notes").json()["data"]] == ["Likes tea"]
    assert admin.post(f"/contacts/{contact}/notes", {"text": " "}).status_code == 422
    theirs = services.notes.add(workspace, contact, "Not mine")
    assert admin("DELETE", f"/notes/{theirs.id}").status_code == 403
    assert admin("DELETE", f"/notes/{made['id']}").status_code == 204
    assert [one["text"] for one in admin.get(f"/contacts/{contact}/notes").json()["data"]] == ["Not mine"]


def test_fields_are_added_changed_and_deleted(services: Services, workspace: Principal, admin: Program):
    made = admin.post("/fields", {"label": "Shoe size", "type": "text", "description": "In Europe"})
    assert (made.json()["name"], made.headers["Location"]) == ("shoe_size", "/api/v1/fields/shoe_size")
    services.contacts.save(workspace, "reader@example.com", attributes={"shoe_size": "42"})
    changed = admin("PATCH", "/fields/shoe_size", {"label": "Size", "type": "number"}).json()
    assert (changed["label"], changed["type"], changed["description"]) == ("Size", "number", "In Europe")
    assert admin.get("/contacts").json()["data"][0]["attributes"] == {"shoe_size": 42}
    assert [one["name"] for one in admin.get("/fields").json()["data"]] == ["shoe_size"]
    assert admin("DELETE", "/fields/shoe_size").status_code == 204
    assert admin.get("/fields/shoe_size").status_code == 404
    assert admin.get("/contacts").json()["data"][0]["attributes"] == {}
