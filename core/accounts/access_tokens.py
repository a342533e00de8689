"""Signing in without a browser: a short-lived access token (a JWT) and a refresh token, both bound to a row of `sessions`.

The access token carries no rights. With every request its session is read, so ending the session, disabling the person or
giving them another role counts at once. A refresh token is good once: it is replaced by the next each time. One that was
replaced and is brought again is in two hands, so its session ends (RFC 9700, section 4.14).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import sqlalchemy as sa

from core.accounts.principals import COLUMNS, MEMBERS, principal_of
from core.accounts.sessions import API, API_IDLE_LIFE, owner
from core.accounts.tables import memberships, people, sessions
from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Denied
from core.ids import fingerprint, random_name, random_secret
from core.permissions import Principal
from core.storage.database import Database
from core.storage.schema import UtcDateTime

ACCESS_LIFE = timedelta(minutes=15)
WHOLE_LIFE = timedelta(days=30)
ISSUER, AUDIENCE = "postwright", "postwright-api"
_ALGORITHM, _TYPE = "HS256", "at+jwt"  # RFC 9068, section 2.1
_CLAIMS = ("iss", "aud", "sub", "sid", "ws", "jti", "iat", "nbf", "exp")
_REFRESH = re.compile(r"pwr_([1-9][0-9]{0,17})_([A-Za-z0-9_-]{43})_([A-Za-z0-9_-]{43})")
_NOTE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class TokenPair:
    """What a sign-in gives a program.

    Args:
        access_token: Good for 15 minutes.
        refresh_token: Good once, for the next pair.
        expires_in: Seconds the access token lasts.
        workspace_id: The workspace both are for.
    """

    access_token: str
    refresh_token: str
    expires_in: int
    workspace_id: int


class AccessTokens:
    """Issues, renews, recognises and ends what programs sign in with.

    Args:
        db: The database.
        clock: The time.
        key: The installation's secret key; the keys used here are derived from it, each for its own purpose.
    """

    def __init__(self, db: Database, clock: Clock, key: bytes) -> None:
        self._db, self._clock = db, clock
        self._jwt_key = hashlib.blake2b(key, digest_size=32, person=b"postwright-jwt").digest()
        self._refresh_key = hashlib.blake2b(key, digest_size=32, person=b"pw-refresh").digest()

    def open(self, person_id: int, workspace_id: int, *, ip: str = "", user_agent: str = "") -> TokenPair:
        """Begin a session for somebody who has just proved who they are.

        Args:
            person_id: Who.
            workspace_id: Where; they must be a member.
            ip: Where they are, for the list of sessions.
            user_agent: What they came with, for the same.

        Raises:
            Denied: If they may not enter that workspace.
        """
        now = self._clock.now()
        member = (memberships.c.person_id == person_id, memberships.c.workspace_id == workspace_id, memberships.c.disabled_at.is_(None))
        row = {"token_hash": random_secret(), "person_id": person_id, "workspace_id": workspace_id, "kind": API, "created_at": now}
        row |= {"last_seen_at": now, "expires_at": now + WHOLE_LIFE, "ip": ip[:64], "user_agent": user_agent[:256]}
        with self._db.transaction() as connection:
            if connection.execute(sa.select(memberships.c.person_id).where(*member)).first() is None:
                raise Denied("You have no access to this workspace.", hint="An admin of the workspace can let you in.")
            number = int(connection.execute(sa.insert(sessions).values(**row).returning(sessions.c.id)).scalar_one())
            refresh = self._refresh_token(number)
            connection.execute(sa.update(sessions).where(sessions.c.id == number).values(token_hash=fingerprint(refresh)))
            connection.execute(sa.update(people).where(people.c.id == person_id).values(last_seen_at=now))
            record(connection, now, owner(workspace_id, person_id, number, ip), AuditAction.SIGN_IN_SUCCEEDED, f"session:{number}")
        return self._pair(number, person_id, workspace_id, refresh)

    def refresh(self, refresh_token: str) -> TokenPair | None:
        """Use up a refresh token and return the next pair; None if it is not one of ours, is over, or was used before.

        Of two that bring the same one at once, one gets the pair, and the session ends: there is no telling who is the thief.
        """
        number = self._number(refresh_token)
        if number is None:
            return None
        new, now = self._refresh_token(number), self._clock.now()
        brought = fingerprint(refresh_token)
        values = {"token_hash": fingerprint(new), "last_seen_at": now}
        alive = (*_open(number, now), sessions.c.token_hash == brought, _may_enter())
        renewed = sa.update(sessions).where(*alive).values(**values).returning(sessions.c.person_id, sessions.c.workspace_id)
        with self._db.transaction() as connection:
            row = connection.execute(renewed).first()
            if row is None:
                self._end(connection, number, now, reason="a refresh token was used twice", only_if_not=brought)
        return self._pair(number, row.person_id, row.workspace_id, new) if row else None

    def revoke(self, refresh_token: str) -> None:
        """End the session of a refresh token, also of one that was used already; anything else is passed over (RFC 7009, 2.2)."""
        number = self._number(refresh_token)
        if number is not None:
            with self._db.transaction() as connection:
                self._end(connection, number, self._clock.now(), reason="revoked")

    def resolve(self, access_token: str, *, origin: str = "") -> Principal | None:
        """Return who an access token stands for; None if it is forged, over, or its session has ended."""
        now = self._clock.now()
        claims = self._claims(access_token, now)
        if claims is None:
            return None
        asked = {"sid": claims["sid"], "person": int(claims["sub"]), "ws": claims["ws"], "now": now, "idle_since": now - API_IDLE_LIFE}
        with self._db.read() as connection:
            row = connection.execute(_ALIVE, asked).mappings().first()
            found = principal_of(connection, row, via=f"session:{row['id']}", origin=origin or row["ip"]) if row else None
        if row and now - row["last_seen_at"] >= _NOTE_EVERY:
            with self._db.transaction() as connection:
                connection.execute(sa.update(sessions).where(sessions.c.id == row["id"]).values(last_seen_at=now))
                connection.execute(sa.update(people).where(people.c.id == row["person_id"]).values(last_seen_at=now))
        return found

    def _pair(self, number: int, person_id: int, workspace_id: int, refresh: str) -> TokenPair:
        now = int(self._clock.now().timestamp())
        seconds = int(ACCESS_LIFE.total_seconds())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": str(person_id), "sid": number, "ws": workspace_id, "jti": random_name(32)}
        claims |= {"iat": now, "nbf": now, "exp": now + seconds}
        access = jwt.encode(claims, self._jwt_key, _ALGORITHM, headers={"typ": _TYPE})
        return TokenPair(access, refresh, seconds, workspace_id)

    def _claims(self, access_token: str, now: datetime) -> dict[str, Any] | None:
        """Return the claims of a token we signed and whose time it is, or None."""
        by_our_clock = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}  # the library only knows the machine's
        checks: Any = {"require": list(_CLAIMS), **by_our_clock}
        try:
            if jwt.get_unverified_header(access_token).get("typ") != _TYPE:
                return None
            claims = jwt.decode(access_token, self._jwt_key, algorithms=[_ALGORITHM], audience=AUDIENCE, issuer=ISSUER, options=checks)
            begins, ends = (datetime.fromtimestamp(claims[name], UTC) for name in ("nbf", "exp"))
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
            return None
        return claims if begins <= now < ends and str(claims["sub"]).isdecimal() else None

    def _refresh_token(self, number: int) -> str:
        secret = random_secret()
        return f"pwr_{number}_{secret}_{self._proof(number, secret)}"

    def _proof(self, number: int, secret: str) -> str:
        """Return what shows that we once issued a token, however often it was replaced since: a guess must not end a session."""
        digest = hmac.new(self._refresh_key, f"{number}.{secret}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def _number(self, refresh_token: str) -> int | None:
        parts = _REFRESH.fullmatch(refresh_token)
        if parts is None or not hmac.compare_digest(parts[3], self._proof(int(parts[1]), parts[2])):
            return None
        return int(parts[1])

    def _end(self, connection: sa.Connection, number: int, now: datetime, *, reason: str, only_if_not: str = "") -> None:
        still_open = (sessions.c.id == number, sessions.c.revoked_at.is_(None), sessions.c.token_hash != only_if_not)
        ended = sa.update(sessions).where(*still_open).values(revoked_at=now).returning(sessions.c.person_id, sessions.c.workspace_id)
        row = connection.execute(ended).first()
        if row is not None:
            by = Principal(row.workspace_id, f"person:{row.person_id}", frozenset(), person_id=row.person_id, via=f"session:{number}")
            record(connection, now, by, AuditAction.SESSION_ENDED, f"session:{number}", after={"reason": reason})


def _open(number: int, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        sessions.c.id == number,
        sessions.c.kind == API,
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > now,
        sessions.c.last_seen_at > now - API_IDLE_LIFE,
    )


def _may_enter() -> sa.ColumnElement[bool]:
    return sa.exists().where(_WHERE_THEY_ARE, memberships.c.disabled_at.is_(None)).correlate(sessions)


_WHERE_THEY_ARE = sa.and_(memberships.c.person_id == sessions.c.person_id, memberships.c.workspace_id == sessions.c.workspace_id)
# Made once: this is asked with every request.
_ALIVE = (
    sa.select(*COLUMNS, sessions.c.id, sessions.c.last_seen_at, sessions.c.ip)
    .select_from(MEMBERS.join(sessions, _WHERE_THEY_ARE))
    .where(
        sessions.c.id == sa.bindparam("sid"),
        sessions.c.person_id == sa.bindparam("person"),
        sessions.c.workspace_id == sa.bindparam("ws"),
        sessions.c.kind == API,
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > sa.bindparam("now", type_=UtcDateTime),
        sessions.c.last_seen_at > sa.bindparam("idle_since", type_=UtcDateTime),
        memberships.c.disabled_at.is_(None),
    )
)
