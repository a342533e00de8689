"""Bodies sent compressed: inflated no further than a limit, so that a few bytes can't become a full memory."""

from __future__ import annotations

import zlib

from tracking_receiver.bodies import Malformed, TooLarge

_GZIP = 16 + zlib.MAX_WBITS
# Each further member costs a copy of all that is behind it; who compresses a body as one needs one.
_MEMBERS = 16


class UnknownEncoding(Exception):
    """The body is compressed in a way that is not taken."""


def inflated(body: bytes, encoding: str, limit: int) -> bytes:
    """Return the body as it was before it was compressed.

    Args:
        body: As it came.
        encoding: The `Content-Encoding` header; empty for none.
        limit: How large it may become.

    Raises:
        UnknownEncoding: If it is neither plain nor gzip (RFC 1952).
        Malformed: If it is no gzip, ends early, or is put together of more parts than anybody needs.
        TooLarge: If it would pass the limit; it was not inflated further.
    """
    word = encoding.strip().lower()
    if word in ("", "identity"):
        return body
    if word not in ("gzip", "x-gzip"):
        raise UnknownEncoding
    found, rest, members = bytearray(), body, 0
    while rest:  # a gzip file may have several members, one behind the other
        members += 1
        if members > _MEMBERS:
            raise Malformed
        member = zlib.decompressobj(_GZIP)
        try:
            found += member.decompress(rest, limit + 1 - len(found))
        except zlib.error as error:
            raise Malformed from error
        if len(found) > limit:
            raise TooLarge
        if not member.eof:
            raise Malformed
        rest = member.unused_data
    return bytes(found)
