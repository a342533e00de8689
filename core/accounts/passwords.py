"""Passwords: what is accepted, and how they are kept and compared."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import cache
from threading import Lock

import bcrypt

from core.errors import InvalidInput

SHORTEST = 12
LONGEST = 128
# 2^12 rounds take about a quarter of a second: dear for a thief of the table, bearable for a person.
ROUNDS = 12
# Stored for people who come by an identity provider: no bcrypt hash, so no password is right.
NO_PASSWORD = "!"  # noqa: S105 - the absence of one

_GOOD_ENOUGH = 3  # of 4: 10^8 guesses and more (zxcvbn's own scale)
_LOOKED_AT = 72  # characters; the estimate takes far longer for longer ones and gains nothing
# zxcvbn's remarks in our words. They are fixed sentences of the package: none quotes the password.
_WARNINGS = {
    "Repeats": "It repeats itself.",
    "Sequences": "It contains a row like “abc” or “6543”.",
    "Straight rows": "It follows the keys of a keyboard.",
    "Short keyboard": "It follows the keys of a keyboard.",
    "Recent years": "It contains a year, and years are tried first.",
    "Dates": "It contains a date, and dates are tried first.",
    "This is": "It is close to one of the passwords that are tried first.",
    "A word": "A single word is quickly found.",
    "Names": "Names are tried first.",
    "Common names": "Names are tried first.",
}
_SUGGESTIONS = {
    "Capitalization": "Capital letters help little.",
    "All-uppercase": "Capital letters help little.",
    "Reversed": "Writing a word backwards helps little.",
    "Predictable": "Signs in place of letters (“@” for “a”) help little.",
}
_one_at_a_time = Lock()  # zxcvbn keeps what it was told about one person where the next call finds it
_OWN_CHARACTERS = 8  # besides what everybody knows of the person: zxcvbn is lenient about two such words side by side
_KNOWN = "It contains your name, your address or the workspace’s name."
_MORE_WORDS = "Four random words make a good one."


def check_strength(password: str, known: Iterable[str] = ()) -> None:
    """Accept a password that is long enough and hard to guess; rules about kinds of characters only make people write them down.

    Both follow NIST SP 800-63B, section 3.1.1. The refusal never quotes the password.

    Args:
        password: As typed.
        known: What a guesser knows too: the person's name and address, the workspace's name.

    Raises:
        InvalidInput: If it is shorter than 12 or longer than 128 characters, or easy to guess; says why.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInput(f"The password needs {SHORTEST} to {LONGEST} characters.", hint=_MORE_WORDS)
    words = sorted({word.lower() for text in known for word in (text, *re.split(r"[\W_]+", text)) if len(word) > 2})
    from zxcvbn import zxcvbn  # 12 MB of words, for the few processes in which somebody chooses a password

    with _one_at_a_time:
        found = zxcvbn(password[:_LOOKED_AT], user_inputs=words, max_length=_LOOKED_AT)
    if found["score"] < _GOOD_ENOUGH:
        raise InvalidInput(_why(found), hint=" ".join([*_how(found), _MORE_WORDS]))
    if len(_without(password.lower(), words)) < _OWN_CHARACTERS:
        raise InvalidInput(f"This password is easy to guess. {_KNOWN}", hint=_MORE_WORDS)


def _without(password: str, words: list[str]) -> str:
    """Return what is left of a password without known words, spaces and the like."""
    for word in sorted(words, key=len, reverse=True):
        password = password.replace(word, " ")
    return re.sub(r"[\s_.,-]+", "", password)


def _why(found: dict[str, object]) -> str:
    feedback, sequence = found["feedback"], found["sequence"]
    assert isinstance(feedback, dict)
    assert isinstance(sequence, list)
    if any(match.get("dictionary_name") == "user_inputs" for match in sequence):
        reason = _KNOWN
    else:
        reason = next((ours for start, ours in _WARNINGS.items() if feedback["warning"].startswith(start)), "It is too predictable.")
    return f"This password is easy to guess. {reason}"


def _how(found: dict[str, object]) -> list[str]:
    feedback = found["feedback"]
    assert isinstance(feedback, dict)
    said = [ours for start, ours in _SUGGESTIONS.items() if any(one.startswith(start) for one in feedback["suggestions"])]
    return list(dict.fromkeys(said))


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


def verify(password: str, stored: str, *, rounds: int = ROUNDS) -> bool:
    """Return whether a password is the one behind a stored hash; takes the same time either way.

    Args:
        password: As typed.
        stored: The hash; what is none (`NO_PASSWORD`) is matched by nothing.
        rounds: The cost of hashes here, to spend the same time where there is none.
    """
    return matches(prehashed(password), stored, rounds=rounds)


def matches(prepared: str, stored: str, *, rounds: int = ROUNDS) -> bool:
    """Return whether a password that went through `prehashed` is the one behind a stored hash; see `verify`."""
    try:
        return bcrypt.checkpw(prepared.encode(), stored.encode())
    except ValueError:
        bcrypt.checkpw(prepared.encode(), nobodys_hash(rounds).encode())
        return False


@cache
def nobodys_hash(rounds: int = ROUNDS) -> str:
    """Return a hash that no password matches in practice, to spend the same time where there is no such person."""
    return hash_password("nobody's password, only for its cost", rounds=rounds)
