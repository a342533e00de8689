"""`python -m core.cli.tethered PARENT ARGUMENTS…`: become `python ARGUMENTS…`, but end when the parent ends, however it ends.

Linux keeps the wish across the exec (prctl(2), PR_SET_PDEATHSIG). It is made here and not in the parent's fork, because a
parent with threads must not run Python between fork and exec. Other systems have no such wish; there the parent's own
clean-up has to do.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent and become the program."""
    parent, arguments = int(sys.argv[1]), sys.argv[2:]
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it died in between: nobody would ever send the signal
        sys.exit(1)
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - our own programs


if __name__ == "__main__":
    main()
