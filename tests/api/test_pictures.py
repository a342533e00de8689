"""Pictures through the API: the body is the picture, or a form with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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


def test_a_form_with_one_file_is_taken_as_well(admin: Program, services: Services):
    made = admin("POST", "/pictures?alt=A+lake", files={"photo": ("Holidays/The lake.JPG", LAKE, "image/jpeg")})

    assert made.status_code == 201, made.text
    assert (made.json()["name"], made.json()["alt"]) == ("The lake", "A lake")
    [kept] = services.pictures.all(admin.by)
    assert kept.id == upload(admin, LAKE).json()["id"]  # the same picture, byte by byte
    assert admin("POST", "/pictures?name=Sea", files={"file": ("x.gif", animation(), "image/gif")}).json()["name"] == "Sea"


def test_the_same_form_sent_again_is_done_once_whatever_its_boundary(admin: Program, services: Services):
    sent = [
        admin("POST", "/pictures", content=form(LAKE, boundary), headers={**kind(boundary), "Idempotency-Key": "once"})
        for boundary in ("aaaa", "bbbb")
    ]

    assert [one.status_code for one in sent] == [201, 201]
    assert sent[1].headers["idempotent-replayed"] == "true"
    other = admin("POST", "/pictures", content=form(animation(), "aaaa"), headers={**kind("aaaa"), "Idempotency-Key": "once"})
    assert other.status_code in {409, 422}


def form(data: bytes, boundary: str = "aaaa", name: str = 'name="file"; filename="lake.jpg"') -> bytes:
    return f"--{boundary}\r\nContent-Disposition: form-data; {name}\r\n\r\n".encode() + data + f"\r\n--{boundary}--\r\n".encode()


def kind(boundary: str = "aaaa") -> dict[str, str]:
    return {"Content-Type": f"multipart/form-data; boundary={boundary}"}


WHOLE = form(LAKE)


@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        (form(LAKE, name='name="alt"'), kind(), "something else than one file"),
        (WHOLE.removesuffix(b"--aaaa--\r\n") + WHOLE, kind(), "something else than one file"),
        (WHOLE[: len(WHOLE) // 2], kind(), "not whole"),
        (b"--aaaa--\r\n", kind(), "can’t be read"),
        (b"", kind(), "can’t be read"),
        (LAKE, kind(), "can’t be read"),
        (WHOLE, {"Content-Type": "multipart/form-data"}, "can’t be read"),
        (WHOLE, kind("a" * 5_000), "can’t be read"),
        (form(LAKE, name=f'name="file"; filename="{"x" * 20_000}"'), kind(), "can’t be read"),
        (form(b"<svg/>"), kind(), "SVG"),
        (form(b""), kind(), "empty"),
        (form(bytes(11 << 20)), kind(), "10 MB"),
    ],
    ids=[
        "a field",
        "two files",
        "half",
        "nothing in it",
        "nothing",
        "no form",
        "no boundary",
        "boundary",
        "headers",
        "svg",
        "empty",
        "large",
    ],
)
def test_a_form_that_can_t_be_used_is_refused_in_words(admin: Program, services: Services, body: bytes, headers: dict[str, str], said: str):
    refused = admin("POST", "/pictures", content=body, headers=headers)

    assert refused.status_code in {400, 422}
    assert said in refused.text and "Something went wrong" not in refused.text
    assert services.pictures.count(admin.by) == 0
