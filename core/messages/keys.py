"""Message keys: the name of one email everywhere outside, the same for every attempt, and not to be guessed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence


class MessageKeys:
    """Makes and reads message keys: the row's number and a keyed hash of it (BLAKE2b, RFC 7693).

    Args:
        key: The installation's secret key.
        previous: Secret keys of before; the names they made are still read.
    """

    def __init__(self, key: bytes, previous: Sequence[bytes] = ()) -> None:
        own = [hashlib.blake2b(one, digest_size=32, person=b"pw-message-key").digest() for one in (key, *previous)]
        # Copied for every message: taking in the key anew would cost a third more.
        self._keyed = [hashlib.blake2b(key=one, digest_size=6) for one in own]

    def of(self, message_id: int) -> str:
        """Return the key of a message."""
        return _named(message_id, self._keyed[0])

    def read(self, key: str) -> int | None:
        """Return the message a key names, None if it is none of ours."""
        number = key.partition("-")[0]
        if not number.isascii() or not number.isdigit() or len(number) > 18:
            return None
        message_id, given = int(number), key.encode("utf-8", "surrogatepass")
        return message_id if any(hmac.compare_digest(_named(message_id, one).encode(), given) for one in self._keyed) else None


def _named(message_id: int, keyed: hashlib.blake2b) -> str:
    mac = keyed.copy()
    mac.update(b"%d" % message_id)
    return f"{message_id}-{mac.hexdigest()}"
