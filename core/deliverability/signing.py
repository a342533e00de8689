"""Signing what leaves: the keys of a workspace's domains, read seldom enough to cost nothing and often enough to follow changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from core.clock import Clock
from core.deliverability import keys
from core.deliverability.dkim import SigningKey, sign
from core.deliverability.keys import Algorithm
from core.deliverability.tables import dkim_keys, sender_domains
from core.errors import Unavailable
from core.storage.database import Database
from core.storage.vault import Vault

# New keys and removed domains count after this long, in every process.
REMEMBERED = timedelta(seconds=15)

Signer = Callable[[str, bytes], bytes]
_Keys = dict[str, tuple[SigningKey, ...]]


class Signing:
    """Gives out what signs the mail of a workspace.

    Args:
        db: The database.
        clock: The time.
        vault: Opens private keys.
    """

    def __init__(self, db: Database, clock: Clock, vault: Vault) -> None:
        self._db, self._clock, self._vault = db, clock, vault
        self._known: dict[int, tuple[datetime, _Keys]] = {}

    def signer(self, workspace_id: int) -> Signer:
        """Return a function that signs: from the domain of the From address and the finished message it makes the lines in front.

        Nothing where the domain has no keys that were found in the DNS. A domain beneath one that is set up is signed as that one.
        The function may be kept and called from any thread. It raises `Unavailable` where a domain's keys can't be read: mail that
        should be signed must not leave without.
        """

        def signed(from_domain: str, message: bytes) -> bytes:
            now = self._clock.now()
            return sign(message, _nearest(self._keys(workspace_id, now), from_domain), now)

        return signed

    def _keys(self, workspace_id: int, now: datetime) -> _Keys:
        until, known = self._known.get(workspace_id, (now, None))
        if known is not None and now < until:
            return known
        try:
            found = self._read(workspace_id)
        except (Unavailable, OperationalError):
            if known is None:
                raise
            found = known  # the database is away for a moment: what was read last still holds
        self._known[workspace_id] = now + REMEMBERED, found
        return found

    def _read(self, workspace_id: int) -> _Keys:
        wanted = (
            sa.select(sender_domains.c.domain, dkim_keys.c.selector, dkim_keys.c.algorithm, dkim_keys.c.private_key)
            .join_from(dkim_keys, sender_domains)
            .where(dkim_keys.c.workspace_id == workspace_id, dkim_keys.c.confirmed_at.is_not(None), dkim_keys.c.retired_at.is_(None))
            .order_by(sa.case((dkim_keys.c.algorithm == Algorithm.RSA, 0), else_=1), dkim_keys.c.id.desc())
        )
        with self._db.read() as connection:
            found = connection.execute(wanted).all()
        signing: _Keys = {}
        for domain, selector, _, sealed in found:
            key = SigningKey(domain, selector, keys.from_text(self._vault.open(sealed)))
            signing[domain] = (*signing.get(domain, ()), key)
        return signing


def _nearest(known: _Keys, domain: str) -> tuple[SigningKey, ...]:
    """Return the keys of a domain, else of the nearest one above it."""
    name = domain.lower().rstrip(".")
    while name and known:
        if name in known:
            return known[name]
        name = name.partition(".")[2]
    return ()
