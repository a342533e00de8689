"""Names of people: what can be one."""

from __future__ import annotations

from core.errors import InvalidInput

MAX_NAME = 200


def check_person_name(name: str) -> str:
    """Return a person's name, trimmed.

    Raises:
        InvalidInput: If it is too long or holds line breaks or other control characters.
    """
    wanted = name.strip()
    if len(wanted) > MAX_NAME or any(ord(letter) < 32 or letter in "\x7f\x85\u2028\u2029" for letter in wanted):
        raise InvalidInput("A name is too long or holds a line break.", hint=f"Use at most {MAX_NAME} characters on one line.")
    return wanted
