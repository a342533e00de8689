"""Message keys: the name of one email everywhere outside, the same for every attempt, and not to be guessed."""

from __future__ import annotations

import hashlib
import hmac


class MessageKeys:
    """Makes and reads message keys: the row's number and a keyed hash of it (BLAKE2b, RFC 7693).

    Args:
        key: The installation's secret key.
    """

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.blake2b(key, digest_size=32, person=b"pw-message-key").digest()

    def of(self, message_id: int) -> str:
        """Return the key of a message."""
        return f"{message_id}-{hashlib.blake2b(b'%d' % message_id, key=self._key, digest_size=6).hexdigest()}"

    def read(self, key: str) -> int | None:
        """Return the message a key names, None if it is none of ours."""
        number = key.partition("-")[0]
        if not number.isascii() or not number.isdigit() or len(number) > 18:
            return None
        message_id = int(number)
        return message_id if hmac.compare_digest(self.of(message_id).encode(), key.encode("utf-8", "surrogatepass")) else None
