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
        return
    folder = Path(tempfile.mkdtemp(prefix="postwright-pg-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # PostgreSQL refuses to run as root; the Debian package brings the user `postgres`.
    user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(folder, "postgres", "postgres")
    tools, data = binaries(), folder / "data"

    def run(*command: str) -> None:
        subprocess.run([*user, *command], check=True, stdout=subprocess.DEVNULL, cwd=folder, env={**os.environ, "LC_ALL": "C.UTF-8"})

    run(str(tools / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync")
    options = f"-p {port} -k {folder} -h 127.0.0.1 -c fsync={'on' if durable else 'off'} -c max_connections=200"
    run(str(tools / "pg_ctl"), "-D", str(data), "-l", str(folder / "log"), "-w", "-o", options, "start")
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        run(str(tools / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


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
