"""After the secret key was changed: stored secrets are encrypted anew, so that the key of before can be taken away one day."""

from __future__ import annotations

import logging

import sqlalchemy as sa

from core.accounts.tables import people
from core.errors import Unavailable
from core.providers.tables import connections
from core.storage.database import Database
from core.storage.vault import Vault

logger = logging.getLogger(__name__)
# DKIM keys belong to a part that stands above this one and knows it; of them only what is sealed is needed.
_dkim_keys = sa.table("dkim_keys", sa.column("id"), sa.column("private_key"))
_SEALED: tuple[tuple[sa.TableClause, str], ...] = ((people, "totp_secret"), (connections, "secrets"), (_dkim_keys, "private_key"))


def reseal(db: Database, vault: Vault) -> int:
    """Seal with the key of now what a key of before has sealed and return how many secrets that were.

    What no key opens stays as it is: somebody may find the right one. A secret that is entered anew meanwhile stays too.
    """
    count = 0
    with db.transaction() as connection:
        for table, name in _SEALED:
            number, column = table.c.id, table.c[name]
            for row_id, sealed in connection.execute(sa.select(number, column).where(column > "")).all():
                if vault.is_current(sealed):
                    continue
                try:
                    again = vault.seal(vault.open(sealed))
                except Unavailable:
                    logger.warning("a stored secret opens with none of the keys", extra={"table": table.name, "row": row_id})
                    continue
                connection.execute(sa.update(table).where(number == row_id, column == sealed).values({name: again}))
                count += 1
    return count
