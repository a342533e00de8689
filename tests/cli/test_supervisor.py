"""The supervisor with real processes that are small: they write their pid, serve health, or refuse to die."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.cli.children import Part
from core.cli.supervisor import Supervisor, is_healthy, port_problem, require_port
from core.errors import Conflict, Unavailable
from tests.support.waiting import wait_for

SLEEPER = "import os, pathlib, signal, sys; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); signal.pause()"
STUBBORN = """
import os, pathlib, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
while True:
    signal.pause()
"""
HEALTHY = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pid_in(path: Path, *, other_than: int = 0) -> int:
    def found() -> int:
        text = path.read_text() if path.exists() else ""
        return int(text) if text and int(text) != other_than else 0

    return wait_for(found, f"a pid in {path.name}")


def is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextmanager
def supervised(parts: list[Part], when_ready: Callable[[list[str]], None] = lambda _: None) -> Iterator[Supervisor]:
    """A supervisor at work in a thread; told to stop at the end. (The parent-death signal follows the thread that starts children.)"""
    supervisor, stop = Supervisor(parts, dict(os.environ)), threading.Event()
    thread = threading.Thread(target=supervisor.run, args=(stop, when_ready))
    thread.start()
    try:
        yield supervisor
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


@pytest.mark.faults
def test_a_part_that_is_killed_starts_again(tmp_path: Path) -> None:
    with supervised([Part("sleeper", ["-c", SLEEPER, str(tmp_path / "pid")])]):
        first = pid_in(tmp_path / "pid")
        os.kill(first, signal.SIGKILL)
        assert is_alive(pid_in(tmp_path / "pid", other_than=first))


def test_a_part_that_always_fails_is_given_growing_pauses(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with supervised([Part("broken", ["-c", "raise SystemExit(3)"])]):
        wait_for(lambda: sum("exit code 3" in line for line in caplog.messages) >= 2, "two failures")
    pauses = [float(line.rsplit(" ", 2)[1]) for line in caplog.messages if "exit code 3" in line]
    assert pauses[:2] == [0.5, 1.0]


def test_stopping_leaves_no_part_behind(tmp_path: Path) -> None:
    with supervised([Part(name, ["-c", SLEEPER, str(tmp_path / name)]) for name in ("one", "two")]):
        pids = [pid_in(tmp_path / name) for name in ("one", "two")]
    assert not any(is_alive(pid) for pid in pids)


def test_a_part_that_ignores_the_request_to_stop_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.cli.supervisor.STOP_SECONDS", 0.3)
    with supervised([Part("stubborn", ["-c", STUBBORN, str(tmp_path / "pid")])]):
        pid = pid_in(tmp_path / "pid")
    assert not is_alive(pid)


def test_readiness_is_told_once_every_health_check_answers() -> None:
    port, told = free_port(), threading.Event()
    with supervised(
        [Part("web", ["-c", HEALTHY, str(port)], f"http://127.0.0.1:{port}/healthz")], lambda sick: None if sick else told.set()
    ):
        assert told.wait(20)
        assert is_healthy(f"http://127.0.0.1:{port}/healthz")


@pytest.mark.faults
def test_parts_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    program = (
        "import os, sys, threading; from core.cli.children import Part; from core.cli.supervisor import Supervisor;"
        f"Supervisor([Part('p', ['-c', {SLEEPER!r}, sys.argv[1]])], dict(os.environ)).run(threading.Event(), print)"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "pid")])
    pid = pid_in(tmp_path / "pid")
    supervisor.kill()
    supervisor.wait()
    wait_for(lambda: not is_alive(pid), "the part's end")


def test_a_port_in_use_is_named_with_the_option_that_changes_it() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Conflict, match=f"Port {port}.*--app-port"):
            require_port("127.0.0.1", port, option="--app-port", seconds=0)
    assert port_problem("127.0.0.1", port) == 0


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(Unavailable, match="--host"):
        require_port("192.0.2.1", 8501, option="--app-port", seconds=0)
