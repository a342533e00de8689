"""API tokens: what a program proves itself with, for a person and never with more than that person may do."""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.accounts.principals import COLUMNS, MEMBERS, principal_of
from core.accounts.tables import api_tokens, memberships, people
from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Denied, InvalidInput, NotFound
from core.ids import fingerprint, random_secret
from core.permissions import EVERYBODY, Permission, Principal
from core.storage.database import Database

PREFIX = "pw"
LONGEST_NAME = 80
LONGEST_LIFE_DAYS = 3650
DEFAULT_PER_MINUTE, MOST_PER_MINUTE = 600, 10_000
# What a token can be given: everything but looking after a person's own account.
GRANTABLE = tuple(permission for permission in Permission if permission not in EVERYBODY)
# Being used is written down this often at most, so that asking stays a read.
_NOTE_EVERY = timedelta(minutes=1)
_SHAPE = re.compile(rf"{PREFIX}_([1-9][0-9]{{0,17}})_([A-Za-z0-9_-]{{43}})")


@dataclass(frozen=True)
class ApiToken:
    """A token as people see it; its secret is not kept anywhere.

    Args:
        id: Its number.
        name: What it is for.
        person_id: For whom it acts.
        person_name: What they are called.
        scopes: What it may do at most; what counts is what its person may do as well.
        requests_per_minute: How often it may ask.
        created_at: When it was made.
        expires_at: When it ends by itself, or None.
        last_used_at: When it was last used, to the minute, or None.
        revoked_at: When somebody ended it, or None.
    """

    id: int
    name: str
    person_id: int
    person_name: str
    scopes: frozenset[Permission]
    requests_per_minute: int
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class ApiTokens:
    """Makes, lists, ends and recognises tokens."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def create(
        self,
        by: Principal,
        name: str,
        scopes: Collection[Permission],
        *,
        expires_in_days: int | None = None,
        requests_per_minute: int = DEFAULT_PER_MINUTE,
    ) -> tuple[ApiToken, str]:
        """Make a token that acts for whoever makes it; return it and its text, which nobody can read again.

        Args:
            by: Who makes it, and for whom it acts.
            name: What it is for.
            scopes: What it may do.
            expires_in_days: After how many days it ends by itself; None for never.
            requests_per_minute: How often it may ask.

        Raises:
            Denied: Without `tokens.manage`, or for a scope the principal does not have.
            InvalidInput: If a value can't be used.
        """
        by.require(Permission.TOKENS_MANAGE)
        if by.person_id is None:
            raise InvalidInput("A token acts for a person.", hint="Say for whom it is.")
        granted, now, secret = _granted(by, scopes), self._clock.now(), random_secret()
        row: dict[str, Any] = {
            "person_id": by.person_id,
            "name": _checked_name(name),
            "requests_per_minute": _checked_limit(requests_per_minute),
            "created_at": now,
            "expires_at": None if expires_in_days is None else now + timedelta(days=_checked_days(expires_in_days)),
        }
        kept = {**row, "workspace_id": by.workspace_id, "secret_hash": fingerprint(secret), "scopes": sorted(granted)}
        with self._db.transaction() as connection:
            number = int(connection.execute(sa.insert(api_tokens).values(**kept).returning(api_tokens.c.id)).scalar_one())
            after = {name: kept[name] for name in ("name", "scopes", "requests_per_minute", "expires_at")}
            record(connection, now, by, AuditAction.TOKEN_CREATED, f"token:{number}", after=after)
        made = ApiToken(id=number, person_name=by.name, scopes=granted, last_used_at=None, revoked_at=None, **row)
        return made, f"{PREFIX}_{number}_{secret}"

    def all(self, by: Principal) -> list[ApiToken]:
        """Return the workspace's tokens, everybody's, the newest first; revoked ones are left out.

        Raises:
            Denied: Without `tokens.manage`.
        """
        by.require(Permission.TOKENS_MANAGE)
        open_ones = _tokens(by.workspace_id).where(api_tokens.c.revoked_at.is_(None)).order_by(api_tokens.c.id.desc())
        with self._db.read() as connection:
            return [_token(row) for row in connection.execute(open_ones).mappings()]

    def get(self, by: Principal, token_id: int) -> ApiToken:
        """Return a token, also a revoked one.

        Raises:
            Denied: Without `tokens.manage`.
            NotFound: If the workspace has no such token.
        """
        by.require(Permission.TOKENS_MANAGE)
        with self._db.read() as connection:
            row = connection.execute(_tokens(by.workspace_id).where(api_tokens.c.id == token_id)).mappings().first()
        if row is None:
            raise _no_such_token()
        return _token(row)

    def revoke(self, by: Principal, token_id: int) -> None:
        """End a token at once; revoking it again changes nothing.

        Raises:
            Denied: Without `tokens.manage`.
            NotFound: If the workspace has no such token.
        """
        by.require(Permission.TOKENS_MANAGE)
        mine, now = (api_tokens.c.workspace_id == by.workspace_id, api_tokens.c.id == token_id), self._clock.now()
        with self._db.transaction() as connection:
            name = connection.execute(sa.select(api_tokens.c.name).where(*mine)).scalar()
            if name is None:
                raise _no_such_token()
            still_open = sa.update(api_tokens).where(*mine, api_tokens.c.revoked_at.is_(None))
            if connection.execute(still_open.values(revoked_at=now)).rowcount:
                record(connection, now, by, AuditAction.TOKEN_REVOKED, f"token:{token_id}", before={"name": name})

    def resolve(self, token_text: str, *, origin: str = "") -> tuple[Principal, int] | None:
        """Return who a token stands for and how often a minute it may ask; None if it is unknown, wrong, ended or its person is out.

        What counts is what its person may do at this moment: a smaller role, a limit to some lists or a missing second factor
        reaches their tokens at the next request.

        Args:
            token_text: As it was brought.
            origin: The network address it came from, for the audit log.
        """
        parts, now = _SHAPE.fullmatch(token_text), self._clock.now()
        if parts is None:
            return None
        with self._db.read() as connection:
            row = connection.execute(_ALIVE, {"token_id": int(parts[1])}).mappings().first()
            stored = row["secret_hash"] if row else fingerprint("")
            if not hmac.compare_digest(fingerprint(parts[2]), stored) or row is None or _is_over(row, now):
                return None
            person = principal_of(connection, row, via=f"token:{row['id']}", origin=origin)
        if row["last_used_at"] is None or now - row["last_used_at"] >= _NOTE_EVERY:
            self._note_used(row["id"], now)
        scopes = frozenset(permission for permission in GRANTABLE if permission.value in row["scopes"])
        return replace(person, permissions=person.permissions & scopes), row["requests_per_minute"]

    def _note_used(self, token_id: int, now: datetime) -> None:
        with self._db.transaction() as connection:
            connection.execute(sa.update(api_tokens).where(api_tokens.c.id == token_id).values(last_used_at=now))


_WHOSE = sa.and_(memberships.c.person_id == api_tokens.c.person_id, memberships.c.workspace_id == api_tokens.c.workspace_id)
_OWN = ("id", "secret_hash", "scopes", "requests_per_minute", "expires_at", "last_used_at", "revoked_at")
# Made once: this is asked with every request. The token's own number leads straight to its row.
_ALIVE = (
    sa.select(*COLUMNS, *(api_tokens.c[name] for name in _OWN))
    .select_from(MEMBERS.join(api_tokens, _WHOSE))
    .where(api_tokens.c.id == sa.bindparam("token_id"), memberships.c.disabled_at.is_(None))
)


def _is_over(row: sa.RowMapping, now: datetime) -> bool:
    return row["revoked_at"] is not None or (row["expires_at"] is not None and row["expires_at"] <= now)


def _tokens(workspace_id: int) -> sa.Select[Any]:
    joined = api_tokens.join(people, people.c.id == api_tokens.c.person_id)
    return sa.select(api_tokens, people.c.name.label("person_name")).select_from(joined).where(api_tokens.c.workspace_id == workspace_id)


def _token(row: sa.RowMapping) -> ApiToken:
    names = ("id", "name", "person_id", "person_name", "requests_per_minute", "created_at", "expires_at", "last_used_at", "revoked_at")
    scopes = frozenset(permission for permission in Permission if permission.value in row["scopes"])
    return ApiToken(scopes=scopes, **{name: row[name] for name in names})


def _granted(by: Principal, scopes: Collection[Permission]) -> frozenset[Permission]:
    wanted = frozenset(Permission(scope) for scope in scopes)
    if not wanted:
        raise InvalidInput("A token needs at least one scope.", hint="Choose what it may do.")
    if wanted & EVERYBODY:
        raise InvalidInput("A token can't look after a person’s account.", hint=f"Leave out “{Permission.ACCOUNT_MANAGE}”.")
    if more := sorted(wanted - by.permissions):
        raise Denied(f"This token would be allowed more than you may: “{more[0]}”.", hint="Choose among what you may do yourself.")
    return wanted


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidInput(f"A token needs a name of 1 to {LONGEST_NAME} characters.", hint="Say what uses it, such as “Shop”.")
    return name


def _checked_days(days: int) -> int:
    if not 1 <= days <= LONGEST_LIFE_DAYS:
        raise InvalidInput(f"A token can last 1 to {LONGEST_LIFE_DAYS:,} days.", hint="Choose a number in between, or no end.")
    return days


def _checked_limit(requests: int) -> int:
    if not 1 <= requests <= MOST_PER_MINUTE:
        raise InvalidInput(f"A token can ask 1 to {MOST_PER_MINUTE:,} times a minute.", hint="Choose a number in between.")
    return requests


def _no_such_token() -> NotFound:
    return NotFound("There is no such token.", hint="Reload the list to see which there are.")
