"""Holding back whoever guesses: failures are counted in the database, so neither a restart nor another process forgets them."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, ip_address

import sqlalchemy as sa

from core.accounts.tables import throttles
from core.clock import Clock
from core.storage.database import Database, insert_or_ignore

# Longer than any wait but the reset's, so that waiting alone does not give a guesser a fresh start.
_QUIET = timedelta(minutes=30)
_KEEP = timedelta(days=1)
_KEY_LENGTH = 32


@dataclass(frozen=True)
class Limit:
    """How often something may fail, and how long one then has to wait.

    Args:
        name: What is counted, in front of the key.
        tries: How many tries are free; the last of them begins the first wait.
        first: The first wait; each further try doubles it.
        longest: The longest wait.
        quiet: After this long without a try everything is forgotten.
    """

    name: str
    tries: int
    first: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(minutes=15)
    quiet: timedelta = _QUIET

    def wait(self, tries: int) -> timedelta:
        """Return how long one has to wait after this many tries without success."""
        if tries < self.tries:
            return timedelta()
        doublings = min(tries - self.tries, 20)  # bounded, or the span would overflow after enough tries
        return min(self.first * (1 << doublings), self.longest)


# An office shares one address, and behind a proxy on another machine everybody may: so it is far more than one account's tries.
PLACE = Limit("place", 50)
STRANGER = Limit("stranger", 5)  # an address nobody signs in with; counted like an account's, so that both take the same time
CODE = Limit("code", 5)  # second-factor codes of one person
OWN_PASSWORD = Limit("own-password", 5)  # the current password, asked of somebody signed in
SET_UP = Limit("set-up", 10)
RESET_OF = Limit("reset-of", 3, timedelta(minutes=5), timedelta(hours=2), timedelta(hours=6))  # mails to one address
RESET_FROM = Limit("reset-from", 20, timedelta(minutes=5), timedelta(hours=2), timedelta(hours=6))


class Throttles:
    """Counts tries and says when the next one may come.

    Args:
        db: The operational database.
        clock: The time.
        key: The installation's secret key: addresses are kept as a keyed hash only.
    """

    def __init__(self, db: Database, clock: Clock, key: bytes) -> None:
        self._db = db
        self._clock = clock
        self._key = key

    def begin(self, limit: Limit, subject: str) -> bool:
        """Count a try before it is looked at, so that tries sent side by side all count; return False where one has to wait.

        Args:
            limit: What is counted.
            subject: Who or what tries.
        """
        key, now = self._row_key(limit, subject), self._clock.now()
        fresh = {"key": key, "failures": 0, "last_at": now, "locked_until": None}
        with self._db.transaction() as connection:
            insert_or_ignore(connection, throttles, [fresh])
            tries = connection.execute(_count(limit, key, now)).scalar()
            if tries is not None and (wait := limit.wait(tries)):
                connection.execute(sa.update(throttles).where(throttles.c.key == key).values(locked_until=now + wait))
        return tries is not None

    def forgive(self, limit: Limit, subject: str) -> None:
        """Forget every try: it was right."""
        with self._db.transaction() as connection:
            connection.execute(sa.delete(throttles).where(throttles.c.key == self._row_key(limit, subject)))
            self._tidy(connection)

    def take_back(self, limit: Limit, subject: str) -> None:
        """Forget this one try: it was right, but what others tried from the same place stays counted."""
        mine = sa.update(throttles).where(throttles.c.key == self._row_key(limit, subject))
        fewer = mine.where(throttles.c.failures > 0).values(failures=throttles.c.failures - 1)
        with self._db.transaction() as connection:
            left = connection.execute(fewer.returning(throttles.c.failures)).scalar()
            if left is not None and left < limit.tries:
                connection.execute(mine.values(locked_until=None))
            self._tidy(connection)

    def _tidy(self, connection: sa.Connection) -> None:
        """Drop what is long over; with every right try, so that those who only guess can't fill the table for good."""
        connection.execute(sa.delete(throttles).where(throttles.c.last_at < self._clock.now() - _KEEP))

    def _row_key(self, limit: Limit, subject: str) -> str:
        digest = hmac.new(self._key, f"throttle\x1f{limit.name}\x1f{subject}".encode(), hashlib.sha256).hexdigest()
        return f"{limit.name}:{digest[:_KEY_LENGTH]}"


def place(ip: str) -> str:
    """Return what counts as one place: an IPv4 address, or the /64 an IPv6 address is in, which one household or machine has whole.

    Args:
        ip: An address; anything else counts as it is, "" where it is not known.
    """
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return ip[:64]
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_address(int(address) >> 64 << 64)) + "/64"


def _count(limit: Limit, key: str, now: datetime) -> sa.Executable:
    free = sa.or_(throttles.c.locked_until.is_(None), throttles.c.locked_until <= now)
    counted = sa.case((throttles.c.last_at < now - limit.quiet, 1), else_=throttles.c.failures + 1)
    values = {"failures": counted, "last_at": now, "locked_until": None}
    return sa.update(throttles).where(throttles.c.key == key, free).values(**values).returning(throttles.c.failures)
