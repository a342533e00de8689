"""The few things a page reads from the database: in threads, with patience of seconds, and never needed to keep a wish."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from core.campaigns.plans import plan_of_message
from core.clock import SystemClock
from core.contacts.aliases import survivor_of
from core.contacts.consent.opt_in import OptIn
from core.contacts.hosted.preferences import Standing, standing_of
from core.contacts.lookup import contacts_by_id
from core.contacts.tables import contacts
from core.errors import PostwrightError
from core.messages.composing import Composer
from core.messages.request_composing import RequestComposer
from core.messages.request_content import unseal
from core.messages.tables import messages, requests
from core.storage.database import Database
from core.storage.tables import workspaces
from core.storage.vault import Vault

_log = logging.getLogger(__name__)
_PATIENCE_SECONDS = 3.0

T = TypeVar("T")


class Lookups:
    """Reads names and messages.

    Args:
        db: The database.
        composer: Renders a message again, without its pixel.
        requested: The same for those that belong to no campaign.
        vault: Opens what those say.
    """

    def __init__(self, db: Database, composer: Composer, requested: RequestComposer, vault: Vault) -> None:
        self._db, self._composer, self._requested, self._vault = db, composer, requested, vault
        self._clock = SystemClock()
        self._opt_in = OptIn(db, self._clock)
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="lookup")

    async def workspace_name(self, message_id: int) -> str:
        """Return the name of the workspace that sent a message, empty where it can't be found now."""
        return await self._patiently(lambda: self._name(message_id)) or ""

    async def standing(self, message_id: int) -> Standing | None:
        """Return where the recipient of a message stands, None where that can't be found now or the message has no contact."""
        return await self._patiently(lambda: self._standing(message_id))

    async def pending(self, token: str) -> tuple[str, str] | None:
        """Return the workspace and the language of what a token would confirm, empty for none; None where that can't be told now."""
        return await self._patiently(lambda: self._pending(token))

    async def message_html(self, message_id: int) -> str | None:
        """Return a message as its recipient sees it, None where it can't be shown (any more)."""
        return await self._patiently(lambda: self._html(message_id))

    async def database_answers(self) -> bool:
        """Return whether the database can be read."""
        return await self._patiently(self._ping) or False

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _patiently(self, read: Callable[[], T]) -> T | None:
        loop = asyncio.get_running_loop()
        try:
            return await asyncio.wait_for(loop.run_in_executor(self._threads, read), _PATIENCE_SECONDS)
        except (TimeoutError, PostwrightError, SQLAlchemyError) as error:
            _log.warning("a page's look into the database failed: %s", type(error).__name__)
            return None

    def _name(self, message_id: int) -> str | None:
        joined = messages.join(workspaces, workspaces.c.id == messages.c.workspace_id)
        wanted = sa.select(workspaces.c.name).select_from(joined).where(messages.c.id == message_id)
        with self._db.read() as connection:
            found: str | None = connection.execute(wanted).scalar()
        return found

    def _standing(self, message_id: int) -> Standing | None:
        wanted = sa.select(messages.c.workspace_id, messages.c.contact_id).where(messages.c.id == message_id)
        with self._db.read() as connection:
            row = connection.execute(wanted).one_or_none()
            if row is None or row.contact_id is None:
                return None
            reader = survivor_of(connection, row.workspace_id, row.contact_id)
            standing = standing_of(connection, row.workspace_id, reader, self._clock.now())
            return standing if standing is None or reader == row.contact_id else standing.to_refuse()

    def _pending(self, token: str) -> tuple[str, str]:
        with self._db.read() as connection:
            found = self._opt_in.peek(connection, token)
            if found is None:
                return "", ""
            named = sa.select(workspaces.c.name).where(workspaces.c.id == found.workspace_id)
            return connection.execute(named).scalar_one(), found.evidence.language or "en"

    def _html(self, message_id: int) -> str | None:
        with self._db.read() as connection:
            planned = plan_of_message(connection, message_id)
            if planned is None:
                return self._single(connection, message_id)
            contact = contacts_by_id(connection, planned.plan.workspace_id, [planned.contact_id]).get(planned.contact_id)
        if contact is None:
            return None
        return str(self._composer.compose(planned.plan, message_id, contact, planned.variant_id).html)

    def _single(self, connection: sa.Connection, message_id: int) -> str | None:
        """Return a message that belongs to no campaign, while it is kept; only what a template wrote has a link that leads here."""
        deleted = sa.and_(messages.c.contact_id.isnot(None), ~sa.exists().where(contacts.c.id == messages.c.contact_id))
        wanted = sa.select(requests.c.content).join(messages, messages.c.id == requests.c.message_id)
        sealed = connection.execute(wanted.where(requests.c.message_id == message_id, requests.c.content != "", ~deleted)).scalar()
        content = unseal(sealed, self._vault) if sealed else None
        return self._requested.html(message_id, content) if content and content.mark else None

    def _ping(self) -> bool:
        with self._db.read() as connection:
            return bool(connection.execute(sa.select(sa.literal(1))).scalar())
