"""The errors people can act on: each says what happened and what to do next."""

from __future__ import annotations


class PostwrightError(Exception):
    """Something was refused or failed, in words for the person who reads it.

    Args:
        message: What happened, one sentence, no personal data.
        hint: What to do next, one sentence; may be empty.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Return the message and, where there is one, the hint, ready to show."""
        return f"{self.message} {self.hint}".strip()


class InvalidInput(PostwrightError):
    """What was given can't be used as it is; the person can correct it."""


class NotFound(PostwrightError):
    """The thing asked for does not exist in this workspace."""


class Denied(PostwrightError):
    """The person may not do this; the hint says which permission is missing and who can give it."""


class Conflict(PostwrightError):
    """The thing is in a state that does not allow this, or somebody else was first."""


class Unavailable(PostwrightError):
    """Something outside (a server, a disk, a database) does not answer; trying again later may work."""


class StorageFull(Unavailable):
    """The disk is full: nothing was acknowledged that could not be kept."""
