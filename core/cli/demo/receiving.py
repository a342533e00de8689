"""The receiver the demo talks to: the one that runs, else one of its own for as long as it needs it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from core.cli import running
from core.cli.addresses import LOOPBACK, choose
from core.cli.children import Child, Part
from core.cli.supervisor import is_healthy, port_problem
from core.errors import Unavailable
from core.settings import Settings

_PATIENCE_SECONDS = 30.0


@contextmanager
def a_receiver(settings: Settings) -> Iterator[str]:
    """Yield the URL of a receiver that works on this data folder, as seen from this machine.

    Raises:
        Unavailable: If none can be had.
    """
    up = running.find(settings)
    if up is not None:
        yield up.receiver_url
        return
    port = choose(settings, LOOPBACK, 0, 0).receiver_port
    if port_problem(LOOPBACK, port):
        port = _free_port()
    base = f"http://{LOOPBACK}:{port}"
    environment = {**os.environ, "POSTWRIGHT_DATA_DIR": str(settings.data_dir.resolve())}
    child = Child(Part("receiver", ["-m", "tracking_receiver", "--host", LOOPBACK, "--port", str(port)]), environment)
    child.start()
    try:
        _wait_until_healthy(f"{base}/healthz")
        yield base
    finally:
        child.ask_to_stop()
        child.make_stop(10)


def _wait_until_healthy(url: str) -> None:
    pause, left = threading.Event(), _PATIENCE_SECONDS
    while not is_healthy(url):
        left -= 0.1
        if left < 0:
            raise Unavailable("The receiver did not start.", hint="The lines above may say why.")
        pause.wait(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
