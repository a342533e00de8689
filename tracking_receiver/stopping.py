"""Making a "no" hold before it is answered: whoever has said it gets no further mail, also while the journal is still being read."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from core.clock import FrozenClock
from core.contacts.consent.stop_marks import mark
from core.contacts.person_tables import contact_aliases
from core.contacts.tables import contacts
from core.errors import PostwrightError
from core.messages.tables import messages
from core.storage.database import Database

_log = logging.getLogger(__name__)
# The wish is in the journal already: with a database that does not answer in time, it holds once the journal is read.
_PATIENCE_SECONDS = 3.0


class Stopping:
    """Marks whoever has said no, so that the sender's last look sees it.

    Args:
        db: The database.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="stopping")

    async def reader_of(self, message_id: int, said_at: datetime) -> bool:
        """Mark the reader of a message, as of when the journal has it that they said no; return whether that is known to hold now."""
        loop = asyncio.get_running_loop()
        try:
            await asyncio.wait_for(loop.run_in_executor(self._threads, self._mark, message_id, said_at), _PATIENCE_SECONDS)
        except (TimeoutError, PostwrightError, SQLAlchemyError) as error:
            _log.warning("an unsubscription holds once the journal is read, the database did not take it: %s", type(error).__name__)
            return False
        return True

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _mark(self, message_id: int, said_at: datetime) -> None:
        became = sa.select(contact_aliases.c.contact_id).where(contact_aliases.c.alias_id == messages.c.contact_id).scalar_subquery()
        written_to = sa.func.coalesce(became, messages.c.contact_id)  # whom the reader was merged into, if they were
        reader = sa.select(written_to).where(messages.c.id == message_id).scalar_subquery()
        with self._db.transaction() as connection:
            mark(connection, contacts.c.id == reader, FrozenClock(said_at))
