"""A throw-away Redis on loopback, started from the installed program and stopped at the end."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.support.packages import apt_get
from tests.support.product import free_port
from tests.support.waiting import wait_for


@contextmanager
def server() -> Iterator[str]:
    """Yield the URL of a server of our own."""
    port = free_port()
    folder = tempfile.mkdtemp(prefix="postwright-redis-")
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
    process = subprocess.Popen([program(), *options], stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    try:
        wait_for(lambda: _answers(url), "Redis to answer")
        yield url
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def program() -> str:
    """Return the server program; `make test` installs it where it is missing."""
    found = shutil.which("redis-server") or next((path for path in ("/usr/bin/redis-server",) if Path(path).exists()), None)
    if found is None:
        raise RuntimeError("Redis is not installed: run `make test`, or apt-get install redis-server.")
    return found


def install() -> str:
    """Return the server program, installing Debian's package where it is missing.

    Raises:
        SystemExit: If it can't be had; the tests of shared limits are never skipped.
    """
    try:
        return program()
    except RuntimeError:
        apt_get("redis-server")
    try:
        return program()
    except RuntimeError as error:
        sys.exit(str(error))


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


if __name__ == "__main__":
    print(f"Redis: {install()}")
