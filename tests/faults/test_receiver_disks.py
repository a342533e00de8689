"""A journal that can't be written, for whatever reason, and clients that go away: nothing is acknowledged that is not kept."""

from __future__ import annotations

import contextlib
import shutil
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.links.tokens import Purpose
from core.settings import Settings
from tests.faults.storm import Storm, missing
from tests.faults.without_powers import obey_modes
from tests.receiver.conftest import Site, fill, receiver, small_files
from tests.receiver.reporting import add_connection, report
from tests.support.waiting import wait_for
from tracking_receiver.hits import PIXEL

pytestmark = pytest.mark.faults
DISK = 4 * 1024 * 1024


@pytest.fixture
def folder(tmp_path: Path, migrated_file: Path) -> Path:
    found = tmp_path / "data"
    found.mkdir()
    shutil.copy(migrated_file, found / "app.db")
    fill(Settings.load(data_dir=found, secret_key="a-key-for-tests-only"))
    return found


def _nothing_is_noted(site: Site) -> None:
    """What is refused says so; what somebody waits for goes on."""
    pixel = site.http.get(site.urls.open(1))
    click = site.http.get(site.urls.click(2, 1), follow_redirects=False)
    unsubscribe = site.http.post(site.urls.unsubscribe(3))
    conversion = site.http.post(f"/e/{site.token(Purpose.CONVERSION, 4)}")
    assert (pixel.status_code, pixel.content) == (503, PIXEL)
    assert (click.status_code, click.headers["location"]) == (302, "https://shop.example/a?x=1")
    assert (unsubscribe.status_code, "try again" in unsubscribe.text) == (503, True)
    assert report(site, add_connection(site.settings), b"{}").status_code == 503
    assert (conversion.status_code, "could not be noted" in conversion.text) == (503, True)
    assert site.http.get(site.urls.unsubscribe(3)).status_code == 200  # looking needs no disk
    health = site.http.get("/healthz")
    assert (health.status_code, health.json()["journal_backlog"] > 0) == (503, True)
    assert 'write_errors_total{worker="' in site.http.get("/metrics").text


def _all_is_noted_again(site: Site) -> None:
    wait_for(lambda: site.http.get("/healthz").status_code == 200, "the journal to be written again")
    assert site.http.post(site.urls.unsubscribe(5)).status_code == 200
    noted = {(record["kind"], record["message_id"]) for record in site.records()}
    assert {("opened", 1), ("clicked", 2), ("unsubscribed", 3), ("unsubscribed", 5)} <= noted  # kept in memory meanwhile
    assert ("converted", 4) not in noted  # its shop was told to report it again
    assert "Traceback" not in site.log.read_text()


def test_a_journal_folder_that_is_read_only(folder: Path) -> None:
    journal = folder / "journal"
    journal.mkdir()
    journal.chmod(0o500)
    with receiver(folder, set_up=obey_modes) as site:
        _nothing_is_noted(site)
        journal.chmod(0o700)
        _all_is_noted_again(site)


@contextmanager
def _small_disk(path: Path) -> Iterator[bool]:
    """Mount a disk of 4 MB; yields whether that is allowed here."""
    path.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(path)], capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(path)], check=True)


def test_a_full_disk_under_load_and_what_was_acknowledged_before(folder: Path) -> None:
    """A disk of its own where one may be mounted; elsewhere files that end where the disk would."""
    with contextlib.ExitStack() as stack:
        mounted = stack.enter_context(_small_disk(folder / "journal"))
        set_up: Callable[[], None] | None = None if mounted else small_files(DISK // 8)
        ballast = folder / "journal" / "ballast"
        if mounted:
            ballast.write_bytes(b"x" * (DISK - 512 * 1024))
        site = stack.enter_context(receiver(folder, set_up=set_up))
        storm = Storm(site, add_connection(site.settings))
        storm.start()
        wait_for(lambda: storm.refused[503] >= 20, "the disk to be full")
        storm.stop()
        assert set(storm.refused) == {503}
        assert storm.answers > 100
        lost = missing(storm.acknowledged, site)
        assert set(lost) <= {"clicked"}  # a click leads on; its line waits in memory
        if mounted:
            ballast.unlink()
            wait_for(lambda: site.http.get("/healthz").status_code == 200, "the journal to be written again")
            assert not missing(storm.acknowledged, site)


def _hang_up(site: Site, sent: bytes, *, after: int = 0) -> None:
    """Send, read so much of the answer, and go without a farewell."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(sent)
        if after:
            connection.recv(after)


@pytest.fixture
def site(folder: Path) -> Iterator[Site]:
    with receiver(folder) as running:
        yield running


def test_clients_that_hang_up_at_any_moment_harm_nobody(site: Site) -> None:
    def request(method: str, path: str, body: bytes = b"", announced: int | None = None) -> bytes:
        length = len(body) if announced is None else announced
        return f"{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n".encode() + body

    def path(number: int) -> dict[str, str]:
        return {route: f"/{route}/{site.token(purpose, number, 1)}" for route, purpose in zip("ocuvep", Purpose, strict=True)}

    whole: list[Any] = []
    for number in range(1000, 1060):
        for route in "ocv":
            _hang_up(site, request("GET", path(number)[route]), after=number % 3)
            _hang_up(site, request("GET", path(number)[route])[: number - 980])
        for route in "ue":
            _hang_up(site, request("POST", path(number)[route], b"value=1", 500))  # in the middle of the body
            whole.append(request("POST", path(number + 1000)[route], b"value=1"))
            _hang_up(site, whole[-1], after=1)
    _hang_up(site, b"".join(request("GET", path(3000)["o"]) for _ in range(200)), after=10)

    wait_for(lambda: len(site.records("unsubscribed")) == 60, "whole wishes to be noted, whoever hung up afterwards")
    assert {record["message_id"] for record in site.records("unsubscribed")} == set(range(2000, 2060))
    assert site.http.get("/healthz").status_code == 200
    assert site.http.get(site.urls.open(1)).status_code == 200
    assert "Traceback" not in site.log.read_text()
