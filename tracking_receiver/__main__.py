"""`python -m tracking_receiver`: run the receiver until it is told to stop."""

from __future__ import annotations

import argparse
import sys

from core import logs
from core.errors import PostwrightError
from core.settings import Settings
from tracking_receiver.serving import serve


def main() -> int:
    """Read the command line, serve, and return the exit status."""
    parser = argparse.ArgumentParser(prog="tracking_receiver", description="Receives opens, clicks, unsubscribes and conversions.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; `::` for every address, IPv4 and IPv6")
    parser.add_argument("--port", type=int, default=8600)
    given = parser.parse_args()
    try:
        settings = Settings.load()
        logs.configure(settings, "receiver")
        serve(settings, given.host, given.port)
    except PostwrightError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
