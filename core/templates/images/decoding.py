"""Opening pictures that somebody sent: in a process of its own, with little memory, little time and no secrets."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import InvalidInput, Unavailable
from core.templates.images.endings import has_foreign_ending
from core.templates.images.recognising import Format, recognise
from core.templates.images.reworking import MAX_ANIMATED_BYTES, MAX_FRAMES, MAX_PIXELS

MAX_BYTES = 10 << 20
_PROGRAM = Path(__file__).with_name("reworking.py")
_SECONDS = 30
_AT_ONCE = 2  # each may take more than a gigabyte for a moment
_WAIT_SECONDS = 60
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
    if "refused" in told:
        raise _refusal(told["refused"], form)
    return Reworked(made, told["media_type"], told["width"], told["height"])


def _run(data: bytes, max_width: int) -> tuple[dict[str, Any], bytes]:
    """Have the other process do it; whatever becomes of it, it is over in time."""
    given = json.dumps({"max_width": max_width}).encode() + b"\n" + data
    command = [sys.executable, "-I", "-B", str(_PROGRAM)]
    try:
        done = subprocess.run(command, input=given, capture_output=True, timeout=_SECONDS, env={}, check=False)  # noqa: S603 - our own program
    except subprocess.TimeoutExpired:
        return {"refused": "too-much"}, b""
    line, newline, made = done.stdout.partition(b"\n")
    if done.returncode != 0 or not newline:
        return {"refused": "too-much"}, b""
    return json.loads(line), made


def _refusal(word: str, form: Format) -> InvalidInput:
    message, hint = _REFUSALS.get(word, _REFUSALS["broken"])
    if word == "broken" and form is Format.HEIC:
        hint = "Save it as JPEG, and upload that."
    return InvalidInput(message, hint=hint)
