"""Files over the API: the body is the file, whatever its size."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest

from core.api import uploads
from core.permissions import Role
from tests.api.conftest import Login, Member, Program

if TYPE_CHECKING:
    from core.app import Services

CSV = b"Mail,City,Joined\nada@example.com,Berlin,03/04/2026\nbob@example.com,Paris,05/04/2026\nnonsense,Rome,\n"
HOW = "list=Readers&map=Mail=email&type=Joined=date:DD/MM/YYYY&file_name=people.csv"


def send(program: Program, data: bytes, how: str = HOW, path: str = "/imports", **headers: str) -> Any:
    return program("POST", f"{path}?{how}", content=data, headers={"Content-Type": "application/octet-stream", **headers})


def test_a_file_is_imported_and_followed(services: Services, admin: Program):
    said = send(admin, CSV)
    assert said.status_code == 202, said.text
    one = admin.get(said.headers["location"].removeprefix("/api/v1")).json()
    assert (one["state"], one["created"], one["refused"], one["file_name"]) == ("done", 2, 1, "people.csv")
    assert services.contacts.find(admin.by, "ada@example.com").attributes == {"city": "Berlin", "joined": "2026-04-03"}
    refused = admin.get(f"/imports/{one['id']}/refused")
    assert refused.headers["content-type"].startswith("text/csv")
    assert "nonsense" in refused.text
    assert [each["id"] for each in admin.get("/imports").json()["data"]] == [one["id"]]


def test_a_check_says_what_would_happen_and_changes_nothing(services: Services, admin: Program):
    found = send(admin, gzip.compress(CSV), path="/imports/check").json()
    assert (found["rows"], found["created"], found["refused"], found["refused_rows"][0]["line"]) == (3, 2, 1, 4)
    assert services.contacts.count(admin.by) == 0
    assert admin.get("/imports").json()["data"] == []


def test_known_contacts_are_left_as_they_are_where_that_was_said(services: Services, admin: Program):
    services.contacts.save(admin.by, "ada@example.com", attributes={"city": "Oslo"})
    send(admin, CSV, f"{HOW}&existing=fill")
    assert services.contacts.find(admin.by, "ada@example.com").attributes["city"] == "Oslo"
    send(admin, CSV, HOW)
    assert services.contacts.find(admin.by, "ada@example.com").attributes["city"] == "Berlin"


def test_the_last_import_is_taken_back_once(services: Services, admin: Program):
    import_id = send(admin, CSV).json()["id"]
    assert admin.post(f"/imports/{import_id}/undo").json()["removed"] == 2
    assert services.contacts.count(admin.by) == 0
    assert admin.post(f"/imports/{import_id}/undo").status_code == 409
    assert admin.post(f"/imports/{import_id}/cancel").status_code == 409


def test_the_same_file_under_the_same_key_is_imported_once(admin: Program):
    first, again = (send(admin, CSV, **{"Idempotency-Key": "k1"}) for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    assert again.headers["idempotent-replayed"] == "true"
    assert send(admin, CSV + b"x@example.com,,\n", **{"Idempotency-Key": "k1"}).status_code == 422


@pytest.mark.parametrize(
    ("data", "how", "says"),
    [
        (b"", "list=Readers", "empty"),
        (b"\xff\xfe\x00", "list=Readers", "UTF-16"),
        (CSV, "list=Readers&map=Mail", "COLUMN=VALUE"),
        (CSV, "list=Readers&map=Nope=email", "no column"),
        (CSV, "list=Readers&type=City=colour", "not a type"),
        (CSV, "", "query"),
    ],
)
def test_what_cant_be_read_is_refused_in_words(admin: Program, data: bytes, how: str, says: str):
    said = send(admin, data, how, "/imports/check")
    assert said.status_code == 422
    assert says in said.text


def test_a_file_that_is_too_large_is_refused_before_it_is_read(admin: Program):
    said = send(admin, b"x", **{"Content-Length": str(uploads.LARGEST_FILE + 1)})
    assert said.status_code == 413


def test_nothing_is_left_of_a_file_once_it_was_answered(services: Services, admin: Program):
    send(admin, CSV)
    send(admin, b"")
    send(admin, CSV, path="/imports/check")
    assert list(services.settings.uploads_dir.iterdir()) == []


def test_who_may_not_import_sends_nothing(services: Services, member: Member, program: Login):
    assert send(program(member(Role.ANALYST)), CSV).status_code == 403
    assert not services.settings.uploads_dir.exists()
