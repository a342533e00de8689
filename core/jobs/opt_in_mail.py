"""The mail that asks whether somebody wants to be written to: one, and a reminder after two days; never many to who does not answer.

How many have asked is counted by mailbox and outlives the contact: at most three a day, and eight in 30 days without an answer.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from core.app import Services
from core.campaigns.tables import campaigns
from core.contacts.consent.asked_addresses import COUNTED_FOR, AskedAddresses
from core.contacts.consent.askings import (
    drop_other_reminders,
    has_unread_no,
    is_asked_in_spite_of_a_no,
    needs_no_reminder,
    still_asked,
)
from core.contacts.consent.evidence import Evidence
from core.contacts.lookup import barring
from core.contacts.tables import contacts, lists, opt_in_tokens, opt_ins
from core.errors import InvalidInput, PostwrightError
from core.ids import fingerprint
from core.jobs.opt_in_letter import Letter, written
from core.logs import tried_again
from core.messages.request_models import Request
from core.permissions import Principal
from core.storage.database import next_sequence
from core.storage.tables import workspaces

logger = logging.getLogger(__name__)

REMIND_AFTER = timedelta(days=2)
MOST_A_DAY = 3
MOST_A_MONTH = 8  # anybody can type somebody's address again every day, and who never asked for it does not answer
# What is being sent is left alone by other workers for so long; a worker that died is followed by the next one then.
_TAKEN_FOR = timedelta(minutes=10)
_A_DAY = timedelta(days=1)
_ASKING = "asking"
AT_ONCE = 200

_o = opt_ins.c


@dataclass(frozen=True)
class _Sender:
    email: str
    name: str


class OptInMail:
    """Writes the mails that ask, as single messages through each workspace's default connection; for the worker's loop.

    Each mail is named after what it asks for and how many have asked before, so that none is sent twice, whoever dies in between.

    Args:
        services: Everything the product can do.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    def step(self) -> int:
        """Have written what is due, some at once; return how many mails were put on record."""
        try:
            with self._services.db.read() as connection:
                due = connection.execute(_due(self._services.clock.now())).all()
            return sum(self._ask(row) for row in due)
        except (PostwrightError, SQLAlchemyError, OSError) as error:
            tried_again(logger, "asking for consent by mail failed and is tried again", error)
            return 0

    def _ask(self, row: sa.Row[Any]) -> bool:
        """Write one mail; return whether it is on record."""
        now = self._services.clock.now()
        with self._services.db.transaction() as connection:
            if not _take(connection, row, self._services.asked_addresses, now):
                return False
            sender = _sender(connection, row.workspace_id, row.list_ids, self._services.settings.mail_from)
            if sender is None:
                logger.warning("nobody is asked for consent: who is the mail from?", extra={"workspace_id": row.workspace_id})
                return False
            token = self._services.opt_in.issue(connection, row.id, row.workspace_id)
            self._services.asked_addresses.note(connection, row.workspace_id, row.email, fingerprint(token), now)
        try:
            return self._hand_over(row, sender, token)
        except PostwrightError as error:
            logger.warning("consent can't be asked for now: %s", error, extra={"workspace_id": row.workspace_id})
            with self._services.db.transaction() as connection:  # no mail has it, so it counts for none
                connection.execute(sa.delete(opt_in_tokens).where(opt_in_tokens.c.token_hash == fingerprint(token)))
                self._services.asked_addresses.take_back(connection, fingerprint(token))
            return False

    def _hand_over(self, row: sa.Row[Any], sender: _Sender, token: str) -> bool:
        by, request = Principal.system(row.workspace_id, "opt-in"), self._request(row, sender, token)
        try:
            is_new = self._services.requests.submit(by, request, f"opt-in:{row.id}:{row.mails}").is_new
        except InvalidInput:
            # This mail is on record already, by a worker that died right after; or it can't be sent to this address at all.
            is_new = False
        first = row.mails == 0 and row.expires_at > row.asked_at + REMIND_AFTER
        done = {"mails": row.mails + 1, "mail_due_at": row.asked_at + REMIND_AFTER if first else None}
        with self._services.db.transaction() as connection:
            # Whoever has asked once more meanwhile gets another mail: `asked_at` is a later one then.
            still = sa.and_(_o.id == row.id, _o.mails == row.mails, _o.confirmed_at.is_(None))
            connection.execute(sa.update(opt_ins).where(still, _o.asked_at == row.asked_at).values(done))
            connection.execute(sa.update(opt_ins).where(still, _o.asked_at != row.asked_at).values(mails=row.mails + 1))
        return is_new

    def _request(self, row: sa.Row[Any], sender: _Sender, token: str) -> Request:
        link = f"{self._services.settings.public_url.rstrip('/')}/f/confirm/{token}"
        evidence = Evidence.from_fields(row.evidence)
        letter = Letter(row.workspace_name, row.postal_address, evidence.wording, link, row.mails > 0, evidence.language)
        subject, html, text = written(letter)
        return Request(row.email, sender.email, subject, from_name=sender.name or row.workspace_name, html=html, text=text)


def _due(now: datetime) -> sa.Select[Any]:
    joined = opt_ins.join(contacts, contacts.c.id == _o.contact_id).join(workspaces, workspaces.c.id == _o.workspace_id)
    barred = barring(joined, needs_consent=False)  # it is the yes that is asked for
    wanted = sa.select(
        opt_ins,
        contacts.c.email,
        workspaces.c.name.label("workspace_name"),
        workspaces.c.postal_address,
        barred.why.label("barred"),
    )
    waiting = (_o.mail_due_at <= now, _o.confirmed_at.is_(None), _o.expires_at > now)
    return wanted.select_from(barred.told_from).where(*waiting).order_by(_o.mail_due_at, _o.id).limit(AT_ONCE)


def _take(connection: sa.Connection, row: sa.Row[Any], asked: AskedAddresses, now: datetime) -> bool:
    """Take a mail in hand, so that no other worker writes it; return whether it is to be written now."""
    at = _when(connection, row, asked, now)
    due = None if at is None else max(at, now + _TAKEN_FOR)
    still = sa.and_(_o.id == row.id, _o.mails == row.mails, _o.mail_due_at == row.mail_due_at, _o.confirmed_at.is_(None))
    if not connection.execute(sa.update(opt_ins).where(still).values(mail_due_at=due)).rowcount or at != now:
        return False
    if _is_reminder(row, now):
        drop_other_reminders(connection, row, REMIND_AFTER)
    return True


def _when(connection: sa.Connection, row: sa.Row[Any], asked: AskedAddresses, now: datetime) -> datetime | None:
    """Return when a mail may ask this: now, later, or None for never."""
    if row.barred is not None:
        return None  # nobody is to write there, so nobody is asked
    if still_asked(connection, row, now) is None or is_asked_in_spite_of_a_no(connection, row):
        return None
    if _is_reminder(row, now) and needs_no_reminder(connection, row, now):
        return None
    if has_unread_no(connection, row):
        return now + _TAKEN_FOR  # once it is read, nothing is due any more
    room_at = _room_at(connection, row, asked, now)
    return None if room_at > now and room_at >= row.expires_at else room_at


def _is_reminder(row: sa.Row[Any], now: datetime) -> bool:
    """Whether a mail reminds of an earlier one; who asks for the same once more gets another mail sooner."""
    return bool(row.mails) and now >= row.asked_at + REMIND_AFTER


def _room_at(connection: sa.Connection, row: sa.Row[Any], asked: AskedAddresses, now: datetime) -> datetime:
    """Return when the next mail may ask somebody: now, unless too many have within a day, or within 30 days without an answer.

    It counts what their mailbox was asked, also as another contact that was deleted or erased since.
    """
    # Locks until the transaction ends: of two workers with a question each to one mailbox, the second counts the first one's mail.
    next_sequence(connection, row.workspace_id, _ASKING)
    mails = asked.mails(connection, row.workspace_id, row.contact_id, row.email, now)
    of_a_day = [mail.sent_at + _A_DAY for mail in mails]
    unanswered = [mail.sent_at + COUNTED_FOR for mail in mails if not mail.is_answered]
    return max([now, *of_a_day[MOST_A_DAY - 1 : MOST_A_DAY], *unanswered[MOST_A_MONTH - 1 : MOST_A_MONTH]])


def _sender(connection: sa.Connection, workspace_id: int, list_ids: Sequence[int], otherwise: str) -> _Sender | None:
    """Return who the mail is from: what a list says, else who the workspace's mail was from last, else who account mail is from."""
    said = sa.select(lists.c.from_email, lists.c.from_name).where(lists.c.workspace_id == workspace_id, lists.c.id.in_(list_ids))
    latest = sa.select(campaigns.c.from_email, campaigns.c.from_name).where(campaigns.c.workspace_id == workspace_id)
    for wanted in (
        said.where(lists.c.from_email != "").order_by(lists.c.id),
        latest.where(campaigns.c.from_email != "").order_by(campaigns.c.id.desc()),
    ):
        if row := connection.execute(wanted.limit(1)).first():
            return _Sender(row.from_email, row.from_name)
    return _Sender(otherwise, "") if otherwise else None
