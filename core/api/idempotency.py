"""Idempotency keys: a POST that is sent twice because the first answer got lost is done once and answered twice."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
import sqlalchemy as sa

from core.api.problems import Refusal
from core.api.tables import idempotency_keys
from core.clock import Clock
from core.permissions import Principal
from core.storage.database import Database, insert_or_ignore
from core.storage.vault import Vault

KEPT = timedelta(hours=24)
# A first request that has not answered by then died with its process: the next one with its key runs instead.
LEASE = timedelta(seconds=60)
LONGEST_KEY = 255
_SHAPE = re.compile(rf"[!-~]{{1,{LONGEST_KEY}}}")
_TIDY_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Answer:
    """An answer that was given, or is to be given again."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Claim:
    """The right to run a request under its key.

    Args:
        key_hash: Of who asked and the key they chose.
        until: When the right ends; also tells this claim from a later one.
    """

    key_hash: str
    until: datetime


class IdempotencyKeys:
    """Keeps answers by key for a day, sealed: one may hold a secret that is shown once.

    Args:
        db: The database.
        clock: The time.
        vault: Seals answers.
    """

    def __init__(self, db: Database, clock: Clock, vault: Vault) -> None:
        self._db, self._clock, self._vault = db, clock, vault
        self._tidied_at: datetime | None = None

    def claim(self, by: Principal, key: str, request: bytes) -> Claim | Answer:
        """Return the right to run a request, or the answer that was given to it before.

        Args:
            by: Who asks; a key counts for the token or session it came with.
            key: As it was sent.
            request: What makes the request: method, address and body.

        Raises:
            Refusal: If the key can't be used, was used for another request, or its first request is still running.
        """
        if not _SHAPE.fullmatch(key):
            raise Refusal(
                "malformed", f"An Idempotency-Key has 1 to {LONGEST_KEY} ASCII characters, without spaces.", hint="A UUID is fine."
            )
        now = self._clock.now()
        key_hash = hashlib.sha256(f"{by.workspace_id}\x1f{by.label}\x1f{by.via}\x1f{key}".encode()).hexdigest()
        claim, request_hash = Claim(key_hash, now + LEASE), hashlib.sha256(request).hexdigest()
        row = {"workspace_id": by.workspace_id, "key_hash": key_hash, "request_hash": request_hash, "status": None, "answer": None}
        row |= {"created_at": now, "expires_at": claim.until}
        with self._db.transaction() as connection:
            self._tidy(connection, now)
            over = sa.delete(idempotency_keys).where(idempotency_keys.c.key_hash == key_hash, idempotency_keys.c.expires_at <= now)
            connection.execute(over)
            if insert_or_ignore(connection, idempotency_keys, [row]):
                return claim
            known = connection.execute(sa.select(idempotency_keys).where(idempotency_keys.c.key_hash == key_hash)).one()
        return self._known(known.request_hash, request_hash, known.status, known.answer)

    def keep(self, claim: Claim, answer: Answer) -> None:
        """Keep the answer to a request for a day."""
        told = {"status": answer.status, "body": answer.body.decode(), "headers": dict(answer.headers)}
        values = {"status": answer.status, "answer": self._vault.seal(orjson.dumps(told).decode()), "expires_at": self._clock.now() + KEPT}
        with self._db.transaction() as connection:
            connection.execute(sa.update(idempotency_keys).where(*_mine(claim)).values(**values))

    def forget(self, claim: Claim) -> None:
        """Let a request that failed on our side be sent again under its key."""
        with self._db.transaction() as connection:
            connection.execute(sa.delete(idempotency_keys).where(*_mine(claim)))

    def _known(self, before: str, now: str, status: int | None, sealed: str | None) -> Answer:
        if before != now:
            raise Refusal("invalid", "This Idempotency-Key was used for another request.", hint="Use a new key for every request.")
        if status is None or sealed is None:
            hint = "Wait for its answer, or repeat this one."
            raise Refusal("conflict", "The first request with this key is still running.", hint=hint, headers={"Retry-After": "2"})
        told = orjson.loads(self._vault.open(sealed))
        return Answer(told["status"], told["body"].encode(), told["headers"])

    def _tidy(self, connection: sa.Connection, now: datetime) -> None:
        if self._tidied_at is None or now - self._tidied_at >= _TIDY_EVERY:
            self._tidied_at = now
            connection.execute(sa.delete(idempotency_keys).where(idempotency_keys.c.expires_at <= now))


def _mine(claim: Claim) -> tuple[sa.ColumnElement[bool], ...]:
    column = idempotency_keys.c
    return column.key_hash == claim.key_hash, column.status.is_(None), column.expires_at == claim.until
