"""What a mailbox that mail comes back to looks like to the rest, whichever protocol reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Fetched:
    """A mail in the mailbox.

    Args:
        mark: What the mailbox calls it; good until it is closed.
        data: Its bytes, or their beginning.
    """

    mark: bytes
    data: bytes


class Mailbox(Protocol):
    """A mailbox that is open; one reader at a time."""

    def batches(self) -> Iterator[Sequence[Fetched]]:
        """Yield what has not been read yet, a few mails at a time; each must be put away before the next is asked for.

        A batch may be empty: whoever reads looks in between whether to go on.

        Raises:
            Unavailable: If the server does not answer as it should; says why.
        """
        ...

    def put_away(self, read: Sequence[Fetched]) -> None:
        """See to it that these mails are not read again: they are kept elsewhere now.

        Raises:
            Unavailable: If the server does not do so; they come again.
        """
        ...

    def close(self) -> None:
        """Sign out."""
        ...
