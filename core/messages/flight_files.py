"""What a flight record looks like as a file, and what can be read from it."""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import orjson

# As many messages as a batch holds at most; a larger one is not recorded.
ROOM = 1_000
FORMAT = 1
_BOOT = Path("/proc/sys/kernel/random/boot_id")
# What the file is about, as a line of JSON; whether what follows holds; how many messages, and how many of them (the first) are bound
# to their connection; their numbers; a byte each how far they are.
HEADER, HOLDS, COUNTS, IDS = 1_024, 1_024, 1_032, 1_040
REACHED = IDS + ROOM * 8
SIZE = REACHED + ROOM


class Reached(IntEnum):
    """How far a message has got."""

    WAITING = 0
    BEGUN = 1
    ACCEPTED = 2
    NOT_TAKEN = 3
    REFUSED = 4


@dataclass(frozen=True)
class Errand:
    """What a drain is about.

    Args:
        workspace_id: Whose messages.
        campaign_id: Of which campaign; None for single messages.
        connection_id: Of which connection, for single messages.
    """

    workspace_id: int
    campaign_id: int | None = None
    connection_id: int | None = None


@dataclass(frozen=True)
class LeftBehind:
    """What a drain that is over left unsettled.

    Args:
        owner: The owner of its leases.
        errand: What it was about.
        reached: How far the messages of its last batch had got, by number.
        bound: Those of them that an earlier try may have brought to their connection.
    """

    owner: str
    errand: Errand
    reached: Mapping[int, Reached]
    bound: frozenset[int] = frozenset()


def this_boot() -> str | None:
    """Return what names this boot of the system, or None where the system does not tell."""
    try:
        return _BOOT.read_text().strip() or None
    except OSError:
        return None


def identity(descriptor: int) -> list[int]:
    """Return what tells an open file from every other, a copy of it among them."""
    found = os.fstat(descriptor)
    return [found.st_dev, found.st_ino]


def read(descriptor: int, boot: str | None) -> LeftBehind | None:
    """Return what a record says; None where it may not be believed."""
    try:
        whole = os.pread(descriptor, SIZE + 1, 0)
        header: Any = orjson.loads(whole[:HEADER])
        told = (header["format"], header["boot"], header["file"])
        if len(whole) != SIZE or told != (FORMAT, boot, identity(descriptor)):
            return None
        errand = Errand(int(header["workspace_id"]), *(_number(header[name]) for name in ("campaign_id", "connection_id")))
        owner = str(header["owner"])
        return LeftBehind(owner, errand, *_reached(whole)) if whole[HOLDS] == 1 else LeftBehind(owner, errand, {})
    except (OSError, ValueError, TypeError, LookupError):
        return None


def _number(value: Any) -> int | None:
    return None if value is None else int(value)


def _reached(whole: bytes) -> tuple[dict[int, Reached], frozenset[int]]:
    count, bound = struct.unpack_from("<II", whole, COUNTS)
    if not bound <= count <= ROOM:
        raise ValueError("more than there is room for")
    ids = struct.unpack_from(f"<{count}q", whole, IDS)
    reached = {message_id: Reached(value) for message_id, value in zip(ids, whole[REACHED : REACHED + count], strict=True)}
    return reached, frozenset(ids[:bound])
