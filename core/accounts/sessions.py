"""Sessions: how a sign-in becomes a cookie, and how the cookie is checked on every run of every page.

A sign-in happens in a script that talks over a websocket and can't set a cookie. So it issues a ticket, good once and for
seconds; the browser brings it to an HTTP route, which redeems it for the session's token and sets that as the cookie.
Only hashes of tickets and tokens are stored: who reads the database can't sign in with what they find.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.accounts.browsers import in_words
from core.accounts.principals import COLUMNS, MEMBERS, principal_of
from core.accounts.tables import memberships, people, session_tickets, sessions
from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Denied, NotFound
from core.ids import fingerprint, random_secret
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.storage.schema import UtcDateTime

TICKET_LIFE = timedelta(seconds=30)
IDLE_LIFE = timedelta(minutes=30)
WHOLE_LIFE = timedelta(hours=12)
API_IDLE_LIFE = timedelta(days=7)
BROWSER, API = "browser", "api"  # kinds of session: a cookie's, and a program's refresh token's
_VIA = "session:"  # in front of a session's number, in `Principal.via`
# Being seen is written down this often at most, so that looking at pages stays a read.
_NOTE_EVERY = timedelta(minutes=1)
_KEEP_ENDED = timedelta(days=30)


@dataclass(frozen=True)
class OwnSession:
    """One of the sessions somebody has open, as they see it.

    Args:
        id: Its number.
        kind: `BROWSER` or `API`.
        created_at: When they signed in.
        last_seen_at: When it was last used, to the minute.
        ip: Where it began, or "".
        browser: With what, in words: "Firefox on Linux".
        is_this: Whether it is the one that asks.
    """

    id: int
    kind: str
    created_at: datetime
    last_seen_at: datetime
    ip: str
    browser: str
    is_this: bool


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
            session_id = connection.execute(sa.insert(sessions).values(**row).returning(sessions.c.id)).scalar_one()
            connection.execute(sa.update(people).where(people.c.id == person_id).values(last_seen_at=now))
            record(connection, now, owner(workspace_id, person_id, session_id, ip), AuditAction.SIGN_IN_SUCCEEDED, f"session:{session_id}")
        return token

    def resolve(self, token: str) -> Principal | None:
        """Return who a token stands for, or None if it is unknown, ended, idle for 30 minutes, 12 hours old, or its person disabled."""
        now = self._clock.now()
        asked = {"token_hash": fingerprint(token), "now": now, "idle_since": now - IDLE_LIFE}
        with self._db.read() as connection:
            row = connection.execute(_ALIVE, asked).mappings().first()
            found = principal_of(connection, row, via=f"{_VIA}{row['id']}", origin=row["ip"]) if row else None
        if row and now - row["last_seen_at"] >= _NOTE_EVERY:
            self._note_seen(row, now)
        return found

    def revoke(self, token: str) -> None:
        """End a session; its token is refused from now on, whoever holds a copy."""
        self._end(sessions.c.token_hash == fingerprint(token))

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
        moved = sa.update(sessions).where(*whose).values(workspace_id=workspace_id).returning(*_WHOSE)
        with self._db.transaction() as connection:
            row = connection.execute(moved).first()
            if row is None:
                raise Denied("You have no access to this workspace.", hint="An admin of the workspace can let you in.")
            record(connection, self._clock.now(), owner(*row), AuditAction.SESSION_MOVED, f"session:{row.id}")

    def mine(self, by: Principal) -> list[OwnSession]:
        """Return the principal's own open sessions in every workspace, the one that asks first, then the last used.

        Raises:
            Denied: Without `account.manage`.
        """
        by.require(Permission.ACCOUNT_MANAGE)
        now = self._clock.now()
        alive = (sessions.c.person_id == by.person_id, sessions.c.revoked_at.is_(None), sessions.c.expires_at > now)
        idle_since = sa.case(
            (sessions.c.kind == API, sa.literal(now - API_IDLE_LIFE, UtcDateTime)), else_=sa.literal(now - IDLE_LIFE, UtcDateTime)
        )
        awake = sessions.c.last_seen_at > idle_since
        order = (sessions.c.last_seen_at.desc(), sessions.c.id.desc())
        with self._db.read() as connection:
            rows = connection.execute(sa.select(sessions).where(*alive, awake).order_by(*order)).all()
        return sorted((_own(row, by) for row in rows), key=lambda one: not one.is_this)

    def revoke_one(self, by: Principal, session_id: int) -> None:
        """End one of the principal's own sessions.

        Raises:
            Denied: Without `account.manage`.
            NotFound: If it is not theirs, or has ended already.
        """
        by.require(Permission.ACCOUNT_MANAGE)
        if not self._end(sessions.c.id == session_id, sessions.c.person_id == by.person_id, by=by):
            raise NotFound("This session has ended already.", hint="Reload the page to see which are open.")

    def revoke_others(self, by: Principal) -> int:
        """End all of the principal's own sessions but the one that asks; return how many there were.

        Raises:
            Denied: Without `account.manage`.
        """
        by.require(Permission.ACCOUNT_MANAGE)
        return self._end(sessions.c.person_id == by.person_id, sessions.c.id != _this(by), by=by)

    def _note_seen(self, row: sa.RowMapping, now: datetime) -> None:
        with self._db.transaction() as connection:
            connection.execute(sa.update(sessions).where(sessions.c.id == row["id"]).values(last_seen_at=now))
            connection.execute(sa.update(people).where(people.c.id == row["person_id"]).values(last_seen_at=now))

    def _end(self, *which: sa.ColumnElement[bool], by: Principal | None = None) -> int:
        """End sessions; who ends their own is told of once, else each in the log of the workspace it was in."""
        now = self._clock.now()
        ended = sa.update(sessions).where(*which, sessions.c.revoked_at.is_(None)).values(revoked_at=now).returning(*_WHOSE)
        with self._db.transaction() as connection:
            rows = connection.execute(ended).all()
            if by and rows:
                target = f"session:{rows[0].id}" if len(rows) == 1 else by.label
                record(connection, now, by, AuditAction.SESSION_ENDED, target, after={"sessions": len(rows)})
            elif not by:
                for row in sorted(rows, key=lambda one: (one.workspace_id, one.id)):  # always in this order: each locks its workspace's log
                    record(connection, now, owner(*row), AuditAction.SESSION_ENDED, f"session:{row.id}")
        return len(rows)

    def _tidy(self, connection: sa.Connection, now: datetime) -> None:
        connection.execute(sa.delete(session_tickets).where(session_tickets.c.expires_at < now))
        connection.execute(sa.delete(sessions).where(sessions.c.expires_at < now - _KEEP_ENDED))


_WHOSE = (sessions.c.workspace_id, sessions.c.person_id, sessions.c.id, sessions.c.ip)


def owner(workspace_id: int, person_id: int, session_id: int, ip: str) -> Principal:
    """Return who a session's owner is in the audit log."""
    return Principal(workspace_id, f"person:{person_id}", frozenset(), person_id=person_id, via=f"{_VIA}{session_id}", origin=ip)


def _this(by: Principal) -> int:
    """Return the number of the session the principal came in with, or -1."""
    return int(by.via.removeprefix(_VIA)) if by.via.startswith(_VIA) else -1


def _own(row: sa.Row[*tuple[Any, ...]], by: Principal) -> OwnSession:
    words = in_words(row.user_agent) if row.kind == BROWSER else "A program, through the API"
    return OwnSession(row.id, row.kind, row.created_at, row.last_seen_at, row.ip, words, row.id == _this(by))


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
