"""The first run: a one-time code, shown where the server was started, makes the first admin."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import replace

import sqlalchemy as sa

from core.accounts.new_account import checked_account
from core.accounts.people import People, Person, add_person
from core.accounts.roles import find_role
from core.accounts.tables import people as people_table
from core.accounts.tables import setup_codes
from core.accounts.throttles import SET_UP, Throttles, place
from core.accounts.workspaces import Workspaces
from core.clock import Clock
from core.errors import Conflict, Denied
from core.ids import fingerprint
from core.permissions import Principal, Role
from core.storage.database import Database

# No 0/O, 1/I/L: the code is read from a terminal and typed. 12 of 31 characters are 59 bits.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


class Setup:
    """Knows whether the first admin is still missing, and makes them."""

    def __init__(self, db: Database, clock: Clock, workspaces: Workspaces, people: People, throttles: Throttles) -> None:
        self._db = db
        self._clock = clock
        self._workspaces = workspaces
        self._people = people
        self._throttles = throttles

    def is_needed(self) -> bool:
        """Return whether nobody can sign in yet."""
        with self._db.read() as connection:
            return _is_empty(connection)

    def new_code(self) -> str:
        """Return a fresh set-up code; earlier ones stop working.

        Raises:
            Conflict: If somebody can sign in already.
        """
        code = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))
        with self._db.transaction() as connection:
            if not _is_empty(connection):
                raise _already_done()
            connection.execute(sa.delete(setup_codes).where(setup_codes.c.used_at.is_(None)))
            connection.execute(sa.insert(setup_codes).values(code_hash=_hash(code), created_at=self._clock.now()))
        return code

    def complete(self, code: str, *, workspace_name: str, email: str, name: str, password: str, ip: str = "") -> Person:
        """Make the first workspace and its admin, and use up the code.

        Raises:
            Denied: If the code is not the one that was shown last, or too many wrong ones came from here.
            InvalidInput: If one of the other values can't be used; the code stays good.
            Conflict: If somebody can sign in already.
        """
        if not self.is_needed():
            raise _already_done()
        self._check(code, ip)
        account = checked_account(email, name, password, self._people.rounds, workspace_name)
        with self._db.transaction() as connection:
            if not _is_empty(connection):
                raise _already_done()
            self._use_up(connection, code)
            workspace = self._workspaces.create_in(connection, workspace_name)
            role = find_role(connection, workspace.id, Role.ADMIN)
            by = replace(Principal.system(workspace.id, "setup"), origin=ip)
            person_id = add_person(connection, by, account, role, self._clock.now())
            self._workspaces.join_demos(connection, person_id, Role.ADMIN)
        return Person(person_id, account["email"], account["name"], Role.ADMIN, None, None)

    def _check(self, code: str, ip: str) -> None:
        if not self._throttles.begin(SET_UP, place(ip)):
            raise Denied("There were too many wrong codes.", hint="Wait a little, then copy the code from the terminal.")
        with self._db.read() as connection:
            stored = connection.execute(sa.select(setup_codes.c.code_hash).where(setup_codes.c.used_at.is_(None))).scalars().all()
        if not any([hmac.compare_digest(_hash(code), one) for one in stored]):
            raise _wrong_code()
        self._throttles.forgive(SET_UP, place(ip))

    def _use_up(self, connection: sa.Connection, code: str) -> None:
        mine = (setup_codes.c.code_hash == _hash(code), setup_codes.c.used_at.is_(None))
        if not connection.execute(sa.update(setup_codes).where(*mine).values(used_at=self._clock.now())).rowcount:
            raise _wrong_code()


def _is_empty(connection: sa.Connection) -> bool:
    return connection.execute(sa.select(people_table.c.id).limit(1)).first() is None


def _hash(code: str) -> str:
    return fingerprint("".join(character for character in code.upper() if character.isalnum()))


def _wrong_code() -> Denied:
    return Denied("This set-up code is not right.", hint="Copy the newest one from the terminal that `make run` runs in.")


def _already_done() -> Conflict:
    return Conflict("Postwright is set up already.", hint="Sign in, or ask an admin to add you.")
