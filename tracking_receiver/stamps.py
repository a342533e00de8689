"""A stamp says when a form was shown, and tells one showing from another; nobody but us can make one."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from hashlib import blake2s

_PERSON = b"formstmp"
FASTEST_SECONDS = 2.0  # nobody reads a form and fills it in within this
LONGEST_SECONDS = 2 * 24 * 3600.0
_LONGEST_STAMP = 100


class Stamps:
    """Makes and reads stamps.

    Args:
        key: The secret key.
        previous: Secret keys of before.
    """

    def __init__(self, key: bytes, previous: Sequence[bytes] = ()) -> None:
        self._keys = [blake2s(each, person=_PERSON).digest() for each in (key, *previous)]

    def mint(self, now: float) -> str:
        """Return a new stamp.

        Args:
            now: Seconds since 1970.
        """
        words = f"{int(now * 1000):x}.{secrets.token_urlsafe(12)}"
        return f"{words}.{self._mark(self._keys[0], words)}"

    def age(self, stamp: str, now: float) -> float | None:
        """Return how many seconds ago a stamp was made; None if it is not ours."""
        words, _, mark = stamp[: _LONGEST_STAMP + 1].rpartition(".")
        if len(stamp) > _LONGEST_STAMP or not stamp.isascii():
            return None
        if not any(hmac.compare_digest(mark, self._mark(key, words)) for key in self._keys):
            return None
        return now - int(words.partition(".")[0], 16) / 1000

    def key_of(self, *words: str) -> str:
        """Return what stands for some words, and can't be led back to them without the secret key."""
        return blake2s("\x1f".join(words).encode("utf-8", "surrogatepass"), key=self._keys[0], digest_size=16).hexdigest()

    def _mark(self, key: bytes, words: str) -> str:
        return blake2s(words.encode(), key=key, digest_size=16).hexdigest()
