"""What limiting somebody to some lists costs: nothing for whoever sees all, and an index for the rest."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core.contacts.tables import contacts
from core.contacts.visibility import addresses_out_of_sight, seen_imports, seen_lists, seen_one_by_one, seen_together
from core.permissions import Principal
from core.storage.database import Database

SOME = Principal(1, "person:7", frozenset(), lists=frozenset({3, 1}))
NONE = Principal(1, "person:7", frozenset(), lists=frozenset())


@pytest.mark.parametrize("conditions", [seen_imports, seen_lists, seen_one_by_one, seen_together])
def test_whoever_sees_all_lists_asks_as_before(conditions) -> None:
    assert conditions(Principal.system(1)) == []
    assert len(conditions(SOME)) == len(conditions(NONE)) == 1


def test_no_address_is_looked_for_where_all_are_in_sight(sqlite_db: Database) -> None:
    with sqlite_db.read() as connection:
        assert addresses_out_of_sight(connection, Principal.system(1), ["ann@example.com"] * 30_000) == set()


@pytest.mark.parametrize("by", [SOME, NONE])
@pytest.mark.parametrize("conditions", [seen_one_by_one, seen_together])
def test_no_table_is_read_from_end_to_end(sqlite_db: Database, conditions, by: Principal) -> None:
    where = (contacts.c.workspace_id == 1, *conditions(by))
    page = sa.select(contacts.c.email).where(*where).order_by(contacts.c.id.desc()).limit(50)
    count = sa.select(sa.func.count()).select_from(contacts).where(*where)

    for wanted in (page, count):
        literal = str(wanted.compile(sqlite_db.engine, compile_kwargs={"literal_binds": True}))
        with sqlite_db.read() as connection:
            steps = [row.detail for row in connection.execute(sa.text(f"explain query plan {literal}"))]
        assert any("contacts USING" in step for step in steps)
        assert not [step for step in steps if step.startswith("SCAN contacts") or step.startswith("SCAN list_members")]
