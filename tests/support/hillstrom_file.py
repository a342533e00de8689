"""Where the real customers of the Hillstrom e-mail experiment lie, if they are on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

VARIABLE = "POSTWRIGHT_TEST_HILLSTROM"
# Beside the project, never in it: the author states no licence.
_BESIDE = Path(__file__).parents[3] / "shared" / "data" / "hillstrom.csv"


def hillstrom_file() -> Path:
    """Return the file that the environment names, else the one beside the project; without either the test is skipped.

    A name in the environment must be right: nothing is skipped by a slip of the pen.
    """
    named = os.environ.get(VARIABLE)
    if named:
        assert Path(named).is_file(), f"{VARIABLE} names {named}, which is not a file"
        return Path(named)
    if not _BESIDE.is_file():
        pytest.skip(f"the Hillstrom file is not on this machine (no licence to ship it): name it in {VARIABLE}")
    return _BESIDE
