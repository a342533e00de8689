"""Opening pictures that somebody sent: in a process of its own, with little memory, little time and no secrets."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import InvalidInput, Unavailable
from core.templates.images.addresses import ENDINGS, begins_as
from core.templates.images.endings import has_foreign_ending
from core.templates.images.recognising import Format, recognise
from core.templates.images.reworking import MAX_ANIMATED_BYTES, MAX_ANSWER, MAX_FRAMES, MAX_PIXELS

MAX_BYTES = 10 << 20
_PROGRAM = Path(__file__).with_name("reworking.py")
_SECONDS = 30
_AT_ONCE = 2  # each may take more than a gigabyte for a moment
_WAIT_SECONDS = 60
_LONGEST_SIDE = 1_000_000
_TURN = threading.BoundedSemaphore(_AT_ONCE)


@dataclass(frozen=True)
class Reworked:
    """A picture made anew.

    Args:
        data: The file.
        media_type: What it is now: `image/jpeg`, `image/png` or `image/gif`.
        width: In pixels.
        height: In pixels.
    """

    data: bytes
    media_type: str
    width: int
    height: int


_REFUSALS = {
    "too-many-pixels": (
        f"This picture has more than {MAX_PIXELS // 1_000_000} million pixels.",
        "Make it smaller: an email is seldom wider than 1,200 pixels.",
    ),
    "too-much-animation": (
        f"This animation is too large: it may have {MAX_FRAMES} frames, and {MAX_ANIMATED_BYTES >> 20} MB when it is done.",
        "Make it shorter or smaller, or upload one frame of it.",
    ),
    "broken": ("This picture is damaged or not complete.", "Open it in an image program, save it anew, and upload that."),
    "too-much": ("This picture takes too much to open.", "Save it anew in an image program, smaller if you can, and upload that."),
}


def rework(data: bytes, max_width: int) -> Reworked:
    """Return a picture as emails can show it: JPEG, PNG or GIF, upright, in sRGB, not too wide, without what else was in the file.

    Args:
        data: The file as it came.
        max_width: The widest it may be, in pixels.

    Raises:
        InvalidInput: If it is no picture that can be used; says what it is and what to do.
        Unavailable: If too many pictures are opened at the moment.
    """
    if len(data) > MAX_BYTES:
        raise InvalidInput(f"This picture is larger than {MAX_BYTES >> 20} MB.", hint="Make it smaller, and upload that.")
    form = recognise(data)
    if has_foreign_ending(data, form):
        hint = "Open it in an image program, save it anew, and upload that."
        raise InvalidInput("Behind this picture something else is hidden in the same file.", hint=hint)
    if not _TURN.acquire(timeout=_WAIT_SECONDS):
        raise Unavailable("Many pictures are being opened right now.", hint="Try again in a minute.")
    try:
        told, made = _run(data, max_width)
    finally:
        _TURN.release()
    reworked = _taken(told, made)
    if reworked is None:
        raise _refusal(str(told.get("refused", "broken")), form)
    return reworked


def _run(data: bytes, max_width: int) -> tuple[dict[str, Any], bytes]:
    """Have the other process do it; whatever becomes of it, it is over in time, and what it says has an end."""
    given = json.dumps({"max_width": max_width}).encode() + b"\n" + data
    command = [sys.executable, "-I", "-B", str(_PROGRAM)]
    with tempfile.TemporaryFile() as out:
        try:
            done = subprocess.run(  # noqa: S603 - our own program
                command, input=given, stdout=out, stderr=subprocess.DEVNULL, timeout=_SECONDS, env={}, cwd="/", check=False
            )
        except subprocess.TimeoutExpired:
            return {"refused": "too-much"}, b""
        out.seek(0)
        line, _, made = out.read(MAX_ANSWER).partition(b"\n")
    return (_told(line), made) if done.returncode == 0 else ({"refused": "too-much"}, b"")


def _told(line: bytes) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except ValueError:
        return {"refused": "broken"}
    return told if isinstance(told, dict) else {"refused": "broken"}


def _taken(told: Mapping[str, Any], made: bytes) -> Reworked | None:
    """Return what came back if it is a picture: it could be the words of somebody who found a hole."""
    media_type, width, height = (told.get(name) for name in ("media_type", "width", "height"))
    is_size = all(type(side) is int and 0 < side <= _LONGEST_SIDE for side in (width, height))
    if media_type not in ENDINGS or not is_size or not begins_as(media_type, made):
        return None
    return Reworked(made, str(media_type), int(str(width)), int(str(height)))


def _refusal(word: str, form: Format) -> InvalidInput:
    message, hint = _REFUSALS.get(word, _REFUSALS["broken"])
    if word == "broken" and form is Format.HEIC:
        hint = "Save it as JPEG, and upload that."
    return InvalidInput(message, hint=hint)
