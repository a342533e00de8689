"""Requests for the pixel: our receiver, nginx's `empty_gif`, other servers, and receivers that insert a row per hit; one run."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.links.tokens import Purpose, TokenSigner
from core.settings import Settings
from core.storage.database import Database
from core.storage.migrate import migrate
from tests.benchmarks.measure import Result
from tests.benchmarks.pixel_servers import other_servers, postgres_per_hit, sqlite_per_hit
from tests.support.product import free_port
from tests.support.waiting import wait_for

PROGRAMS = ("wrk", "nginx")
SECONDS = 3
CONNECTIONS = (64, 256)
KEY = "a-key-for-benchmarks-only"
NGINX = """daemon off; worker_processes 1; pid {folder}/pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{ access_log off; server {{ listen 127.0.0.1:{port}; location / {{ empty_gif; }} }} }}"""
# A token may be used 60 times a minute, so many of them take turns.
TOKENS = 20_000
IN_TURN = """local requests, i = {{}}, 0
init = function(args)
  for path in io.lines("{file}") do requests[#requests + 1] = wrk.format("GET", path) end
end
request = function() i = i % #requests + 1; return requests[i] end"""
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Load:
    """What wrk measured.

    Args:
        rate: Answers a second.
        p99: Milliseconds within which 99 of 100 came.
    """

    rate: float
    p99: float

    def __str__(self) -> str:
        return f"{self.rate:,.0f}/s, p99 {self.p99:.1f} ms"


def run(folder: Path) -> list[Result]:
    """Return the results of this suite."""
    opened, environment = _prepared(folder)
    results = [row for connections in CONNECTIONS for row in _beside_nginx(folder, opened, environment, connections)]
    command = [sys.executable, "-m", "tracking_receiver", "--port"]
    ours, memory = _measured(command, opened, CONNECTIONS[0], environment)
    results.append(Result("resident memory of a receiver after that", f"{memory:.0f} MB", "at most 80 MB", f"{memory / 80:.2f}×"))
    for name, other_command in other_servers(folder).items():
        other, _ = _measured(other_command, opened, CONNECTIONS[0], environment | {"PYTHONPATH": _path(folder)})
        results.append(_row("GET /o, served by uvicorn with our shortcut", ours, f"the same receiver on {name}", other))
    with postgres_per_hit() as insert:
        other, _ = _measured(insert, "/o/pixel.gif", CONNECTIONS[0], {})
    results.append(_row("GET /o (at least 6×)", ours, "one INSERT per hit into PostgreSQL, pool of 25", other))
    other, _ = _measured(sqlite_per_hit(folder), "/o/pixel.gif", CONNECTIONS[0], {})
    results.append(_row("the same", ours, "one INSERT and commit per hit in SQLite", other))
    return results


def _beside_nginx(folder: Path, opened: str, environment: dict[str, str], connections: int) -> Iterator[Result]:
    """Both are measured twice in turn: what else the machine does meets both."""
    command = [sys.executable, "-m", "tracking_receiver", "--port"]
    with _nginx(folder) as nginx, _serving(command, environment) as (ours, _):
        conversions_in_turn = str(folder / "conversions.lua")
        gif, open_, conversion = (nginx, "/o/pixel.gif"), (ours, opened), (ours, "/", conversions_in_turn)
        first, second = ([_load(port, path, connections, *script) for port, path, *script in (gif, open_, conversion)] for _ in range(2))
    nginx_load, opens, conversions = (max(pair, key=lambda load: load.rate) for pair in zip(first, second, strict=True))
    beside = "nginx empty_gif, nothing kept"
    yield _row(
        f"GET /o, written before and synced 4 ms after the answer, {connections} connections (at least 0.25×, p99 10 ms)",
        opens,
        beside,
        nginx_load,
    )
    yield _row(f"GET /e, synced before the answer, {connections} connections (at least 0.18×)", conversions, beside, nginx_load)


def _row(what: str, ours: Load, beside: str, other: Load) -> Result:
    return Result(what, str(ours), f"{beside} {other}", f"{ours.rate / other.rate:.2f}×")


def _prepared(folder: Path) -> tuple[str, dict[str, str]]:
    settings = Settings.load(data_dir=folder / "data", secret_key=KEY)
    migrate(Database(settings.resolved_database_url))
    signer = TokenSigner(settings.key)
    conversions = [f"/e/{signer.mint(Purpose.CONVERSION, n)}?value=19.90&currency=EUR&order_id=A-{n}" for n in range(TOKENS)]
    (folder / "conversions.txt").write_text("\n".join(conversions))
    (folder / "conversions.lua").write_text(IN_TURN.format(file=folder / "conversions.txt"))
    environment = {"POSTWRIGHT_DATA_DIR": str(settings.data_dir), "POSTWRIGHT_SECRET_KEY": KEY}
    return f"/o/{signer.mint(Purpose.OPEN, 1)}.gif", environment


def _path(folder: Path) -> str:
    return os.pathsep.join([str(folder), str(Path(__file__).parents[2])])


def _measured(command: list[str], path: str, connections: int, environment: dict[str, str]) -> tuple[Load, float]:
    with _serving(command, environment) as (port, pid):
        load = _load(port, path, connections)
        kilobytes = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert kilobytes
    return load, int(kilobytes[1]) / 1024


def _load(port: int, path: str, connections: int, script: str = "") -> Load:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", f"http://127.0.0.1:{port}{path}"]
    command += ["--script", script] if script else []
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in printed, printed
    assert "Socket errors" not in printed, printed
    rate, p99 = re.search(r"Requests/sec:\s+([\d.]+)", printed), re.search(r"99%\s+([\d.]+)(us|ms|s)", printed)
    assert rate, printed
    assert p99, printed
    return Load(float(rate[1]), float(p99[1]) * _UNITS[p99[2]])


@contextmanager
def serving(command: list[str], port: int, **environment: str) -> Iterator[int]:
    """Run a server for as long as the context lasts and yield its process; inside it listens."""
    process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: _is_open(port), f"port {port}")
        yield process.pid
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _serving(command: list[str], environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    port = free_port()
    with serving([*command, str(port)], port, **environment) as pid:
        yield port, pid


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _nginx(folder: Path) -> Iterator[int]:
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    with serving(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], port):
        yield port
