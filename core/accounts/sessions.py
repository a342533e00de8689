"""Sessions: how a sign-in becomes a cookie, and how the cookie is checked on every run of every page.

A sign-in happens in a script that talks over a websocket and can't set a cookie. So it issues a ticket, good once and for
seconds; the browser brings it to an HTTP route, which redeems it for the session's token and sets that as the cookie.
Only hashes of tickets and tokens are stored: who reads the database can't sign in with what they find.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from core.accounts.principals import COLUMNS, MEMBERS, principal_of
from core.accounts.tables import memberships, people, session_tickets, sessions
from core.clock import Clock
from core.errors import Denied
from core.ids import fingerprint, random_secret
from core.permissions import Principal
from core.storage.database import Database
from core.storage.schema import UtcDateTime

TICKET_LIFE = timedelta(seconds=30)
IDLE_LIFE = timedelta(minutes=30)
WHOLE_LIFE = timedelta(hours=12)
BROWSER, API = "browser", "api"  # kinds of session: a cookie's, and a program's refresh token's
# Being seen is written down this often at most, so that looking at pages stays a read.
_NOTE_EVERY = timedelta(minutes=1)
_KEEP_ENDED = timedelta(days=30)


class Sessions:
    """Issues, checks and ends sessions."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def issue_ticket(self, person_id: int, workspace_id: int) -> str:
        """Return a ticket for somebody whose password was just checked: good once, within 30 seconds."""
        ticket, now = random_secret(), self._clock.now()
        row = {"ticket_hash": fingerprint(ticket), "person_id": person_id, "workspace_id": workspace_id, "expires_at": now + TICKET_LIFE}
        with self._db.transaction() as connection:
            self._tidy(connection, now)
            connection.execute(sa.insert(session_tickets).values(**row))
        return ticket

    def redeem(self, ticket: str, ip: str, user_agent: str) -> str:
        """Use up a ticket and return the token of a new session; what the cookie carries.

        Args:
            ticket: From `issue_ticket`.
            ip: Where the browser is, for the list of sessions.
            user_agent: The browser's name of itself, for the same.

        Raises:
            Denied: If the ticket is unknown, used or too old.
        """
        token, now = random_secret(), self._clock.now()
        with self._db.transaction() as connection:
            person_id, workspace_id = _burn(connection, ticket, now)
            row = {"token_hash": fingerprint(token), "person_id": person_id, "workspace_id": workspace_id, "created_at": now}
            row |= {"last_seen_at": now, "expires_at": now + WHOLE_LIFE, "ip": ip[:64], "user_agent": user_agent[:256]}
            connection.execute(sa.insert(sessions).values(**row))
            connection.execute(sa.update(people).where(people.c.id == person_id).values(last_seen_at=now))
        return token

    def resolve(self, token: str) -> Principal | None:
        """Return who a token stands for, or None if it is unknown, ended, idle for 30 minutes, 12 hours old, or its person disabled."""
        now = self._clock.now()
        asked = {"token_hash": fingerprint(token), "now": now, "idle_since": now - IDLE_LIFE}
        with self._db.read() as connection:
            row = connection.execute(_ALIVE, asked).mappings().first()
            found = principal_of(connection, row, via=f"session:{row['id']}", origin=row["ip"]) if row else None
        if row and now - row["last_seen_at"] >= _NOTE_EVERY:
            self._note_seen(row, now)
        return found

    def revoke(self, token: str) -> None:
        """End a session; its token is refused from now on, whoever holds a copy."""
        self._end(sessions.c.token_hash == fingerprint(token))

    def revoke_all(self, person_id: int) -> None:
        """End every session of a person."""
        self._end(sessions.c.person_id == person_id)

    def move(self, token: str, workspace_id: int) -> None:
        """Let a session continue in another workspace of the same person.

        Raises:
            Denied: If the person may not enter that workspace.
        """
        may_enter = sa.exists().where(
            memberships.c.person_id == sessions.c.person_id,
            memberships.c.workspace_id == workspace_id,
            memberships.c.disabled_at.is_(None),
        )
        whose = (sessions.c.token_hash == fingerprint(token), sessions.c.revoked_at.is_(None), may_enter)
        with self._db.transaction() as connection:
            if not connection.execute(sa.update(sessions).where(*whose).values(workspace_id=workspace_id)).rowcount:
                raise Denied("You have no access to this workspace.", hint="An admin of the workspace can let you in.")

    def _note_seen(self, row: sa.RowMapping, now: datetime) -> None:
        with self._db.transaction() as connection:
            connection.execute(sa.update(sessions).where(sessions.c.id == row["id"]).values(last_seen_at=now))
            connection.execute(sa.update(people).where(people.c.id == row["person_id"]).values(last_seen_at=now))

    def _end(self, which: sa.ColumnElement[bool]) -> None:
        with self._db.transaction() as connection:
            connection.execute(sa.update(sessions).where(which, sessions.c.revoked_at.is_(None)).values(revoked_at=self._clock.now()))

    def _tidy(self, connection: sa.Connection, now: datetime) -> None:
        connection.execute(sa.delete(session_tickets).where(session_tickets.c.expires_at < now))
        connection.execute(sa.delete(sessions).where(sessions.c.expires_at < now - _KEEP_ENDED))


def _burn(connection: sa.Connection, ticket: str, now: datetime) -> tuple[int, int]:
    """Mark a ticket used in one statement, so that of two browsers bringing it at once only one succeeds."""
    good = (session_tickets.c.ticket_hash == fingerprint(ticket), session_tickets.c.used_at.is_(None), session_tickets.c.expires_at > now)
    returned = (session_tickets.c.person_id, session_tickets.c.workspace_id)
    row = connection.execute(sa.update(session_tickets).where(*good).values(used_at=now).returning(*returned)).first()
    if row is None:
        raise Denied("This sign-in took too long or was used before.", hint="Sign in again.")
    return int(row[0]), int(row[1])


_WHERE_THEY_ARE = sa.and_(memberships.c.person_id == sessions.c.person_id, memberships.c.workspace_id == sessions.c.workspace_id)
# Made once: this is asked on every run of every page.
_ALIVE = (
    sa.select(*COLUMNS, sessions.c.id, sessions.c.last_seen_at, sessions.c.ip)
    .select_from(MEMBERS.join(sessions, _WHERE_THEY_ARE))
    .where(
        sessions.c.token_hash == sa.bindparam("token_hash"),
        sessions.c.kind == BROWSER,
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > sa.bindparam("now", type_=UtcDateTime),
        sessions.c.last_seen_at > sa.bindparam("idle_since", type_=UtcDateTime),
        memberships.c.disabled_at.is_(None),
    )
)
