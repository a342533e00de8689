"""Small pictures of templates: due until they are taken, taken by a Chromium that reaches nothing and is ended whatever it does."""

from __future__ import annotations

import io
import os
import shutil
import socket
import stat
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from core.app import Services
from core.clock import FrozenClock
from core.errors import Denied
from core.jobs.photographing import NOBODY, Bounds, find_chromium, photograph, tidy
from core.jobs.thumbnails import Thumbnailing
from core.jobs.tidying import Tidying
from core.permissions import Principal
from core.templates.blocks.document import Document, new_block, new_section
from core.templates.blocks.kinds import BlockKind
from core.templates.thumbnails.keeping import WAITS
from tests.support.chromium import executable
from tests.support.waiting import wait_for

PICTURE = b"RIFF a picture"


def never() -> bool:
    return False


@pytest.fixture
def by(services: Services) -> Principal:
    return Principal.system(services.workspaces.create("Acme").id)


def test_a_saved_version_is_due_until_its_picture_is_taken(services: Services, by: Principal) -> None:
    shown: list[str] = []
    job = Thumbnailing(services, never, lambda html: shown.append(html) or PICTURE)
    assert not job.step()
    first = services.templates.save(by, "Tea", "<p>Hello {{ contact.first_name }}</p>")
    assert services.template_thumbnails.pictures(by, [first.id])[first.id].startswith("<svg")  # type: ignore[arg-type]
    assert job.step()
    job.close()
    assert services.template_thumbnails.pictures(by, [first.id]) == {first.id: PICTURE}
    assert "Hello Alex" in shown[0]
    assert not job.step()
    services.templates.save(by, "Tea", "<p>Second</p>")
    services.templates.save(by, "Tea", "<p>Third</p>")
    assert job.work() == 1 and len(shown) == 2  # only the newest is shown anywhere


def test_what_can_t_be_taken_is_drawn_and_tried_again_a_few_times(services: Services, by: Principal, clock: FrozenClock) -> None:
    saved = services.templates.save(by, "Green tea", "<p>Heavy</p>")
    tries: list[str] = []
    job = Thumbnailing(services, never, lambda html: tries.append(html) if "Heavy" in html else PICTURE)  # type: ignore[func-returns-value]
    for at, wait in enumerate(WAITS, 1):
        assert job.work() == 0 and len(tries) == at
        assert services.template_thumbnails.due() == []
        assert ">GT</text>" in services.template_thumbnails.pictures(by, [saved.id])[saved.id]  # type: ignore[operator]
        clock.advance(wait - timedelta(seconds=1))
        assert not job.step()
        clock.advance(timedelta(seconds=1))
        assert len(services.template_thumbnails.due()) == 1
    assert job.work() == 0 and len(tries) == len(WAITS) + 1
    clock.advance(timedelta(days=400))
    assert services.template_thumbnails.due() == []  # it is given up, until a new version


def test_a_picture_that_fails_once_is_there_after_the_second_try(services: Services, by: Principal, clock: FrozenClock) -> None:
    saved, answers = services.templates.save(by, "Tea", "<p>Hello</p>"), [None, PICTURE, PICTURE]  # the second says that Chromium works
    job = Thumbnailing(services, never, lambda html: answers.pop(0))
    assert job.work() == 0
    clock.advance(WAITS[0])
    assert job.work() == 1
    assert services.template_thumbnails.pictures(by, [saved.id]) == {saved.id: PICTURE}


def files(services: Services) -> int:
    return sum(1 for path in services.blobs.root.rglob("*") if path.is_file())


def test_pictures_of_versions_that_are_shown_nowhere_are_deleted(services: Services, by: Principal) -> None:
    job = Thumbnailing(services, never, lambda html: f"RIFF {html}".encode())
    first, other = services.templates.save(by, "Tea", "<p>One</p>"), services.templates.save(by, "Copy", "<p>One</p>")
    job.work()
    assert files(services) == 1  # they look the same
    second = services.templates.save(by, "Tea", "<p>Two</p>")
    job.work()
    shown = services.template_thumbnails.pictures(by, [other.id, second.id])
    assert (files(services), b"One" in bytes(shown[other.id]), b"Two" in bytes(shown[second.id])) == (2, True, True)  # type: ignore[arg-type]
    services.template_shelves.archive(by, other.template_id)
    services.templates.save(by, "Tea", "<p>Three</p>")
    assert services.template_thumbnails.tidy() == 1  # without a Chromium too
    assert b"One" in bytes(services.template_thumbnails.pictures(by, [other.id])[other.id])  # type: ignore[arg-type]
    assert isinstance(services.template_thumbnails.pictures(by, [first.id])[first.id], str)
    services.templates.save(by, "Copy", "<p>Four</p>")
    assert (services.template_thumbnails.tidy(), files(services), services.template_thumbnails.tidy()) == (1, 0, 0)


def test_a_picture_whose_file_is_gone_is_taken_anew(services: Services, by: Principal) -> None:
    saved = services.templates.save(by, "Tea", "<p>Hello</p>")
    job = Thumbnailing(services, never, lambda html: PICTURE)
    job.work()
    shutil.rmtree(services.blobs.root)  # a backup without its files
    assert isinstance(services.template_thumbnails.pictures(by, [saved.id])[saved.id], str)
    Tidying(services).step()
    assert job.work() == 1
    assert services.template_thumbnails.pictures(by, [saved.id]) == {saved.id: PICTURE}


def test_a_chromium_that_does_not_work_is_not_held_against_the_template(services: Services, by: Principal) -> None:
    services.templates.save(by, "Tea", "<p>Hello</p>")
    tries: list[str] = []
    job = Thumbnailing(services, never, lambda html: tries.append(html))  # type: ignore[arg-type,func-returns-value]
    assert job.work() == 0
    assert len(services.template_thumbnails.due()) == 1
    assert not job.step() and len(tries) == 2


def test_without_a_chromium_nothing_is_done(services: Services, by: Principal) -> None:
    services.templates.save(by, "Tea", "<p>Hello</p>")
    assert find_chromium(NOBODY) is None
    assert find_chromium("/nowhere/chromium") is None
    services.settings = services.settings.model_copy(update={"chromium": NOBODY})
    assert not Thumbnailing(services, never).step()


def test_a_document_is_drawn_from_what_it_is_made_of(services: Services, by: Principal) -> None:
    blocks = [new_block(kind, **({"url": "https://a.example/"} if kind is BlockKind.BUTTON else {})) for kind in BlockKind]
    document = Document(sections=(new_section("1", *blocks), new_section("1-2", new_block(BlockKind.IMAGE), background="#ffeecc")))
    saved = services.templates.save(by, "<script>", document.as_json())
    drawing = services.template_thumbnails.pictures(by, [saved.id])[saved.id]
    assert isinstance(drawing, str) and drawing.count("<rect") > 12 and "<script" not in drawing


def test_pictures_are_shown_to_who_may_see_templates_of_the_workspace(services: Services, by: Principal) -> None:
    saved = services.templates.save(by, "Tea", "<p>Hello</p>")
    Thumbnailing(services, never, lambda html: PICTURE).work()
    other = Principal.system(services.workspaces.create("Another").id)
    assert services.template_thumbnails.pictures(other, [saved.id]) == {}
    with pytest.raises(Denied):
        services.template_thumbnails.pictures(replace(by, permissions=frozenset()), [saved.id])


def test_the_workspaces_own_pictures_are_shown(services: Services, by: Principal) -> None:
    made = io.BytesIO()
    Image.new("RGB", (64, 64), "#00ff00").save(made, "PNG")
    picture = services.pictures.add(by, made.getvalue(), "leaf.png")
    shown: list[str] = []
    url = services.pictures.url_of(picture)
    services.templates.save(by, "Tea", f'<img src="{url}" alt="Leaf"><img src="https://elsewhere.example.com/x.png" alt="x">')
    Thumbnailing(services, never, lambda html: shown.append(html) or PICTURE).work()
    assert url not in shown[0] and f'src="data:{picture.media_type};base64,' in shown[0] and "https://elsewhere" in shown[0]


def test_a_picture_in_an_email_whose_file_is_gone_keeps_no_other_email_from_its_own(services: Services, by: Principal) -> None:
    other = services.templates.save(by, "Other", "<p>Hello</p>")
    made = io.BytesIO()
    Image.new("RGB", (64, 64), "#00ff00").save(made, "PNG")
    url = services.pictures.url_of(services.pictures.add(by, made.getvalue(), "leaf.png"))
    saved = services.templates.save(by, "Tea", f'<img src="{url}" alt="">')  # its turn comes first
    shutil.rmtree(services.settings.pictures_dir)
    assert Thumbnailing(services, never, lambda html: PICTURE).work() == 2
    assert services.template_thumbnails.pictures(by, [saved.id, other.id]) == {saved.id: PICTURE, other.id: PICTURE}


def test_a_picture_named_a_thousand_times_does_not_fill_the_memory(services: Services, by: Principal) -> None:
    made = io.BytesIO()
    Image.frombytes("RGB", (200, 200), os.urandom(120_000)).save(made, "PNG")
    url = services.pictures.url_of(services.pictures.add(by, made.getvalue(), "noise.png"))
    shown: list[str] = []
    services.templates.save(by, "Tea", f'<img src="{url}" alt="Noise">' * 1_000)
    Thumbnailing(services, never, lambda html: shown.append(html) or PICTURE).work()
    assert shown[0].count(url) == 1_000 and len(shown[0]) < 1_000_000  # they are not shown, as others that are too much


def test_an_email_made_of_beginnings_of_pictures_does_not_stop_the_worker(tmp_path: Path) -> None:
    begun = time.process_time()
    assert photograph(script(tmp_path, "true"), f"<p title='{'<img ' * 60_000}'>Hello</p>") is None
    assert time.process_time() - begun < 5


def test_pictures_that_would_have_to_be_loaded_are_grey_boxes(tmp_path: Path) -> None:
    told = tmp_path / "told"
    html = """<img alt='a>b' src='https://example.com/1.png'><img SRC=https://example.com/2.png><img src="data:image/png;base64,AA">"""
    photograph(script(tmp_path, f'for one in "$@"; do :; done; cp "${{one#file://}}" {told}'), html)
    page = told.read_text()
    assert "example.com" not in page and page.count("data:image/svg+xml") == 2 and "data:image/png;base64,AA" in page


def script(folder: Path, body: str) -> str:
    """Return the path of something that is started as Chromium would be."""
    path = folder / "chromium"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def is_gone(pid: int) -> bool:
    try:
        return "\tZ" in Path(f"/proc/{pid}/status").read_text().replace(" ", "\t")
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("bounds", [Bounds(seconds=1), Bounds(memory=1)], ids=["time", "memory"])
def test_whatever_takes_too_much_is_ended_with_its_children(tmp_path: Path, bounds: Bounds) -> None:
    pids = tmp_path / "pids"
    hanging = script(tmp_path, f"sleep 1000 & echo $! $$ > {pids}; wait")
    assert photograph(hanging, "<p>Hello</p>", never, bounds) is None
    for pid in map(int, pids.read_text().split() if pids.exists() else ()):
        wait_for(lambda pid=pid: is_gone(pid), f"process {pid} to be gone")  # type: ignore[misc]


def test_what_a_killed_worker_left_behind_is_deleted_once_nobody_can_be_at_it(tmp_path: Path) -> None:
    old, new, other, named = (
        tmp_path / name for name in ("postwright-picture-old", "postwright-picture-new", "other", "postwright-picture-x")
    )
    for each in (old, new, other):
        (each / "profile").mkdir(parents=True)
    named.symlink_to(other)
    for each in (old, other):
        os.utime(each, (0, 0))

    tidy(str(tmp_path))

    assert sorted(one.name for one in tmp_path.iterdir()) == ["other", "postwright-picture-new", "postwright-picture-x"]
    assert (other / "profile").is_dir()


def test_a_worker_that_is_to_end_does_not_wait_for_a_picture(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    assert photograph(script(tmp_path, f"touch {begun}; exec sleep 1000"), "<p>Hello</p>", begun.exists) is None


@pytest.mark.parametrize("what", ["echo no picture", "head -c 100 /dev/zero", "true"])
def test_what_is_no_picture_is_not_kept(tmp_path: Path, what: str) -> None:
    body = f'for one in "$@"; do case "$one" in --screenshot=*) {what} > "${{one#--screenshot=}}";; esac; done'
    assert photograph(script(tmp_path, body), "<p>Hello</p>") is None


def test_chromium_is_told_nothing_of_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTWRIGHT_SECRET_KEY", "a-secret-of-the-server")
    told = tmp_path / "told"
    photograph(script(tmp_path, f'env > {told}; echo "$@" >> {told}'), "<p>Hello</p>")
    said = told.read_text()
    assert "a-secret-of-the-server" not in said and "NOTFOUND" in said
    assert ("--no-sandbox" in said) is (os.geteuid() == 0)


@pytest.mark.browser
def test_a_real_one_shows_the_mail_and_nothing_else() -> None:
    chromium = executable()
    assert chromium
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked: list[object] = []
        threading.Thread(target=lambda: asked.append(server.accept()), daemon=True).start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"
        hostile = (
            "<body style='margin:0;background:#00ff00'><script>document.body.style.background='#ff0000'</script>"
            f"<link rel=stylesheet href='{address}a.css'><img src='{address}b.png' width=1 height=1><iframe src='file:///etc/passwd'></iframe>"
            f"<style>@import url('{address}c.css'); body {{ background-image: url('{address}d.png') }}</style>"
            f"<meta http-equiv=refresh content='0;url={address}e'><p style='position:absolute;top:400px'>Hello</p></body>"
        )
        taken = photograph(chromium, hostile)
    assert taken and asked == []
    with Image.open(io.BytesIO(taken)) as image:
        assert (image.format, image.size) == ("WEBP", (480, 360))
        red, green, blue = image.convert("RGB").getpixel((400, 330))  # type: ignore[misc]
        assert green > 200 and red < 60 and blue < 60
