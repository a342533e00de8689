"""Requests for the pixel: our receiver, nginx's `empty_gif`, and a server that inserts a row per hit; one machine, one run."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.links.tokens import Purpose, TokenSigner
from core.settings import Settings
from core.storage.database import Database
from core.storage.migrate import migrate
from tests.benchmarks.measure import Result
from tests.support.product import free_port
from tests.support.waiting import wait_for

PROGRAMS = ("wrk", "nginx")
SECONDS = 5
CONNECTIONS = 64
NGINX = """daemon off; worker_processes 1; pid {folder}/pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{ access_log off; server {{ listen 127.0.0.1:{port}; location / {{ empty_gif; }} }} }}"""
INSERT_PER_HIT = """
import sqlite3, sys
import uvicorn
connection = sqlite3.connect(sys.argv[1], check_same_thread=False)
connection.execute("pragma journal_mode=wal")
connection.execute("pragma synchronous=full")
connection.execute("create table hits(id integer primary key, path text, agent text)")
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    connection.execute("insert into hits(path, agent) values (?, ?)", (scope["path"], str(scope["headers"])))
    connection.commit()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"image/gif"), (b"content-length", b"43")]})
    await send({"type": "http.response.body", "body": b"x" * 43})
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), loop="uvloop", http="httptools", log_level="error")
"""


def run(folder: Path) -> list[Result]:
    """Return the results of this suite."""
    with _nginx(folder) as port:
        nginx = _load(f"http://127.0.0.1:{port}/o/pixel.gif")
    with _receiver(folder) as (port, path):
        ours = _load(f"http://127.0.0.1:{port}{path}")
    with _insert_per_hit(folder) as port:
        naive = _load(f"http://127.0.0.1:{port}/o/pixel.gif")
    return [
        Result(
            "GET /o, journaled before the answer", f"{ours:,.0f}/s", f"nginx empty_gif, nothing kept {nginx:,.0f}/s", f"{ours / nginx:.2f}×"
        ),
        Result("the same", f"{ours:,.0f}/s", f"one INSERT and commit per hit {naive:,.0f}/s", f"{ours / naive:.1f}×"),
    ]


def _load(url: str) -> float:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", url]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in printed, printed
    found = re.search(r"Requests/sec:\s+([\d.]+)", printed)
    assert found, printed
    return float(found[1])


@contextmanager
def serving(command: list[str], port: int, **environment: str) -> Iterator[None]:
    """Run a server for as long as the context lasts; inside it listens."""
    process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: _is_open(port), f"port {port}")
        yield
    finally:
        process.terminate()
        process.wait()


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _nginx(folder: Path) -> Iterator[int]:
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    with serving(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], port):
        yield port


@contextmanager
def _receiver(folder: Path) -> Iterator[tuple[int, str]]:
    port, data = free_port(), folder / "data"
    settings = Settings.load(data_dir=data, secret_key="a-key-for-benchmarks-only")
    migrate(Database(settings.resolved_database_url))
    token = TokenSigner(settings.key).mint(Purpose.OPEN, 1)
    command = [sys.executable, "-m", "tracking_receiver", "--host", "127.0.0.1", "--port", str(port)]
    with serving(command, port, POSTWRIGHT_DATA_DIR=str(data), POSTWRIGHT_SECRET_KEY="a-key-for-benchmarks-only"):
        yield port, f"/o/{token}.gif"


@contextmanager
def _insert_per_hit(folder: Path) -> Iterator[int]:
    port = free_port()
    with serving([sys.executable, "-c", INSERT_PER_HIT, str(folder / "hits.db"), str(port)], port):
        yield port
