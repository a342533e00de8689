"""The second factor: codes an authenticator app shows (TOTP, RFC 6238), each good once, and recovery codes."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyotp
import sqlalchemy as sa

from core.accounts import passwords, recovery_codes
from core.accounts.first_workspace import themselves
from core.accounts.people import require_server
from core.accounts.tables import people
from core.accounts.throttles import CODE, OWN_PASSWORD, Throttles
from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.storage.vault import Vault

ISSUER = "Postwright"
STEP_SECONDS = 30
_TOLERATED_STEPS = (-1, 0, 1)  # clocks of phones are off by some seconds, and people type slowly (RFC 6238, section 5.2)
_CODE = re.compile(r"[0-9]{6}")


@dataclass(frozen=True)
class Enrolment:
    """What an authenticator app needs.

    Args:
        secret: To type in by hand.
        uri: The same as an `otpauth://` address, for a QR code.
    """

    secret: str
    uri: str


@dataclass(frozen=True)
class TwoFactorState:
    """Where somebody's second factor is.

    Args:
        enabled_at: Since when it is on; None while it is off.
        recovery_codes_left: How many recovery codes have not been used.
    """

    enabled_at: datetime | None
    recovery_codes_left: int


class TwoFactor:
    """Turns people's second factor on and off, and checks their codes.

    Args:
        db: The operational database.
        clock: The time.
        vault: Seals the secrets.
        throttles: Counts tries.
        rounds: Cost of a password's hash as a power of two; tests lower it.
    """

    def __init__(self, db: Database, clock: Clock, vault: Vault, throttles: Throttles, rounds: int = passwords.ROUNDS) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._throttles = throttles
        self._rounds = rounds

    def state(self, by: Principal) -> TwoFactorState:
        """Return whether the principal's own second factor is on.

        Raises:
            Denied: Without `account.manage`.
        """
        by.require(Permission.ACCOUNT_MANAGE)
        with self._db.read() as connection:
            row = _row(connection, by)
            return TwoFactorState(row.totp_enabled_at, recovery_codes.left(connection, row.id))

    def begin(self, by: Principal) -> Enrolment:
        """Return a new secret for the principal's app; it counts once a code of it was confirmed.

        Raises:
            Denied: Without `account.manage`.
            Conflict: If their second factor is on already.
        """
        by.require(Permission.ACCOUNT_MANAGE)
        secret = pyotp.random_base32()
        with self._db.transaction() as connection:
            row = _row(connection, by)
            off = (people.c.id == row.id, people.c.totp_enabled_at.is_(None))
            values = {"totp_secret": self._vault.seal(secret), "totp_last_step": None}
            if not connection.execute(sa.update(people).where(*off).values(**values)).rowcount:
                raise _is_on_already()
            record(connection, self._clock.now(), by, AuditAction.TWO_FACTOR_BEGUN, f"person:{row.id}")
        return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=row.email, issuer_name=ISSUER))

    def confirm(self, by: Principal, code: str) -> tuple[str, ...]:
        """Turn the second factor on with a first code of the app; return the recovery codes, to be shown this once.

        Raises:
            Denied: Without `account.manage`.
            InvalidInput: If the code is wrong or there were too many tries.
            Conflict: If it is on already.
        """
        by.require(Permission.ACCOUNT_MANAGE)
        if not self._throttles.begin(CODE, str(by.person_id)):
            raise _wrong_code()
        now = self._clock.now()
        with self._db.transaction() as connection:
            row = _row(connection, by)
            if row.totp_enabled_at:
                raise _is_on_already()
            if not self._use_step(connection, row, code, now):
                raise _wrong_code()
            connection.execute(sa.update(people).where(people.c.id == row.id).values(totp_enabled_at=now))
            codes = recovery_codes.renew(connection, row.id)
            record(connection, now, by, AuditAction.TWO_FACTOR_ENABLED, f"person:{row.id}")
        self._throttles.forgive(CODE, str(row.id))
        return codes

    def renew_recovery_codes(self, by: Principal, code: str) -> tuple[str, ...]:
        """Return ten new recovery codes, to be shown this once; the old ones end.

        Raises:
            Denied: Without `account.manage`.
            InvalidInput: If the code is wrong or there were too many tries.
        """
        by.require(Permission.ACCOUNT_MANAGE)
        self._require_code(by, code)
        with self._db.transaction() as connection:
            row = _row(connection, by)
            codes = recovery_codes.renew(connection, row.id)
            record(connection, self._clock.now(), by, AuditAction.RECOVERY_CODES_RENEWED, f"person:{row.id}")
        return codes

    def disable(self, by: Principal, password: str, code: str) -> None:
        """Turn the principal's own second factor off.

        Raises:
            Denied: Without `account.manage`.
            InvalidInput: If the password or the code is wrong, or there were too many tries.
        """
        by.require(Permission.ACCOUNT_MANAGE)
        with self._db.read() as connection:
            stored = _row(connection, by).password_hash
        if not self._throttles.begin(OWN_PASSWORD, str(by.person_id)) or not self._is_password(password, stored):
            raise InvalidInput("The password is not right.", hint="Type it again. After several tries you have to wait a little.")
        self._throttles.forgive(OWN_PASSWORD, str(by.person_id))
        self._require_code(by, code)
        self._forget(by, people.c.id == by.person_id)

    def reset_by_server(self, by: Principal, email: str) -> None:
        """Turn somebody's second factor off; for whoever runs the server (the command line), never for a page.

        Raises:
            Denied: For any person: people can belong to several workspaces, so no admin of one may decide this.
            NotFound: If nobody signs in with this address.
        """
        require_server(by, "A second factor can only be reset on the server.", hint="Ask whoever runs this server.")
        if not self._forget(by, people.c.email == email.strip().lower()):
            raise NotFound("Nobody signs in with this address.", hint="`postwright users list` shows who does.")

    def is_on(self, person_id: int) -> bool:
        """Return whether somebody is asked for a code when they sign in."""
        with self._db.read() as connection:
            return connection.execute(sa.select(people.c.totp_enabled_at).where(people.c.id == person_id)).scalar() is not None

    def check(self, person_id: int, code: str, ip: str = "") -> bool:
        """Return whether a code is right, and use it up: of two tries with the same code, also at once, only one succeeds.

        Args:
            person_id: Whose.
            code: From the app, or a recovery code, as typed.
            ip: Where they are, for the audit log.
        """
        if not self._throttles.begin(CODE, str(person_id)):
            return False
        now = self._clock.now()
        with self._db.transaction() as connection:
            row = connection.execute(_PERSON.where(people.c.id == person_id, people.c.totp_enabled_at.isnot(None))).first()
            if row is None:
                return False
            right = self._use_step(connection, row, code, now)
            if not right and (right := recovery_codes.use(connection, person_id, code, now)):
                by, left = themselves(connection, person_id, ip), recovery_codes.left(connection, person_id)
                record(connection, now, by, AuditAction.RECOVERY_CODE_USED, f"person:{person_id}", after={"left": left})
        if right:
            self._throttles.forgive(CODE, str(person_id))
        return right

    def _use_step(self, connection: sa.Connection, row: sa.Row[*tuple[Any, ...]], code: str, now: datetime) -> bool:
        """Return whether a code is one of the app's, and let none of its step or an earlier one be good again."""
        given = re.sub(r"\s", "", code)
        if not _CODE.fullmatch(given) or not row.totp_secret:
            return False
        totp, current = pyotp.TOTP(self._vault.open(row.totp_secret)), int(now.timestamp()) // STEP_SECONDS
        steps = [current + offset for offset in _TOLERATED_STEPS]
        right = [step for step in steps if hmac.compare_digest(totp.generate_otp(step), given)]
        if not right:
            return False
        unused = sa.or_(people.c.totp_last_step.is_(None), people.c.totp_last_step < right[-1])
        return connection.execute(sa.update(people).where(people.c.id == row.id, unused).values(totp_last_step=right[-1])).rowcount == 1

    def _require_code(self, by: Principal, code: str) -> None:
        if by.person_id is None or not self.check(by.person_id, code, by.origin):
            raise _wrong_code()

    def _is_password(self, password: str, stored: str) -> bool:
        """Return whether a password is right; whoever has none (they come by an identity provider) is not asked."""
        return stored == passwords.NO_PASSWORD or passwords.verify(password, stored, rounds=self._rounds)

    def _forget(self, by: Principal, whose: sa.ColumnElement[bool]) -> bool:
        nothing = {"totp_secret": None, "totp_enabled_at": None, "totp_last_step": None}
        with self._db.transaction() as connection:
            person_id = connection.execute(sa.update(people).where(whose).values(**nothing).returning(people.c.id)).scalar()
            if person_id is None:
                return False
            recovery_codes.forget(connection, person_id)
            record(connection, self._clock.now(), by, AuditAction.TWO_FACTOR_DISABLED, f"person:{person_id}")
        return True


_PERSON = sa.select(people.c.id, people.c.email, people.c.password_hash, people.c.totp_secret, people.c.totp_enabled_at)


def _row(connection: sa.Connection, by: Principal) -> sa.Row[*tuple[Any, ...]]:
    row = connection.execute(_PERSON.where(people.c.id == by.person_id)).first()
    if row is None:
        raise Denied("Only a person has a second factor.", hint="Sign in as one.")
    return row


def _wrong_code() -> InvalidInput:
    return InvalidInput(
        "That code is not right.",
        hint="Use the newest one your app shows; each is good once. After several tries you have to wait a little.",
    )


def _is_on_already() -> Conflict:
    return Conflict("Your second factor is on already.", hint="Turn it off first if you want to use another app.")
