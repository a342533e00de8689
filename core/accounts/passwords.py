"""Passwords: what is accepted, and how they are kept and compared."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

import bcrypt

from core.errors import InvalidInput

SHORTEST = 12
LONGEST = 128
# 2^12 rounds take about a quarter of a second: dear for a thief of the table, bearable for a person.
ROUNDS = 12


def check_strength(password: str) -> None:
    """Accept a password by its length alone; rules about kinds of characters only make people write them down (NIST SP 800-63B).

    Raises:
        InvalidInput: If it is shorter than 12 or longer than 128 characters, or has fewer than 4 different ones.
    """
    if not SHORTEST <= len(password) <= LONGEST or len(set(password)) < 4:
        raise InvalidInput(
            f"The password needs {SHORTEST} to {LONGEST} characters and at least 4 different ones.",
            hint="Four random words make a good one.",
        )


def prehashed(password: str) -> str:
    """Return what is given to bcrypt instead of the password: bcrypt reads 72 bytes at most, this is always 44 printable ones."""
    return base64.b64encode(hashlib.sha256(password.encode()).digest()).decode()


def hash_password(password: str, *, rounds: int = ROUNDS) -> str:
    """Return the bcrypt hash that is stored for a password.

    Args:
        password: As the person typed it.
        rounds: Cost as a power of two, 4 to 31.
    """
    return bcrypt.hashpw(prehashed(password).encode(), bcrypt.gensalt(rounds)).decode()


def verify(password: str, stored: str) -> bool:
    """Return whether a password is the one behind a stored hash; takes the same time either way."""
    return bcrypt.checkpw(prehashed(password).encode(), stored.encode())


@cache
def nobodys_hash(rounds: int = ROUNDS) -> str:
    """Return a hash that no password matches in practice, to spend the same time where there is no such person."""
    return hash_password("nobody's password, only for its cost", rounds=rounds)
