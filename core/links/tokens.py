"""Signed tokens in links: they say which message and link is meant, and nobody else can make them."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from enum import IntEnum

# The first byte of every token. A new key or layout gets the next number, so old mail keeps working beside it.
_FORMAT = 1
_PAYLOAD = struct.Struct(">BBQI")
_STANDARD_TO_URL = bytes.maketrans(b"+/", b"-_")
# "+" and "/" become "!", which the strict decoder refuses: each token has exactly one spelling.
_URL_TO_STANDARD = bytes.maketrans(b"-_+/", b"+/!!")


class Purpose(IntEnum):
    """What a token may be used for; one made for a purpose is refused for every other."""

    OPEN = 1
    CLICK = 2
    UNSUBSCRIBE = 3
    VIEW = 4
    CONVERSION = 5
    PREFERENCES = 6


# Tag bytes: 80 bits suffice to keep numbers honest, 128 where the token changes what a person agreed to. Payload and
# tag together are a multiple of 3, so base64 has no unused bits that could be changed without being noticed.
_TAG_BYTES = {purpose: 16 if purpose in (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES) else 10 for purpose in Purpose}
_TOKEN_CHARACTERS = {purpose: (_PAYLOAD.size + size) * 4 // 3 for purpose, size in _TAG_BYTES.items()}


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What a genuine token says.

    Args:
        message_id: The row of the ledger.
        link_id: The row of the link table, 0 where no link is meant.
    """

    message_id: int
    link_id: int


class TokenSigner:
    """Makes and checks tokens with a keyed BLAKE2s tag (RFC 7693); needs no database.

    Args:
        key: The installation's secret key, any length; a key for links alone is derived from it.
    """

    def __init__(self, key: bytes) -> None:
        derived = hashlib.blake2b(key, digest_size=32, person=b"postwright-links").digest()
        self._keyed = {purpose: hashlib.blake2s(key=derived, digest_size=size) for purpose, size in _TAG_BYTES.items()}

    def mint(self, purpose: Purpose, message_id: int, link_id: int = 0) -> str:
        """Return the token: URL-safe base64 without padding, 32 characters (40 for unsubscribe and preferences).

        Args:
            purpose: The one thing it may be used for.
            message_id: 0 to 2**64 - 1.
            link_id: 0 to 2**32 - 1; 0 means none.
        """
        payload = _PAYLOAD.pack(_FORMAT, purpose, message_id, link_id)
        tagger = self._keyed[purpose].copy()
        tagger.update(payload)
        return binascii.b2a_base64(payload + tagger.digest(), newline=False).translate(_STANDARD_TO_URL).decode()

    def verify(self, token: str, purpose: Purpose) -> TokenClaims | None:
        """Return what the token says, or None if it is not one of ours for this purpose; never raises."""
        if len(token) != _TOKEN_CHARACTERS[purpose] or not token.isascii():
            return None
        try:
            raw = binascii.a2b_base64(token.encode().translate(_URL_TO_STANDARD), strict_mode=True)
        except binascii.Error:
            return None
        payload, tag = raw[: _PAYLOAD.size], raw[_PAYLOAD.size :]
        tagger = self._keyed[purpose].copy()
        tagger.update(payload)
        if not hmac.compare_digest(tagger.digest(), tag):
            return None
        token_format, token_purpose, message_id, link_id = _PAYLOAD.unpack(payload)
        if token_format != _FORMAT or token_purpose != purpose:
            return None
        return TokenClaims(message_id, link_id)
