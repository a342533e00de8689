from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from core.storage.blobs import Blobs
from tests.receiver.conftest import Site
from tests.receiver.wire import Wire
from tests.support.waiting import wait_for

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4_000
GIF = b"GIF89a" + bytes(300)
FILES = [("jpg", "image/jpeg", JPEG), ("png", "image/png", PNG), ("gif", "image/gif", GIF)]


def keep(site: Site, data: bytes, workspace: int = 1) -> str:
    """Put a file where pictures are and return its address without the ending."""
    return f"/i/{workspace}/{Blobs(site.settings.pictures_dir).put(workspace, data)}"


@pytest.mark.parametrize(("ending", "media_type", "data"), FILES)
def test_everybody_sees_a_picture_and_keeps_it(site: Site, ending: str, media_type: str, data: bytes) -> None:
    answer = site.http.get(f"{keep(site, data)}.{ending}")

    assert (answer.status_code, answer.content) == (200, data)
    headers = answer.headers
    assert (headers["content-type"], headers["content-length"]) == (media_type, str(len(data)))
    assert headers["etag"] == f'"{hashlib.sha256(data).hexdigest()}"'
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (headers["x-content-type-options"], headers["content-security-policy"]) == ("nosniff", "default-src 'none'")
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert "set-cookie" not in headers


@pytest.mark.parametrize(("ending", "media_type", "data"), FILES)
def test_whoever_has_it_need_not_get_it_again(site: Site, ending: str, media_type: str, data: bytes) -> None:
    address = f"{keep(site, data)}.{ending}"
    etag = site.http.get(address).headers["etag"]

    for known in (etag, f"W/{etag}", f'"another", {etag}', "*"):
        answer = site.http.get(address, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert site.http.get(address, headers={"If-None-Match": '"another"'}).status_code == 200


@pytest.mark.parametrize(("ending", "media_type", "data"), FILES)
def test_head_tells_all_but_the_picture(site: Site, ending: str, media_type: str, data: bytes) -> None:
    answer = site.http.head(f"{keep(site, data)}.{ending}")

    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", str(len(data)))


def test_nothing_but_a_picture_is_served(site: Site) -> None:
    """Not what only says it is one, nor what is one of another kind."""
    rows = b"email,reason\nann@example.com,There is no such domain.\n"
    address, page, jpeg = keep(site, rows), keep(site, b"<html><script>alert(1)</script>"), keep(site, JPEG)
    imported = f"/i/1/{Blobs(site.settings.data_dir / 'blobs').put(1, JPEG[:-1])}.jpg"

    for asked in (
        f"{address}.jpg",
        f"{address}.png",
        f"{page}.gif",
        f"{jpeg}.png",
        f"{jpeg}.gif",
        f"{jpeg}.svg",
        f"{jpeg}.html",
        jpeg,
        imported,
    ):
        answer = site.http.get(asked)
        assert (answer.status_code, answer.content) == (404, b""), asked


def test_a_picture_is_of_its_own_workspace(site: Site) -> None:
    address = keep(site, GIF + b"of the second", workspace=2)

    assert site.http.get(f"{address}.gif").status_code == 200
    assert site.http.get(f"{address.replace('/2/', '/1/')}.gif").status_code == 404


def test_no_address_leads_elsewhere(site: Site, filled_folder: Path) -> None:
    key = keep(site, JPEG).rpartition("/")[2]
    (site.settings.pictures_dir / "1" / "secret.jpg").write_bytes(JPEG)
    outside = filled_folder / f"{key}.jpg"
    outside.write_bytes(JPEG)

    addresses = [
        *(f"/i/1/../../{key}.jpg", f"/i/1/..%2f..%2f{key}.jpg", f"/i/../{key}.jpg", f"/i/..%2f/{key}.jpg", f"/i/%2e%2e/{key}.jpg"),
        *("/i/1/secret.jpg", f"/i/01/{key}.jpg", f"/i/0/{key}.jpg", f"/i/-1/{key}.jpg", f"/i/１/{key}.jpg", f"/i/1/{key.upper()}.jpg"),
        *(
            f"/i/1/{key}.jpg/",
            f"/i/1/{key}.jpg%00",
            f"/i/1/{key}.jpg%0a",
            f"/i/1/{key[:2]}/{key}.jpg",
            f"/i//{key}.jpg",
            "/i/1/",
            "/i/",
            "/i",
        ),
        *(f"/i/{'9' * 30}/{key}.jpg", f"/i/1/{key}%2ejpg.jpg", f"/i/1/{'a' * 5_000}.jpg"),
    ]

    for address in addresses:
        with Wire(site.port) as wire:
            wire.send(f"GET {address} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            answer = wire.answer()
        assert answer.status in {400, 404}, address
        assert JPEG[:50] not in answer.body


def test_only_looking_is_possible(site: Site) -> None:
    address = f"{keep(site, JPEG)}.jpg"

    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert site.http.request(method, address).status_code == 405
    assert site.http.get(address).content == JPEG


def test_a_reader_who_hangs_up_leaves_no_file_open(site: Site) -> None:
    large = b"GIF89a" + bytes(6 << 20)
    address = f"{keep(site, large)}.gif"
    for _ in range(20):
        with Wire(site.port) as wire:
            wire.send(f"GET {address} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    assert site.http.get(address).content == large
    wait_until_closed(site, large)


def wait_until_closed(site: Site, data: bytes) -> None:
    folder, name = Path(f"/proc/{site.process.pid}/fd"), hashlib.sha256(data).hexdigest()
    wait_for(lambda: not any(str(fd.readlink()).endswith(name) for fd in folder.iterdir() if fd.is_symlink()), "the files to be closed")


def test_pictures_show_while_the_database_is_gone_and_are_not_limited(site: Site) -> None:
    address = f"{keep(site, GIF)}.gif"

    answers = [site.http.get(address, headers={"X-Forwarded-For": "203.0.113.9"}).status_code for _ in range(700)]

    assert set(answers) == {200}
    assert "/i/{picture}" in site.http.get("/metrics").text
    assert hashlib.sha256(GIF).hexdigest() not in site.log.read_text()
