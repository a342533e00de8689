"""Taking from root what lets it write where nobody may."""

from __future__ import annotations

import ctypes
import os

_DROP = 24  # PR_CAPBSET_DROP of prctl(2)
_OVERRIDE, _READ_SEARCH = 1, 2  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH of capabilities(7)


def obey_modes() -> None:
    """Make the program that this process becomes obey the modes of files and folders, also where it runs as root."""
    if os.geteuid() == 0:
        library = ctypes.CDLL(None, use_errno=True)
        for power in (_OVERRIDE, _READ_SEARCH):
            if library.prctl(_DROP, power, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "prctl")
