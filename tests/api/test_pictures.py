"""Pictures through the API: the body is the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.api.conftest import Program
from tests.templates.images.making import HTML, animation, photo, saved

if TYPE_CHECKING:
    from core.app import Services

LAKE = saved(photo(), "JPEG")


def upload(admin: Program, data: bytes, query: str = ""):
    return admin("POST", f"/pictures{query}", content=data, headers={"Content-Type": "application/octet-stream"})


def test_a_picture_is_uploaded_described_and_deleted(admin: Program, services: Services):
    made = upload(admin, LAKE, "?name=lake.jpg&alt=A+lake&max_width=200")

    assert made.status_code == 201, made.text
    shown = made.json()
    assert (shown["name"], shown["alt"], shown["media_type"], shown["width"], shown["height"]) == ("lake", "A lake", "image/jpeg", 200, 150)
    [kept] = services.pictures.all(admin.by)
    assert shown["url"] == services.pictures.url_of(kept)
    assert made.headers["location"] == f"/api/v1/pictures/{kept.id}"
    path = f"/pictures/{kept.id}"
    assert admin.get(path).json() == shown
    assert admin("PATCH", path, {"alt": "A lake in summer"}).json() == shown | {"alt": "A lake in summer"}
    assert admin("DELETE", path).status_code == 204
    assert admin.get(path).status_code == 404


def test_pictures_are_listed_in_pages(admin: Program):
    ids = [upload(admin, data).json()["id"] for data in (LAKE, animation())]

    first = admin.get("/pictures?limit=1").json()
    second = admin.get(f"/pictures?limit=1&cursor={first['next_cursor']}").json()

    assert [one["id"] for page in (first, second) for one in page["data"]] == ids
    assert second["next_cursor"] is None


def test_what_is_no_picture_is_refused_in_words(admin: Program, services: Services):
    for data, said in ((b"<svg/>", "SVG"), (LAKE + HTML, "hidden"), (bytes(11 << 20), "10 MB"), (b"", "empty")):
        refused = upload(admin, data)
        assert refused.status_code == 422
        assert said in refused.text
    assert services.pictures.count(admin.by) == 0


def test_what_is_used_stays(admin: Program, services: Services):
    made = upload(admin, LAKE).json()
    services.templates.save(admin.by, "Letter", f'<img src="{made["url"]}" alt="">')

    refused = admin("DELETE", f"/pictures/{made['id']}")

    assert refused.status_code == 409
    assert "Letter" in refused.text
