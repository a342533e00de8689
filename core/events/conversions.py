"""Conversions that a shop's own server reports: on the disk before the answer, counted once an order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.clock import Clock, utc
from core.contacts.addresses import comparable
from core.contacts.tables import contacts
from core.errors import InvalidInput
from core.events.event import EARLIEST
from core.events.parsing import API
from core.links.conversions import checked
from core.links.tokens import Purpose, TokenSigner
from core.messages.keys import MessageKeys
from core.messages.tables import messages
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.storage.event_record import EventRecord, event_record
from core.storage.event_words import EventKind
from core.storage.journal import JournalWriter

MOST = 1_000
_AHEAD = timedelta(minutes=5)
_m = messages.c


@dataclass(frozen=True)
class ReportedConversion:
    """A conversion as a shop tells it; whose it is is said by one of `token`, `message` and `email`.

    Args:
        token: The `pw` value of the landing page's URL.
        message: The message's key (`X-Postwright-Message`).
        email: The buyer's address.
        campaign_id: With `email`: the campaign it is put down to, which that person got.
        value: What it was worth.
        currency: ISO 4217 letters.
        order_id: Makes a second report of the same order harmless.
        at: When; now if not said.
    """

    token: str = ""
    message: str = ""
    email: str = ""
    campaign_id: int | None = None
    value: float | None = None
    currency: str = ""
    order_id: str = ""
    at: datetime | None = None


class Conversions:
    """Takes conversions.

    Args:
        db: The database.
        clock: The time.
        signer: Reads tokens.
        keys: Reads and makes message keys.
        journal: Where they are kept until the ingester reads them; opened with the first.
    """

    def __init__(self, db: Database, clock: Clock, signer: TokenSigner, keys: MessageKeys, journal: Callable[[], JournalWriter]) -> None:
        self._db, self._clock, self._signer, self._keys, self._journal = db, clock, signer, keys, journal

    def report(self, by: Principal, conversions: Sequence[ReportedConversion]) -> int:
        """Keep conversions, all or none, and return how many; on the disk when this returns.

        Args:
            by: Who reports.
            conversions: At most `MOST`.

        Raises:
            InvalidInput: If one can't be used; says which and why.
            StorageFull: If the disk is full; nothing is kept.
        """
        by.require(Permission.EVENTS_WRITE)
        by.require_all_lists()
        if not 0 < len(conversions) <= MOST:
            raise InvalidInput(f"Send 1 to {MOST:,} conversions at a time.")
        with self._db.read() as connection:
            records = [self._record(connection, by, place, one) for place, one in enumerate(conversions, 1)]
        self._journal().append(records, durable=True, keep=False)
        return len(records)

    def _record(self, connection: sa.Connection, by: Principal, place: int, one: ReportedConversion) -> EventRecord:
        try:
            message_id = self._message(connection, by, one)
            at = self._moment(one)
            said = checked(one.value, one.currency, one.order_id)
        except InvalidInput as error:
            raise InvalidInput(f"Conversion {place}: {error.message}", hint=error.hint) from error
        now = utc(self._clock.now()).isoformat(timespec="microseconds")
        whose = {"message_key": self._keys.of(message_id)} if message_id else {"recipient": comparable(one.email)}
        return event_record(
            EventKind.CONVERTED,
            at,
            API,
            received_at=now,
            workspace_id=by.workspace_id,
            **whose,
            value=said.value,
            currency=said.currency,
            key=said.order_id,
        )

    def _message(self, connection: sa.Connection, by: Principal, one: ReportedConversion) -> int | None:
        """Return the message it is put down to, None for a person's own purchase."""
        if [bool(one.token), bool(one.message), bool(one.email)].count(True) != 1:
            raise InvalidInput("Say whose it is by exactly one of “token”, “message” and “email”.")
        if one.campaign_id is not None and not one.email:
            raise InvalidInput("“campaign_id” goes with “email”; tokens and messages name their campaign.")
        if one.email:
            return None if one.campaign_id is None else _message_to(connection, by, one.email, one.campaign_id)
        claims = self._signer.verify(one.token, Purpose.CONVERSION) if one.token else None
        message_id = claims.message_id if claims is not None else self._keys.read(one.message) if one.message else None
        mine = sa.select(_m.id).where(_m.id == (message_id or 0), _m.workspace_id == by.workspace_id)
        if connection.execute(mine).first() is None:
            what = "token" if one.token else "message"
            raise InvalidInput(f"This {what} is not one of this workspace's.", hint="Pass it on unchanged.")
        return message_id

    def _moment(self, one: ReportedConversion) -> datetime:
        now = self._clock.now()
        if one.at is None:
            return now
        if one.at.tzinfo is None or not EARLIEST <= one.at <= now + _AHEAD:
            raise InvalidInput("“at” must be a time since 2000 and not in the future, with its zone, like 2026-11-26T12:00:00Z.")
        return utc(one.at)


def _message_to(connection: sa.Connection, by: Principal, email: str, campaign_id: int) -> int:
    wanted = sa.select(_m.id).join_from(messages, contacts, contacts.c.id == _m.contact_id)
    wanted = wanted.where(_m.workspace_id == by.workspace_id, _m.campaign_id == campaign_id, contacts.c.email == comparable(email))
    found: int | None = connection.execute(wanted).scalar()
    if found is None:
        raise InvalidInput("This person did not get this campaign.", hint="Leave “campaign_id” out to count the purchase without it.")
    return found
