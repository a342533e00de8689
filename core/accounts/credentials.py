"""The table of people as a mapping from address to credentials: the shape streamlit-authenticator checks passwords in.

The package counts failures in the dictionary it is given and forgets them on the next run. Here the count is in the
database and goes up before the password is compared, so guesses sent side by side are all counted.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.accounts import passwords
from core.accounts.tables import memberships, people
from core.clock import Clock
from core.storage.database import Database

TRIES = 5
FIRST_LOCK = timedelta(seconds=30)
LONGEST_LOCK = timedelta(minutes=15)

# What the package writes that has no place here: whether somebody "is logged in" is a row in `sessions`.
_KEPT_ELSEWHERE = frozenset({"logged_in", "password_hint"})


class Credentials(MutableMapping[str, "Credential"]):
    """Everybody who can sign in, by address in lower case."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def __getitem__(self, email: str) -> Credential:
        """Return the credential of an address; KeyError if nobody active has it."""
        with self._db.read() as connection:
            row = connection.execute(_active().where(people.c.email == email)).mappings().first()
        if row is None:
            raise KeyError("no active person has this address")
        return Credential(self, dict(row))

    def __iter__(self) -> Iterator[str]:
        """Yield every active person's address."""
        with self._db.read() as connection:
            return iter(connection.execute(sa.select(_active().subquery().c.email)).scalars().all())

    def __len__(self) -> int:
        """Return how many active people there are."""
        with self._db.read() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(_active().subquery())).scalar_one())

    def __setitem__(self, email: str, value: Credential) -> None:
        """Refuse: people are added by `People.add` only."""
        raise TypeError("people are added by People.add")

    def __delitem__(self, email: str) -> None:
        """Refuse: people are disabled by `People.disable` only."""
        raise TypeError("people are disabled by People.disable")

    def begin_attempt(self, email: str) -> bool:
        """Count a try before the password is compared; return False where tries are locked.

        From the fifth try on without a success in between, the account is locked for 30 seconds, doubling with each
        further try up to 15 minutes.
        """
        now = self._clock.now()
        free = sa.or_(people.c.locked_until.is_(None), people.c.locked_until <= now)
        counted = sa.update(people).where(people.c.email == email, free).values(failed_attempts=people.c.failed_attempts + 1)
        with self._db.transaction() as connection:
            tries = connection.execute(counted.returning(people.c.failed_attempts)).scalar()
            if tries is not None and tries >= TRIES:
                connection.execute(sa.update(people).where(people.c.email == email).values(locked_until=locked_until(tries, now)))
        return tries is not None

    def forgive(self, person_id: int) -> None:
        """Forget the failed tries of somebody who got it right."""
        with self._db.transaction() as connection:
            connection.execute(sa.update(people).where(people.c.id == person_id).values(failed_attempts=0, locked_until=None))


class Credential(dict[str, Any]):
    """One person's credential under the names the package reads and writes."""

    def __init__(self, owner: Credentials, row: dict[str, Any]) -> None:
        super().__init__(
            id=row["id"],
            email=row["email"],
            name=row["name"],
            password=row["password_hash"],
            failed_login_attempts=row["failed_attempts"],
        )
        self._owner = owner

    def __setitem__(self, name: str, value: Any) -> None:
        """Write through what belongs in the database; a failure was counted before the comparison, only a success resets."""
        if name == "failed_login_attempts" and value == 0:
            self._owner.forgive(self["id"])
        elif name != "failed_login_attempts" and name not in _KEPT_ELSEWHERE:
            raise TypeError(f"the sign-in may not change {name}")
        super().__setitem__(name, value)


def locked_until(tries: int, now: datetime) -> datetime:
    """Return until when an account is locked after this many tries in a row without success."""
    doublings = min(max(0, tries - TRIES), 10)  # bounded, or the span would overflow after enough tries
    return now + min(FIRST_LOCK * (1 << doublings), LONGEST_LOCK)


def waste_the_same_time(password: str, rounds: int = passwords.ROUNDS) -> None:
    """Compare with nobody's hash, so that the answer for an unknown or locked account takes as long as any other."""
    passwords.verify(password, passwords.nobodys_hash(rounds))


def _active() -> sa.Select[tuple[object, ...]]:
    somewhere = sa.exists().where(memberships.c.person_id == people.c.id, memberships.c.disabled_at.is_(None))
    columns = (people.c.id, people.c.email, people.c.name, people.c.password_hash, people.c.failed_attempts)
    has_password = people.c.password_hash != passwords.NO_PASSWORD  # who comes by an identity provider only is unknown here
    return sa.select(*columns).where(somewhere, has_password)
