"""Reading the mailboxes that bounces come back to, beside the sending: a mail server that hangs never delays anybody's mail.

Each mail goes raw into the journal, synced, before its mailbox is told that it was read. Killed in between, it is read again,
and the ingester drops what it has seen.
"""

from __future__ import annotations

import base64
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from core.app import Services
from core.clock import utc
from core.errors import PostwrightError
from core.ids import random_name
from core.logs import tried_again
from core.providers.bounce_mailboxes import MailboxOwner
from core.providers.mailbox import Fetched, Mailbox
from core.providers.smtp.bounces import CONTENT_TYPE, is_about_us
from core.storage.journal import JournalWriter
from core.storage.leases import Lease

logger = logging.getLogger(__name__)

EVERY_SECONDS = 60.0
# A server that takes longer over one batch is read by another worker besides; what both take in counts once.
_LEASE = timedelta(minutes=2)
# Anybody can write to the mailbox. In a round no more than this gets into the journal; the rest waits a minute.
_MOST_BYTES, _MOST_MAILS = 64 * 1024 * 1024, 10_000
# Of what is about no message of ours so much is kept, to see what it was.
_BEGINNING = 8 * 1024
_MOST_AT_ONCE = 8
# Or takes so long; its server ends the connection soon after.
_LONGEST_SECONDS = 60.0
_GOODBYE_SECONDS = 2.0


class BounceMail:
    """Reads every bounce mailbox about once a minute, each in a thread of its own; for the worker's loop.

    Args:
        services: Everything the product can do.
        should_stop: Asked between batches.
        elapsed: Seconds that have passed; a clock that is set back would make it wait until that has caught up.
    """

    def __init__(self, services: Services, should_stop: Callable[[], bool], elapsed: Callable[[], float] = time.monotonic) -> None:
        self._services, self._should_stop, self._elapsed = services, should_stop, elapsed
        self._owner = f"worker-{os.getpid()}-{random_name(6)}"
        self._next: dict[int, float] = {}
        self._reading: dict[int, threading.Thread] = {}
        self._lock = threading.Lock()
        self._journal: JournalWriter | None = None

    def step(self) -> int:
        """Begin to read the mailboxes whose turn it is, those that are still being read excepted; return how many."""
        try:
            owners = self._services.bounce_mailboxes.all()
        except (PostwrightError, SQLAlchemyError) as error:
            tried_again(logger, "bounce mailboxes could not be listed, that is tried again", error)
            return 0
        now = self._elapsed()
        self._reading = {number: thread for number, thread in self._reading.items() if thread.is_alive()}
        self._next = {owner.connection_id: self._next.get(owner.connection_id, now) for owner in owners}
        due = [one for one in owners if one.connection_id not in self._reading and self._next[one.connection_id] <= now]
        due = self._fair(owners, sorted(due, key=lambda one: self._next[one.connection_id]))
        for owner in due:
            self._next[owner.connection_id] = now + EVERY_SECONDS
            # A daemon: a server that hangs must not keep the worker from ending. What it holds up is read again.
            thread = threading.Thread(target=self.read, args=(owner,), name=f"bounce-mail-{owner.connection_id}", daemon=True)
            self._reading[owner.connection_id] = thread
            thread.start()
        return len(due)

    def _fair(self, owners: Sequence[MailboxOwner], due: Sequence[MailboxOwner]) -> list[MailboxOwner]:
        """Return whose mailboxes are read now: no workspace takes more than its share, so that one whose servers drip holds up none."""
        share = max(1, _MOST_AT_ONCE // max(1, len({one.workspace_id for one in owners})))
        busy = Counter(one.workspace_id for one in owners if one.connection_id in self._reading)
        chosen: list[MailboxOwner] = []
        for one in due:
            if len(self._reading) + len(chosen) < _MOST_AT_ONCE and busy[one.workspace_id] < share:
                busy[one.workspace_id] += 1
                chosen.append(one)
        return chosen

    def wait(self, seconds: float) -> None:
        """Wait until nothing is being read, so long at most."""
        until = time.monotonic() + seconds
        for thread in list(self._reading.values()):
            thread.join(max(0.0, until - time.monotonic()))

    def close(self) -> None:
        """Let go; what is still being read is left to the next worker."""
        self.wait(_GOODBYE_SECONDS)
        with self._lock:
            journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()

    def read(self, owner: MailboxOwner) -> int:
        """Read one mailbox, unless somebody else is at it; return how many mails were taken in.

        What goes wrong is kept with the connection, for the people who look at it.
        """
        lease = Lease(self._services.db, self._services.clock, f"bounce-mail:{owner.connection_id}", self._owner, _LEASE)
        try:
            if not lease.hold():
                return 0
            try:
                return self._read(owner, lease)
            finally:
                lease.release()
        except Exception as error:  # whatever a server answers, the next minute is another try
            logger.warning("a bounce mailbox could not be read", extra={"connection_id": owner.connection_id, "kind": type(error).__name__})
            return 0

    def _read(self, owner: MailboxOwner, lease: Lease) -> int:
        mailboxes, taken, size, until = self._services.bounce_mailboxes, 0, 0, time.monotonic() + _LONGEST_SECONDS
        try:
            mailbox = mailboxes.open(owner)
            if mailbox is None:
                return 0
            try:
                for batch in mailbox.batches():
                    size += self._take(owner, mailbox, batch) if batch else 0
                    taken += len(batch)
                    is_enough = size > _MOST_BYTES or taken >= _MOST_MAILS or time.monotonic() > until
                    if is_enough or self._should_stop() or not lease.hold():
                        break
            finally:
                mailbox.close()
        except PostwrightError as error:
            mailboxes.note(owner, str(error))
            raise
        except OSError:
            mailboxes.note(owner, "What lies in it can't be kept: the journal can't be written.")
            raise
        mailboxes.note(owner)
        if taken:
            logger.info("bounce mail was read", extra={"connection_id": owner.connection_id, "mails": taken})
        return taken

    def _take(self, owner: MailboxOwner, mailbox: Mailbox, batch: Sequence[Fetched]) -> int:
        """Put a batch into the journal, and only then away; return its size. A mail without bytes is put away only."""
        now = self._services.clock.now()
        lines = [line(owner, one.data if is_about_us(one.data) else one.data[:_BEGINNING], now) for one in batch if one.data.strip()]
        self._open_journal().append(lines, durable=True, keep=False)
        mailbox.put_away(batch)
        return sum(len(one.data) for one in batch)

    def _open_journal(self) -> JournalWriter:
        with self._lock:
            if self._journal is None:
                self._journal = JournalWriter(self._services.settings.journal_dir, "mailbox")
            return self._journal


def line(owner: MailboxOwner, mail: bytes, at: datetime) -> dict[str, Any]:
    """Return the journal line of a mail: the ingester reads it like a provider's report.

    Args:
        owner: Whose mailbox it lay in.
        mail: The mail.
        at: When it was read.
    """
    known: dict[str, Any] = {
        "kind": "webhook",
        "at": utc(at).isoformat(timespec="microseconds"),
        "source": "mailbox",
        "workspace_id": owner.workspace_id,
        "connection_id": owner.connection_id,
        "provider": owner.kind,
        "content_type": CONTENT_TYPE,
    }
    try:
        return known | {"body": mail.decode()}
    except UnicodeDecodeError:
        return known | {"body_base64": base64.b64encode(mail).decode()}
