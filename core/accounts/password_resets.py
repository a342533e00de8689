"""A new password by mail: a link that is good once, for half an hour, and tells nobody who has an account here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.accounts import passwords
from core.accounts.first_workspace import somebody, themselves
from core.accounts.mailing import AccountMail, Letter
from core.accounts.password_changes import known_words, store_password
from core.accounts.tables import memberships, password_resets, people
from core.accounts.throttles import RESET_FROM, RESET_OF, Throttles, place
from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Denied
from core.ids import fingerprint, random_secret
from core.storage.database import Database

LIFE = timedelta(minutes=30)
PARAMETER = "reset"
_log = logging.getLogger(__name__)

Work = Callable[[], None]


class PasswordResets:
    """Sends links for a new password, and takes the new password.

    Args:
        db: The operational database.
        clock: The time.
        throttles: Counts requests.
        mail: Sends the letter.
        app_url: Where the link leads.
        rounds: Cost of a password's hash as a power of two; tests lower it.
    """

    def __init__(
        self, db: Database, clock: Clock, throttles: Throttles, mail: AccountMail, app_url: str, rounds: int = passwords.ROUNDS
    ) -> None:
        self._db = db
        self._clock = clock
        self._throttles = throttles
        self._mail = mail
        self._app_url = app_url
        self._rounds = rounds
        self._threads = ThreadPoolExecutor(2, "password-reset")
        # Everything that depends on who was asked for is done behind the answer's back, so the answer's time tells nothing.
        self.behind: Callable[[Work], object] = self._threads.submit

    def close(self) -> None:
        """Finish what was begun."""
        self._threads.shutdown()

    def request(self, email: str, ip: str) -> None:
        """Send a link if somebody signs in with this address; nothing tells whether anybody does.

        Args:
            email: As typed.
            ip: Where the browser is, or "" where that is not known.
        """
        email = email.strip().lower()
        from_here = not ip or self._throttles.begin(RESET_FROM, place(ip))
        if from_here and self._throttles.begin(RESET_OF, email):
            self.behind(lambda: self._send(email, ip))

    def look(self, token: str) -> str:
        """Return the address a link is for, shown to who holds it; the link stays good.

        Raises:
            Denied: If it is unknown, used, too old, or a newer one was sent.
        """
        with self._db.read() as connection:
            return str(_owner(connection, token, self._clock.now()).email)

    def complete(self, token: str, new: str, ip: str = "") -> None:
        """Set a new password and use the link up; ends all sessions, and signs nobody in: a second factor is still asked for.

        Raises:
            Denied: If the link is unknown, used, too old, or a newer one was sent.
            InvalidInput: If the password can't be used; the link stays good.
        """
        with self._db.read() as connection:
            person_id = _owner(connection, token, self._clock.now()).id
            passwords.check_strength(new, known_words(connection, people.c.id == person_id))
        hashed = passwords.hash_password(new, rounds=self._rounds)
        with self._db.transaction() as connection:
            now = self._clock.now()
            # In one statement, so that of two browsers bringing it at once only one succeeds.
            mine = (
                password_resets.c.token_hash == fingerprint(token),
                password_resets.c.used_at.is_(None),
                password_resets.c.expires_at > now,
            )
            if not connection.execute(sa.update(password_resets).where(*mine).values(used_at=now)).rowcount:
                raise _no_longer_good()
            store_password(connection, person_id, hashed, now)
            record(
                connection, now, themselves(connection, person_id, ip, via="reset-link"), AuditAction.PASSWORD_RESET, f"person:{person_id}"
            )

    def _send(self, email: str, ip: str) -> None:
        """Write a link down and mail it; what fails is only logged, because whoever asked has had their answer."""
        try:
            letter = self._prepare(email, ip)
            if letter:
                self._mail.send(letter)
        except Exception as error:  # a thread's end: nobody above would hear of it
            _log.warning("the link for a new password was not sent", extra={"kind": type(error).__name__})

    def _prepare(self, email: str, ip: str) -> Letter | None:
        token, now = random_secret(), self._clock.now()
        with self._db.transaction() as connection:
            person = connection.execute(_can_sign_in().where(people.c.email == email)).first()
            person_id = person.id if person else None
            if person_id:
                connection.execute(sa.delete(password_resets).where(password_resets.c.person_id == person_id))
                row = {"token_hash": fingerprint(token), "person_id": person_id, "created_at": now, "expires_at": now + LIFE}
                connection.execute(sa.insert(password_resets).values(**row))
            target = f"person:{person_id}" if person_id else ""
            record(connection, now, somebody(connection, person_id, ip), AuditAction.PASSWORD_RESET_REQUESTED, target)
        return _letter(person.email, person.name, f"{self._app_url}/?{PARAMETER}={token}") if person else None


def _can_sign_in() -> sa.Select[tuple[object, ...]]:
    """Return everybody who has a password: who comes by an identity provider must not get one around it."""
    somewhere = sa.exists().where(memberships.c.person_id == people.c.id, memberships.c.disabled_at.is_(None))
    return sa.select(people.c.id, people.c.email, people.c.name).where(somewhere, people.c.password_hash != passwords.NO_PASSWORD)


def _owner(connection: sa.Connection, token: str, now: datetime) -> sa.Row[*tuple[Any, ...]]:
    good = (password_resets.c.token_hash == fingerprint(token), password_resets.c.used_at.is_(None), password_resets.c.expires_at > now)
    joined = people.join(password_resets, password_resets.c.person_id == people.c.id)
    row = connection.execute(sa.select(people.c.id, people.c.email).select_from(joined).where(*good)).first()
    if row is None:
        raise _no_longer_good()
    return row


def _letter(email: str, name: str, link: str) -> Letter:
    return Letter(
        to_email=email,
        to_name=name,
        subject="Choose a new password",
        paragraphs=(
            "Somebody asked for a new password for your Postwright account.",
            f"The link below is good once, for {LIFE.seconds // 60} minutes. With the new password you are signed out everywhere.",
        ),
        link=link,
        button="Choose a new password",
    )


def _no_longer_good() -> Denied:
    return Denied(
        "This link doesn’t work any more.", hint="It is good once, for half an hour, and only the newest one counts. Ask for a new one."
    )
