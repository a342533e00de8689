"""`postwright up` as a person starts it: real processes on free ports."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.product import POSTWRIGHT, Product, free_port, running
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("up")]
PARTS = {"tracking_receiver", "ingester", "worker", "core.ui.server"}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running(tmp_path_factory.mktemp("up") / "data") as started:
        yield started


def children(parent: int) -> dict[str, int]:
    """The parts that run under a supervisor, and one of their processes."""
    return dict(processes(parent))


def processes(parent: int) -> list[tuple[str, int]]:
    """All processes under a supervisor, with the part that each is."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            stat, command = (entry / "stat").read_text(), (entry / "cmdline").read_text()
        except OSError:
            continue
        state, parent_pid = stat.rpartition(")")[2].split()[:2]
        name = next((part for part in PARTS if part in command), "")
        if name and int(parent_pid) == parent and state != "Z":
            found.append((name, int(entry.name)))
    return found


def pid_of(product: Product) -> int:
    assert product.process
    return product.process.pid


def test_it_starts_every_part_and_says_where_it_is(product: Product) -> None:
    assert product.set_up_code()
    assert f"Open {product.app_url}" in product.log.read_text()
    assert set(children(pid_of(product))) == PARTS


def test_what_it_writes_is_for_its_user_only(product: Product) -> None:
    written = [product.data_dir / name for name in ("app.db", "queue.db", "journal")]
    assert not any(path.stat().st_mode & 0o077 for path in written)


def test_a_second_up_on_the_same_folder_is_refused_with_the_process_named(product: Product) -> None:
    again = subprocess.run([str(POSTWRIGHT), "up", "--app-port", str(free_port())], env=product.environment, capture_output=True, text=True)
    assert again.returncode == 1
    assert f"process {pid_of(product)}" in again.stderr
    assert again.stderr.count("\n") == 1
    assert set(children(pid_of(product))) == PARTS


@pytest.mark.parametrize("name", sorted(PARTS))
def test_a_killed_part_is_started_again(product: Product, name: str) -> None:
    before = children(pid_of(product))[name]
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: children(pid_of(product)).get(name, before) != before, f"another {name}")
    for url in (product.public_url, product.app_url):
        wait_for(lambda url=url: answers(f"{url}/healthz"), f"{url} to answer")


def test_the_doctor_sees_it_running(product: Product) -> None:
    findings = {finding["check"]: finding for finding in product.run("doctor")["findings"]}
    assert findings["servers"]["level"] == "ok", findings["servers"]
    assert str(pid_of(product)) in findings["servers"]["words"]


def test_sigterm_stops_every_part_and_json_is_one_object(tmp_path: Path) -> None:
    product = Product(tmp_path / "data", free_port(), free_port())
    command = [str(POSTWRIGHT), "up", "--workers", "2", "--json"]
    with subprocess.Popen(command, env=product.environment, stdout=subprocess.PIPE, text=True) as up:
        assert up.stdout
        facts = json.loads(up.stdout.readline())
        names, pids = zip(*processes(up.pid), strict=True)
        up.send_signal(signal.SIGTERM)
        rest = up.stdout.read()
    assert (facts["ok"], facts["pid"], facts["app_url"]) == (True, up.pid, product.app_url)
    assert facts["setup_code"]
    assert (up.returncode, rest) == (0, "")
    assert sorted(names) == sorted([*PARTS, "worker"])
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    product.http.close()


def test_a_port_in_use_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        product = Product(tmp_path / "data", free_port(), other.getsockname()[1])
        said = subprocess.run([str(POSTWRIGHT), "up", "--json"], env=product.environment, capture_output=True, text=True)
    assert said.returncode == 1
    assert "--receiver-port" in json.loads(said.stdout)["hint"]
    assert not (tmp_path / "data" / "app.db").exists()
    product.http.close()


def answers(url: str) -> bool:
    try:
        return httpx2.get(url).status_code == 200
    except httpx2.TransportError:
        return False
