"""What a template may be called, and the words for one that is not there."""

from __future__ import annotations

from core.errors import InvalidInput, NotFound

_MAX_NAME = 200


def checked_name(name: str) -> str:
    """Return a name with single spaces.

    Raises:
        InvalidInput: If it is empty or too long.
    """
    name = " ".join(name.split())
    if not name or len(name) > _MAX_NAME:
        raise InvalidInput("A template needs a name.", hint=f"Use 1 to {_MAX_NAME} characters.")
    return name


def missing(what: str) -> NotFound:
    """Return the error for something this workspace does not have."""
    return NotFound(f"{what} does not exist in this workspace.", hint="Look under Templates for those that do.")
