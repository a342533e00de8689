"""After the secret key was changed: stored secrets are encrypted anew, so that the key of before can be taken away one day."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from core.accounts.tables import people
from core.errors import Unavailable
from core.providers.tables import connections
from core.storage.database import Database
from core.storage.schema import UtcDateTime
from core.storage.vault import Vault

logger = logging.getLogger(__name__)
# These belong to parts that stand above this one and know it; of them only what is sealed is needed.
_dkim_keys = sa.table("dkim_keys", sa.column("id"), sa.column("private_key"))
_requests = sa.table("requests", sa.column("message_id"), sa.column("content"), sa.column("left_at", UtcDateTime()))
_messages = sa.table("messages", sa.column("id"), sa.column("state"))
_SEALED: tuple[tuple[sa.TableClause, str, str], ...] = (
    (people, "id", "totp_secret"),
    (connections, "id", "secrets"),
    (_dkim_keys, "id", "private_key"),
    (_requests, "message_id", "content"),
)


# A provider that is to know again what may have left would be asked by a name made of the key of now, which it never heard.
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_is_leaving = sa.exists().where(_messages.c.id == _requests.c.message_id, _messages.c.state == "sending")
_may_have_left = sa.or_(_requests.c.left_at.is_not(None), _is_leaving)
_BESIDES: dict[str, dict[str, sa.ColumnElement[Any]]] = {"requests": {"left_at": sa.case((_may_have_left, _LONG_AGO), else_=None)}}


def reseal(db: Database, vault: Vault) -> int:
    """Seal with the key of now what a key of before has sealed and return how many secrets that were.

    What no key opens stays as it is: somebody may find the right one. A secret that is entered anew meanwhile stays too.
    One at a time: what single messages say may be megabytes each, and nobody has to wait for all of them.
    """
    count = 0
    for table, key, name in _SEALED:
        number, column = table.c[key], table.c[name]
        with db.read() as connection:
            ids = list(connection.execute(sa.select(number).where(column > "").order_by(number)).scalars())
        count += sum(_reseal_one(db, vault, table, number == each, name) for each in ids)
    return count


def _reseal_one(db: Database, vault: Vault, table: sa.TableClause, which: sa.ColumnElement[bool], name: str) -> bool:
    column = table.c[name]
    with db.read() as connection:
        sealed = connection.execute(sa.select(column).where(which)).scalar()
    if not sealed or vault.is_current(sealed):
        return False
    try:
        again = vault.seal(vault.open(sealed))
    except Unavailable:
        logger.warning("a stored secret opens with none of the keys", extra={"where": f"{table.name}.{name}"})
        return False
    with db.transaction() as connection:
        changed = sa.update(table).where(which, column == sealed).values({name: again, **_BESIDES.get(table.name, {})})
        return connection.execute(changed).rowcount > 0
