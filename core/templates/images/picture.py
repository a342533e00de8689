"""What is known of a picture, and the words people give it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.errors import InvalidInput

_MAX_NAME, _MAX_ALT = 200, 500


@dataclass(frozen=True)
class Picture:
    """A picture that emails can show.

    Args:
        id: Its number.
        workspace_id: Whose.
        name: What it is called in the library.
        blob: The SHA-256 of its bytes: its address, which nobody guesses.
        media_type: `image/jpeg`, `image/png` or `image/gif`.
        width: In pixels.
        height: In pixels.
        size: In bytes.
        alt: What it shows, for those who don't see it.
        created_by: Who uploaded it.
        created_at: When.
    """

    id: int
    workspace_id: int
    name: str
    blob: str
    media_type: str
    width: int
    height: int
    size: int
    alt: str
    created_by: str
    created_at: datetime


@dataclass(frozen=True)
class Room:
    """How much room pictures take.

    Args:
        used: Bytes of all pictures of the workspace.
        most: What they may take.
    """

    used: int
    most: int


def without_ending(name: str) -> str:
    """Return a file's name as a name: without folders, and without what it was before it was made anew."""
    name = name.replace("\\", "/").rpartition("/")[2]
    stem, dot, ending = name.rpartition(".")
    return stem if dot and stem and len(ending) <= 5 else name


def checked_name(name: str) -> str:
    """Return a name as it is kept.

    Raises:
        InvalidInput: If it is empty or too long, or can't be shown.
    """
    name = _in_a_line(name)
    if not name or len(name) > _MAX_NAME:
        raise InvalidInput("A picture needs a name.", hint=f"Use 1 to {_MAX_NAME} characters.")
    return name


def checked_alt(alt: str) -> str:
    """Return what a picture shows as it is kept.

    Raises:
        InvalidInput: If it is too long, or can't be shown.
    """
    alt = _in_a_line(alt)
    if len(alt) > _MAX_ALT:
        raise InvalidInput("What a picture shows is too long.", hint=f"Say it in {_MAX_ALT} characters; screen readers read it out whole.")
    return alt


def _in_a_line(text: str) -> str:
    """Return a text in one line.

    Raises:
        InvalidInput: If it holds letters that can't be seen, by which a name can look like another.
    """
    line = " ".join(text.split())
    if not line.isprintable():
        raise InvalidInput("There is a letter in it that can't be seen.", hint="Type it again instead of pasting it.")
    return line
