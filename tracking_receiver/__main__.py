"""`python -m tracking_receiver`: run the receiver until it is told to stop.

SIGTERM answers open requests and ends; SIGHUP puts new processes in the place of the old ones, while the port stays open.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys

from core import logs
from core.errors import PostwrightError
from core.settings import Settings
from tracking_receiver.listening import listen, taken_over
from tracking_receiver.serving import Role, serve
from tracking_receiver.workers import Workers

_MOST_WORKERS = 64


def main() -> int:
    """Read the command line, serve, and return the exit status."""
    given = _parser().parse_args()
    try:
        settings = Settings.load()
        logs.configure(settings, "receiver")
        listening = listen(given.host, given.port) if given.socket < 0 else taken_over(given.socket)
        if given.workers > 1 and given.parent < 0:
            Workers(listening, given.workers).run()
        elif serve(settings, listening, Role(is_worker=given.parent >= 0, parent=given.parent, ready=given.ready)):
            _start_anew(listening)
    except PostwrightError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tracking_receiver", description="Receives opens, clicks, unsubscribes and conversions.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; `::` for every address, IPv4 and IPv6")
    parser.add_argument("--port", type=int, default=8600)
    parser.add_argument("--workers", type=int, default=1, choices=range(1, _MOST_WORKERS + 1), metavar="N", help="processes that answer")
    # What a process of ours passes on to the next: the listening socket, a pipe that ends with the parent, one that tells it of readiness.
    for passed_on in ("--socket", "--parent", "--ready"):
        parser.add_argument(passed_on, type=int, default=-1, help=argparse.SUPPRESS)
    return parser


def _start_anew(listening: socket.socket) -> None:
    """Become a new process, of the program as it lies on the disk now; who connects meanwhile waits in the socket's queue."""
    listening.set_inheritable(True)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # stays so until the new process can obey: a second one must not end it
    command = [sys.executable, "-m", "tracking_receiver", "--socket", str(listening.fileno())]
    os.execv(sys.executable, command)  # noqa: S606 - our own program


if __name__ == "__main__":
    sys.exit(main())
