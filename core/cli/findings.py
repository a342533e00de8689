"""What a check of `doctor` found, in words that say what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Args:
        check: What was looked at.
        level: How bad it is.
        words: What was found and, where something is wrong, what to do.
    """

    check: str
    level: Level
    words: str
