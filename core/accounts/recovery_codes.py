"""Recovery codes: ten words to keep on paper, for the day the phone with the second factor is gone."""

from __future__ import annotations

import secrets
from datetime import datetime

import sqlalchemy as sa

from core.accounts.tables import recovery_codes
from core.ids import fingerprint

COUNT = 10
# No 0/O, 1/I/L: they are copied by hand. 16 of 31 characters are 79 bits, so a plain hash hides them well enough.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_LENGTH, _GROUP = 16, 4


def renew(connection: sa.Connection, person_id: int) -> tuple[str, ...]:
    """Give somebody ten new codes in place of what they had; only hashes are kept.

    Args:
        connection: An open transaction.
        person_id: Whose.
    """
    forget(connection, person_id)
    codes = tuple(_new() for _ in range(COUNT))
    connection.execute(sa.insert(recovery_codes), [{"person_id": person_id, "code_hash": _hash(person_id, code)} for code in codes])
    return codes


def use(connection: sa.Connection, person_id: int, code: str, now: datetime) -> bool:
    """Use a code up in one statement, so that of two tries at once only one succeeds; return whether it was good."""
    mine = (recovery_codes.c.person_id == person_id, recovery_codes.c.code_hash == _hash(person_id, code))
    good = sa.update(recovery_codes).where(*mine, recovery_codes.c.used_at.is_(None))
    return connection.execute(good.values(used_at=now)).rowcount == 1


def left(connection: sa.Connection, person_id: int) -> int:
    """Return how many codes have not been used."""
    mine = (recovery_codes.c.person_id == person_id, recovery_codes.c.used_at.is_(None))
    return int(connection.execute(sa.select(sa.func.count()).select_from(recovery_codes).where(*mine)).scalar_one())


def forget(connection: sa.Connection, person_id: int) -> None:
    """Drop all codes of a person."""
    connection.execute(sa.delete(recovery_codes).where(recovery_codes.c.person_id == person_id))


def _new() -> str:
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return "-".join(drawn[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))


def _hash(person_id: int, code: str) -> str:
    return fingerprint(f"{person_id}\x1f" + "".join(character for character in code.upper() if character.isalnum()))
