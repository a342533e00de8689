"""Seals: who can write the database could rewrite a whole chain, but not make the seals that were put on it with the secret key."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from core.audit.chain import faultless_from
from core.audit.recording import FIRST_HASH
from core.audit.tables import audit_heads, audit_log, audit_seals
from core.clock import Clock
from core.storage.database import Database, insert_or_ignore

logger = logging.getLogger(__name__)


class SealMaker:
    """Makes and checks the keyed BLAKE2b tag of a seal (RFC 7693).

    Args:
        key: The installation's secret key, any length; a key for seals alone is derived from it.
        previous: Secret keys of before; the seals they made are still genuine.
    """

    def __init__(self, key: bytes, previous: Sequence[bytes] = ()) -> None:
        self._keys = [hashlib.blake2b(one, digest_size=32, person=b"postwright-audit").digest() for one in (key, *previous)]

    def mac(self, workspace_id: int, sequence: int, entry_hash: str, sealed_at: datetime) -> str:
        """Return the tag that says: at this time this chain's entry of this number had this hash."""
        return _tag(_said(workspace_id, sequence, entry_hash, sealed_at), self._keys[0])

    def is_genuine(self, workspace_id: int, sequence: int, entry_hash: str, sealed_at: datetime, mac: str) -> bool:
        """Return whether we made this seal."""
        said, given = _said(workspace_id, sequence, entry_hash, sealed_at), mac.encode("utf-8", "replace")
        return any(hmac.compare_digest(_tag(said, key).encode(), given) for key in self._keys)


def _said(workspace_id: int, sequence: int, entry_hash: str, sealed_at: datetime) -> bytes:
    return json.dumps([workspace_id, sequence, entry_hash, sealed_at.astimezone(UTC).isoformat(timespec="microseconds")]).encode()


def _tag(said: bytes, key: bytes) -> str:
    return hashlib.blake2b(said, key=key, digest_size=32).hexdigest()


class Seals:
    """Puts seals on the chains that grew.

    Args:
        db: The database.
        clock: The time.
        key: The installation's secret key.
        previous: Secret keys of before.
    """

    def __init__(self, db: Database, clock: Clock, key: bytes, previous: Sequence[bytes] = ()) -> None:
        self._db, self._clock, self._maker = db, clock, SealMaker(key, previous)
        self._known: dict[int, int] = {}  # the last seal of each chain; whoever takes seals away while we run is noticed

    def seal(self) -> int:
        """Seal every chain that grew since its last seal and return how many; one with a fault gets no seal, the log tells."""
        last = sa.select(sa.func.max(audit_seals.c.sequence)).where(audit_seals.c.workspace_id == audit_heads.c.workspace_id)
        grown = sa.select(audit_heads.c.workspace_id).where(audit_heads.c.sequence > sa.func.coalesce(last.scalar_subquery(), 0))
        with self._db.read() as connection:
            chains = connection.execute(grown.order_by(audit_heads.c.workspace_id)).scalars().all()
        return sum(self._seal_one(workspace_id) for workspace_id in chains)

    def _seal_one(self, workspace_id: int) -> bool:
        with self._db.read() as connection:
            end = self._sound_end(connection, workspace_id)
        if end is None:
            logger.error("an audit chain has a fault and gets no seal; run `postwright audit verify`", extra={"workspace": workspace_id})
            return False
        sequence, entry_hash = end
        now = self._clock.now()
        row = {"workspace_id": workspace_id, "sequence": sequence, "hash": entry_hash, "sealed_at": now}
        row["mac"] = self._maker.mac(workspace_id, sequence, entry_hash, now)
        here = (audit_seals.c.workspace_id == workspace_id, audit_seals.c.sequence == sequence)
        with self._db.transaction() as connection:
            if connection.execute(sa.select(audit_seals.c.sequence).where(*here)).first() is None:  # another worker may have been first
                insert_or_ignore(connection, audit_seals, [row])
        self._known[workspace_id] = sequence
        return True

    def _sound_end(self, connection: sa.Connection, workspace_id: int) -> tuple[int, str] | None:
        """Return the chain's end if all since its last seal is as it should be: a seal on a forged entry would vouch for it."""
        mine = sa.select(audit_seals).where(audit_seals.c.workspace_id == workspace_id)
        seal = connection.execute(mine.order_by(audit_seals.c.sequence.desc()).limit(1)).first()
        sequence, entry_hash = (seal.sequence, seal.hash) if seal else (0, FIRST_HASH)
        if sequence < self._known.get(workspace_id, 0):
            return None
        if seal is not None:
            entry = sa.select(audit_log.c.hash).where(audit_log.c.workspace_id == workspace_id, audit_log.c.sequence == sequence)
            genuine = self._maker.is_genuine(workspace_id, sequence, entry_hash, seal.sealed_at, seal.mac)
            if not genuine or connection.execute(entry).scalar() != entry_hash:
                return None
        head = connection.execute(sa.select(audit_heads.c.sequence, audit_heads.c.hash).where(audit_heads.c.workspace_id == workspace_id))
        end = faultless_from(connection, workspace_id, sequence, entry_hash)
        return end if end == tuple(head.one()) else None
