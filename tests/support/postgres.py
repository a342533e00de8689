"""A throw-away PostgreSQL on loopback, started from the installed binaries and stopped at the end of the run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.support.packages import apt_get


def binaries() -> Path:
    """Return the folder of PostgreSQL's server programs; `make test` installs them where they are missing."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    if not found:
        raise RuntimeError("PostgreSQL's server is not installed: run `make test`, or apt-get install postgresql.")
    return found[-1].parent


@contextmanager
def server(*, durable: bool = False) -> Iterator[str]:
    """Yield the URL of a server: the one the environment names, or one of our own; it waits for the disk only if it is to."""
    given = os.environ.get("POSTWRIGHT_TEST_POSTGRES_URL")
    if given:
        yield given
    else:
        with own_server(durable=durable) as url:
            yield url


@contextmanager
def own_server(*, durable: bool = False) -> Iterator[str]:
    """Yield the URL of a server of our own; it waits for the disk only if it is to."""
    folder = Path(tempfile.mkdtemp(prefix="postwright-pg-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"
    _run(data, "initdb", "-U", "postgres", "-A", "trust", "--no-sync")
    options = f"-p {port} -k {folder} -h 127.0.0.1 -c fsync={'on' if durable else 'off'} -c max_connections=200"
    _start(data, options)
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        _run(data, "pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def stopped(server_url: str) -> Iterator[None]:
    """Stop a server of our own without warning, as if its machine had died; it is started again at the end."""
    with psycopg.connect(f"{server_url}/postgres") as connection:
        row = connection.execute("show data_directory").fetchone()
    assert row
    data = Path(row[0])
    options = (data / "postmaster.opts").read_text().strip().partition(" ")[2]  # what it was started with: its port among them
    _run(data, "pg_ctl", "-m", "immediate", "stop")
    try:
        yield
    finally:
        _start(data, options)


def _start(data: Path, options: str) -> None:
    _run(data, "pg_ctl", "-l", str(data.parent / "log"), "-w", "-o", options, "start")


def _run(data: Path, tool: str, *arguments: str) -> None:
    """Run a tool on a server's folder; PostgreSQL refuses to run as root, and the Debian package brings the user `postgres`."""
    user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    command = [*user, str(binaries() / tool), "-D", str(data), *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=data.parent, env={**os.environ, "LC_ALL": "C.UTF-8"})


@contextmanager
def database(server_url: str, name: str, *, template: str = "template1") -> Iterator[str]:
    """Yield the URL of a fresh database on a server; it is dropped at the end."""
    with psycopg.connect(f"{server_url}/postgres", autocommit=True) as connection:
        connection.execute(f'create database "{name}" template "{template}"')
    try:
        yield f"{server_url}/{name}"
    finally:
        with psycopg.connect(f"{server_url}/postgres", autocommit=True) as connection:
            connection.execute(f'drop database "{name}" with (force)')


def install() -> Path:
    """Return the server programs, installing Debian's package where they are missing.

    Raises:
        SystemExit: If none can be had; the storage tests are never skipped.
    """
    try:
        return binaries()
    except RuntimeError:
        apt_get("postgresql")
    try:
        return binaries()
    except RuntimeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    print(f"PostgreSQL: {'given by the environment' if os.environ.get('POSTWRIGHT_TEST_POSTGRES_URL') else install()}")
