"""Downloads that people asked for on a page: kept for a minute, for the browser that fetches them from `/exports/…`.

A page's script would have to hold the whole file in memory. So it leaves a word of what is wanted here, under a name nobody
can guess, and the route reads it out while it is sent. Nothing is decided here: who fetches it is asked for their permission again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from core.contacts.choosing import Choice
from core.ids import fingerprint, random_secret

LIFE = timedelta(seconds=60)
KEPT = 1_000


@dataclass(frozen=True)
class Wanted:
    """Which people somebody wants, and how.

    Args:
        format: The format's word.
        columns: Keys of columns; none for the usual ones.
        choice: Only people who match this.
        contact_ids: Only these people; None for all who match.
        segment_id: Only people of this segment.
    """

    format: str
    columns: Sequence[str] = ()
    choice: Choice = Choice()  # noqa: RUF009 - frozen
    contact_ids: Sequence[int] | None = None
    segment_id: int | None = None


class Downloads:
    """What is waiting to be fetched from this process, each once and by one session only."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: OrderedDict[str, tuple[str, datetime, Wanted]] = OrderedDict()

    def put(self, token: str, wanted: Wanted, now: datetime) -> str:
        """Keep what the holder of a session token wants, and return the name to fetch it under."""
        name = random_secret()
        with self._lock:
            self._waiting[fingerprint(name)] = (fingerprint(token), now + LIFE, wanted)
            while len(self._waiting) > KEPT:
                self._waiting.popitem(last=False)
        return name

    def take(self, token: str, name: str, now: datetime) -> Wanted | None:
        """Return what the holder of this token wanted under this name, and forget it; None if it is not there, or too old."""
        key = fingerprint(name)
        with self._lock:
            whose, until, wanted = self._waiting.get(key, ("", now, None))
            if wanted is None or whose != fingerprint(token):
                return None
            del self._waiting[key]
        return wanted if now < until else None


DOWNLOADS = Downloads()
