"""Identifiers: stable hashes for rows that may be seen twice, and random names for files and secrets."""

from __future__ import annotations

import hashlib
import secrets


def stable_id(*parts: object) -> int:
    """Return a 63-bit integer that is the same for the same parts, for rows that may be ingested again.

    Args:
        parts: What makes the row unique; joined by the unit separator so that ("a", "bc") differs from ("ab", "c").
    """
    return hashed_id("\x1f".join(map(str, parts)))


def hashed_id(text: str) -> int:
    """Return a 63-bit integer that stands for a text."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") >> 1


def random_name(length: int = 12) -> str:
    """Return a random lower-case hexadecimal name of `length` characters, for files and process names."""
    return secrets.token_hex((length + 1) // 2)[:length]


def random_secret() -> str:
    """Return a random URL-safe secret of 256 bits."""
    return secrets.token_urlsafe(32)


def fingerprint(secret: str) -> str:
    """Return the SHA-256 of a secret as hexadecimal; what is stored in place of the secret itself."""
    return hashlib.sha256(secret.encode()).hexdigest()
