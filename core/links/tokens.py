"""Signed tokens in links: they say which message and link is meant, and nobody else can make them.

A token names the key it was signed with, so the key can be changed while mail signed with the one before is still out.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

_PAYLOAD = struct.Struct(">BBQI")
# The upper half of the second byte is the format, the lower the purpose. Format 1 has the key's id in the first byte.
# Before keys had ids the format stood in the first byte and nothing in the upper half of the second; that stays valid.
_FORMAT = 1 << 4
_FORMAT_WITHOUT_KEY_ID = 1
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


class TokenClaims(NamedTuple):
    """What a genuine token says.

    Args:
        message_id: The row of the ledger.
        link_id: The row of the link table, 0 where no link is meant.
    """

    message_id: int
    link_id: int


class _Key:
    """One secret key made ready: its id, and for each purpose a tagger to copy."""

    def __init__(self, key: bytes) -> None:
        derived = hashlib.blake2b(key, digest_size=32, person=b"postwright-links").digest()
        # The id tells which key to try, no more: it is public, and two keys may have the same.
        self.id = hashlib.blake2b(derived, digest_size=1, person=b"pw-link-key-id").digest()[0]
        self.taggers = {purpose: hashlib.blake2s(key=derived, digest_size=size) for purpose, size in _TAG_BYTES.items()}


class TokenSigner:
    """Makes and checks tokens with a keyed BLAKE2s tag (RFC 7693); needs no database.

    Args:
        key: The installation's secret key, any length; a key for links alone is derived from it.
        previous: Secret keys of before: what they signed is genuine still, but they sign nothing any more.
    """

    def __init__(self, key: bytes, previous: Sequence[bytes] = ()) -> None:
        keys = [_Key(one) for one in dict.fromkeys((key, *previous))]
        self._current = keys[0]
        # By purpose: what a token begins with (format, key and purpose in one), and whose tags may follow it.
        self._taggers = {purpose: _by_beginning(keys, purpose) for purpose in Purpose}

    def mint(self, purpose: Purpose, message_id: int, link_id: int = 0) -> str:
        """Return the token: URL-safe base64 without padding, 32 characters (40 for unsubscribe and preferences).

        Args:
            purpose: The one thing it may be used for.
            message_id: 0 to 2**64 - 1.
            link_id: 0 to 2**32 - 1; 0 means none.
        """
        payload = _PAYLOAD.pack(self._current.id, _FORMAT | purpose, message_id, link_id)
        tagger = self._current.taggers[purpose].copy()
        tagger.update(payload)
        return binascii.b2a_base64(payload + tagger.digest(), newline=False).translate(_STANDARD_TO_URL).decode()

    def mint_many(self, purpose: Purpose, message_id: int, link_ids: Sequence[int]) -> list[str]:
        """Return a token for each link of one message; see `mint`. In one go, because a newsletter has many links."""
        tagger, pack, encode = self._current.taggers[purpose], _PAYLOAD.pack, binascii.b2a_base64
        key_id, kind, tokens = self._current.id, _FORMAT | purpose, []
        for link_id in link_ids:
            payload = pack(key_id, kind, message_id, link_id)
            tagged = tagger.copy()
            tagged.update(payload)
            tokens.append(encode(payload + tagged.digest(), newline=False))
        return b"\n".join(tokens).translate(_STANDARD_TO_URL).decode().split("\n") if tokens else []

    def verify(self, token: str, purpose: Purpose) -> TokenClaims | None:
        """Return what the token says, or None if it is not one of ours for this purpose; never raises."""
        if len(token) != _TOKEN_CHARACTERS[purpose] or not token.isascii():
            return None
        try:
            raw = binascii.a2b_base64(token.encode().translate(_URL_TO_STANDARD), strict_mode=True)
        except binascii.Error:
            return None
        payload, tag = raw[: _PAYLOAD.size], raw[_PAYLOAD.size :]
        for keyed in self._taggers[purpose].get(raw[:2], ()):
            tagger = keyed.copy()
            tagger.update(payload)
            if hmac.compare_digest(tagger.digest(), tag):
                _, _, message_id, link_id = _PAYLOAD.unpack(payload)
                return TokenClaims(message_id, link_id)
        return None


def _by_beginning(keys: Sequence[_Key], purpose: Purpose) -> dict[bytes, list[hashlib.blake2s]]:
    found = {bytes((_FORMAT_WITHOUT_KEY_ID, purpose)): [key.taggers[purpose] for key in keys]}
    for key in keys:
        found.setdefault(bytes((key.id, _FORMAT | purpose)), []).append(key.taggers[purpose])
    return found
