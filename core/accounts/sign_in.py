"""Checking who somebody is: one answer for every kind of failure, and less and less chance to guess."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from core.accounts import passwords
from core.accounts.credentials import Credentials, waste_the_same_time
from core.accounts.sessions import Sessions
from core.accounts.workspaces import Workspaces
from core.clock import Clock
from core.errors import Denied
from core.storage.database import Database

FAILURES_PER_ADDRESS = 100
FAILURE_SPAN = timedelta(minutes=15)
_ADDRESSES_KEPT = 10_000

# Compares an address and a prepared password with the stored hash; streamlit-authenticator in the product.
Check = Callable[[str, str], bool]


class SignIn:
    """Turns a right password into a ticket for a session.

    Args:
        db: The operational database.
        clock: The time.
        rounds: Cost of a password's hash, so that unknown people take as long as known ones.
    """

    def __init__(self, db: Database, clock: Clock, rounds: int = passwords.ROUNDS) -> None:
        self.credentials = Credentials(db, clock)
        self._sessions = Sessions(db, clock)
        self._workspaces = Workspaces(db, clock)
        self._failures = RecentFailures(clock)
        self._rounds = rounds

    def attempt(self, email: str, password: str, ip: str, check: Check) -> str:
        """Return a ticket for `Sessions.redeem`.

        Args:
            email: As typed.
            password: As typed.
            ip: Where the browser is, or "" where that is not known.
            check: Compares the prepared password with what is stored.

        Raises:
            Denied: The same words whether the address is unknown, the password wrong, the account locked or disabled,
                or too many tries came from one place.
        """
        email = email.strip().lower()
        ready = self._failures.allows(ip) and email in self.credentials and self.credentials.begin_attempt(email)
        if not ready:
            waste_the_same_time(password, self._rounds)
        if not ready or not check(email, passwords.prehashed(password)):
            self._failures.note(ip)
            raise _refused()
        return self.ticket_for(self.credentials[email]["id"])

    def ticket_for(self, person_id: int) -> str:
        """Return a ticket for somebody who has just proved who they are; it leads to their first workspace that is not a demo."""
        mine = self._workspaces.for_person(person_id)
        if not mine:
            raise _refused()
        first = min(mine, key=lambda workspace: (workspace.is_demo, workspace.id))
        return self._sessions.issue_ticket(person_id, first.id)


class RecentFailures:
    """Counts failed tries by where they came from, in memory: it only has to slow down somebody who tries many accounts.

    Args:
        clock: The time.
        limit: Failures from one address within the span before it has to wait.
        span: How long a failure counts.
    """

    def __init__(self, clock: Clock, limit: int = FAILURES_PER_ADDRESS, span: timedelta = FAILURE_SPAN) -> None:
        self._clock = clock
        self._limit = limit
        self._span = span
        self._lock = Lock()
        self._counts: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def allows(self, ip: str) -> bool:
        """Return whether another try may come from here; always where the place is not known."""
        with self._lock:
            return self._count(ip) < self._limit

    def note(self, ip: str) -> None:
        """Count a failure."""
        if not ip:
            return
        with self._lock:
            since = self._counts[ip][0] if self._count(ip) else self._clock.now()
            self._counts[ip] = (since, self._count(ip) + 1)
            self._counts.move_to_end(ip)
            if len(self._counts) > _ADDRESSES_KEPT:
                self._counts.popitem(last=False)

    def _count(self, ip: str) -> int:
        since, count = self._counts.get(ip, (self._clock.now(), 0))
        return count if self._clock.now() - since < self._span else 0


def _refused() -> Denied:
    return Denied(
        "That email and password don't go together.",
        hint="Check both. After several tries you have to wait a little before the next one counts.",
    )
