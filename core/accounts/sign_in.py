"""Checking who somebody is: one answer for every kind of failure, and less and less chance to guess."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.accounts import passwords
from core.accounts.credentials import Credentials, waste_the_same_time
from core.accounts.first_workspace import first_workspace, somebody
from core.accounts.sessions import Sessions
from core.accounts.throttles import PLACE, STRANGER, Throttles, place
from core.accounts.two_factor import TwoFactor
from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Denied
from core.storage.database import Database

# Compares an address and a prepared password with the stored hash, and forgives earlier failures where they match.
Check = Callable[[str, str], bool]


@dataclass(frozen=True)
class SignedIn:
    """Somebody who has proved who they are.

    Args:
        person_id: Who.
        workspace_id: Where they start: their first workspace that is not a demo.
    """

    person_id: int
    workspace_id: int


class SecondFactorNeeded(Denied):
    """The password is right, and a code is asked for as well.

    Args:
        person_id: Whose password it was; for `SignIn.second_factor`, never for the one who asks.
    """

    def __init__(self, person_id: int) -> None:
        super().__init__("A code is needed as well.", hint="Enter the one your authenticator app shows, or a recovery code.")
        self.person_id = person_id


class SignIn:
    """Finds out who somebody is; what they get for it (a cookie, a token) is up to the caller.

    Args:
        db: The operational database.
        clock: The time.
        throttles: Counts what comes from one place.
        two_factor: Who has a second factor, and whether a code is right.
        rounds: Cost of a password's hash, so that unknown people take as long as known ones.
    """

    def __init__(self, db: Database, clock: Clock, throttles: Throttles, two_factor: TwoFactor, rounds: int = passwords.ROUNDS) -> None:
        self.credentials = Credentials(db, clock)
        self._db = db
        self._clock = clock
        self._sessions = Sessions(db, clock)
        self._throttles = throttles
        self._two_factor = two_factor
        self._rounds = rounds

    def attempt(self, email: str, password: str, ip: str, check: Check | None = None, *, code: str = "") -> SignedIn:
        """Return who signs in with this password, and the code where one is needed.

        Args:
            email: As typed.
            password: As typed.
            ip: Where they are, or "" where that is not known.
            check: Compares the prepared password with what is stored; `matches` unless a page brings another engine.
            code: Of the second factor, if it is known already.

        Raises:
            SecondFactorNeeded: If the password is right and a code is missing.
            Denied: The same words whether the address is unknown, the password wrong, the account locked or disabled,
                or too many tries came from one place; other words for a wrong code.
        """
        person_id = self._with_password(email.strip().lower(), password, ip, check or self.matches)
        if not self._two_factor.is_on(person_id):
            return self.enter(person_id)
        if not code.strip():
            raise SecondFactorNeeded(person_id)
        return self.second_factor(person_id, code, ip)

    def second_factor(self, person_id: int, code: str, ip: str) -> SignedIn:
        """Finish what `attempt` began.

        Args:
            person_id: From `SecondFactorNeeded`.
            code: As typed.
            ip: Where they are, or "" where that is not known.

        Raises:
            Denied: If the code is wrong, was used before, or there were too many tries.
        """
        allowed = self._may_try_from(ip)
        if not allowed or not self._two_factor.check(person_id, code, ip):
            if allowed:
                self._note(AuditAction.SIGN_IN_FAILED, person_id, ip, "second factor")
            raise Denied(
                "That code is not right.",
                hint="Use the newest one your app shows; each is good once. After several tries you have to wait a little.",
            )
        self._was_right(ip)
        return self.enter(person_id)

    def matches(self, email: str, prepared: str) -> bool:
        """Return whether a prepared password belongs to an address, and if so forget its failed tries."""
        credential = self.credentials[email]
        right = passwords.matches(prepared, credential["password"], rounds=self._rounds)
        if right:
            self.credentials.forgive(credential["id"])
        return right

    def enter(self, person_id: int) -> SignedIn:
        """Return where somebody starts who has proved who they are.

        Raises:
            Denied: If there is no workspace they may enter.
        """
        with self._db.read() as connection:
            workspace_id = first_workspace(connection, person_id)
        if workspace_id is None:
            raise _refused()
        return SignedIn(person_id, workspace_id)

    def ticket_for(self, person_id: int) -> str:
        """Return a ticket for `Sessions.redeem`, for somebody who has just proved who they are in another way than by password."""
        return self.ticket(self.enter(person_id))

    def ticket(self, signed_in: SignedIn) -> str:
        """Return a ticket for `Sessions.redeem`."""
        return self._sessions.issue_ticket(signed_in.person_id, signed_in.workspace_id)

    def _with_password(self, email: str, password: str, ip: str, check: Check) -> int:
        allowed = self._may_try_from(ip)
        person_id = self.credentials[email]["id"] if email in self.credentials else None
        # Everything is counted before anything is compared, and for an unknown address as for a known one.
        counted = allowed and (self.credentials.begin_attempt(email) if person_id else self._throttles.begin(STRANGER, email))
        if not counted or not person_id:
            waste_the_same_time(password, self._rounds)
        if not counted or not person_id or not check(email, passwords.prehashed(password)):
            if allowed:
                locked = bool(person_id) and not counted
                self._note(AuditAction.SIGN_IN_LOCKED if locked else AuditAction.SIGN_IN_FAILED, person_id, ip, "password")
            raise _refused()
        self._was_right(ip)
        return int(person_id)

    def _may_try_from(self, ip: str) -> bool:
        return not ip or self._throttles.begin(PLACE, place(ip))

    def _was_right(self, ip: str) -> None:
        if ip:
            self._throttles.take_back(PLACE, place(ip))

    def _note(self, action: AuditAction, person_id: int | None, ip: str, factor: str) -> None:
        with self._db.transaction() as connection:
            target = f"person:{person_id}" if person_id else ""
            record(connection, self._clock.now(), somebody(connection, person_id, ip), action, target, after={"factor": factor})


def _refused() -> Denied:
    return Denied(
        "That email and password don't go together.",
        hint="Check both. After several tries you have to wait a little before the next one counts.",
    )
