"""Which mails have asked a mailbox whether it wants to be written to: kept beside the contact, so that deleting one makes room for none.

Whoever is deleted or erased and added again, by a form that anybody can fill in, has been asked as often as before. The address
can't be read here, and what counts no more is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.contacts.addresses import comparable, mailbox_of
from core.contacts.keyed_hashes import KeyedHashes
from core.contacts.tables import opt_in_mails, opt_in_tokens, opt_ins
from core.storage.database import Database

COUNTED_FOR = timedelta(days=30)
_PURPOSE = b"pw-asked"
_AT_A_TIME = 10_000

_m, _o, _t = opt_in_mails.c, opt_ins.c, opt_in_tokens.c


@dataclass(frozen=True)
class AskingMail:
    """A mail that has asked.

    Args:
        sent_at: When it was written.
        is_answered: Whether what it asked was confirmed.
    """

    sent_at: datetime
    is_answered: bool


class AskedAddresses(KeyedHashes):
    """Keeps in mind how often a mailbox was asked, however its address is spelt, each workspace for itself.

    Args:
        key: The installation's secret key; without one nobody is asked.
        previous: Secret keys of before; what was counted under them still counts.
    """

    def __init__(self, key: bytes, previous: Sequence[bytes] = ()) -> None:
        super().__init__(_PURPOSE, key, previous)

    def note(self, connection: sa.Connection, workspace_id: int, email: str, token_hash: str, now: datetime) -> None:
        """Count a mail, inside the caller's transaction, before it is written.

        Raises:
            Unavailable: If there is no key.
        """
        row = {"token_hash": token_hash, "workspace_id": workspace_id, "address_hash": self.of(workspace_id, _spelt(email))}
        connection.execute(sa.insert(opt_in_mails).values(**row, created_at=now))

    def take_back(self, connection: sa.Connection, token_hash: str) -> None:
        """Count a mail no more that could not be written, inside the caller's transaction."""
        connection.execute(sa.delete(opt_in_mails).where(_m.token_hash == token_hash))

    def mails(self, connection: sa.Connection, workspace_id: int, contact_id: int, email: str, now: datetime) -> list[AskingMail]:
        """Return the mails that have asked an address or its contact and count still, the newest first.

        Those to the contact count as well: from before they were counted by address, and to an address of before a merge.

        Raises:
            Unavailable: If there is no key.
        """
        since = now - COUNTED_FOR
        theirs = sa.select(_t.token_hash, _t.created_at, _o.confirmed_at.is_not(None).label("is_answered"))
        theirs = theirs.join_from(opt_in_tokens, opt_ins, _o.id == _t.opt_in_id).where(_o.contact_id == contact_id, _t.created_at > since)
        hashes = self.all(workspace_id, _spelt(email))
        there = sa.select(_m.token_hash, _m.created_at, _m.is_answered)
        there = there.where(_m.workspace_id == workspace_id, _m.address_hash.in_(hashes), _m.created_at > since)
        found = {row.token_hash: AskingMail(row.created_at, row.is_answered) for row in connection.execute(theirs)}
        found |= {row.token_hash: AskingMail(row.created_at, row.is_answered) for row in connection.execute(there)}
        return sorted(found.values(), key=lambda mail: mail.sent_at, reverse=True)


def note_answer(connection: sa.Connection, opt_in_id: int) -> None:
    """Note that all mails of a question are answered, inside the caller's transaction."""
    tokens = sa.select(_t.token_hash).where(_t.opt_in_id == opt_in_id)
    connection.execute(sa.update(opt_in_mails).where(_m.token_hash.in_(tokens)).values(is_answered=True))


def forget_old(db: Database, now: datetime) -> int:
    """Delete the mails that count no more, in pieces, and return how many there were."""
    old = sa.select(_m.token_hash).where(_m.created_at <= now - COUNTED_FOR).limit(_AT_A_TIME)
    deleted = 0
    while True:
        with db.transaction() as connection:
            count = connection.execute(sa.delete(opt_in_mails).where(_m.token_hash.in_(old))).rowcount
        deleted += count
        if count < _AT_A_TIME:
            return deleted


def _spelt(email: str) -> str:
    return mailbox_of(comparable(email))
