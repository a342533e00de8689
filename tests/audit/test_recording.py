"""Entries come with the change they tell of, in one chain a workspace, and nothing takes them away again."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from core.audit.actions import AuditAction, actions_called
from core.audit.recording import FIRST_HASH, record
from core.audit.seals import Seals
from core.audit.tables import audit_log, audit_seals
from core.audit.verifying import verify
from core.clock import FrozenClock
from core.errors import InvalidInput
from core.permissions import Principal
from core.storage.database import Database
from tests.audit.conftest import KEY, Write

CHANGES = ("update {table} set hash = 'x'", "delete from {table}")
MORE = {
    "sqlite": "insert or replace into {table} select * from {table} where sequence = 2",
    "postgresql": "truncate {table}",
}


@pytest.mark.parametrize("table", ["audit_log", "audit_seals"])
def test_the_database_refuses_to_change_what_is_written(db: Database, write: Write, seals: Seals, ada: Principal, table: str) -> None:
    write(ada, 2)
    seals.seal()
    before = everything(db)
    for statement in (*CHANGES, MORE[db.dialect]):
        with pytest.raises(sa.exc.DBAPIError, match="can only grow"), db.transaction() as connection:
            connection.execute(sa.text(statement.format(table=table)))
    assert everything(db) == before


def test_a_chain_begins_with_zeros_and_goes_on_from_hash_to_hash(db: Database, write: Write, ada: Principal) -> None:
    write(ada, 3)
    write(Principal.system(2), 1)
    first, second, third, other = everything(db)[0]
    assert [row.sequence for row in (first, second, third, other)] == [1, 2, 3, 1]
    assert (first.previous_hash, other.previous_hash) == (FIRST_HASH, FIRST_HASH)
    assert (second.previous_hash, third.previous_hash) == (first.hash, second.hash)


def test_an_entry_goes_with_the_change_that_failed(db: Database, clock: FrozenClock, write: Write, ada: Principal) -> None:
    write(ada)
    with pytest.raises(RuntimeError), db.transaction() as connection:
        record(connection, clock.now(), ada, AuditAction.LIST_CREATED, "list:1")
        raise RuntimeError
    write(ada)
    assert [row.sequence for row in everything(db)[0]] == [1, 2]
    assert verify(db, KEY).is_whole


def test_many_at_once_make_one_chain(db: Database, clock: FrozenClock, ada: Principal) -> None:
    def append() -> None:
        for _ in range(10):
            with db.transaction() as connection:
                record(connection, clock.now(), ada, AuditAction.LIST_CREATED, "list:1")

    threads = [threading.Thread(target=append) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict = verify(db, KEY)
    assert (verdict.entries, verdict.is_whole) == (40, True)


def test_secrets_and_addresses_are_blotted_out_whoever_passes_them(db: Database, clock: FrozenClock, ada: Principal) -> None:
    given = {"password": "one", "nested": {"api_key": "two"}, "list": ["three@example.com"], "name": "News for four@example.com"}
    with db.transaction() as connection:
        record(connection, clock.now(), ada, AuditAction.CONNECTION_ADDED, "connection:1", after=given)
    stored = everything(db)[0][0].after
    assert not any(word in stored for word in ("one", "two", "three", "four@"))
    assert "News for" in stored


def test_an_action_is_found_by_its_name_or_its_noun() -> None:
    assert actions_called("campaign.launched") == {AuditAction.CAMPAIGN_LAUNCHED}
    assert {AuditAction.LIST_CREATED, AuditAction.LIST_MEMBERS_ADDED} <= actions_called("list")
    with pytest.raises(InvalidInput, match="nonsense") as refused:
        actions_called("nonsense")
    assert "campaign" in refused.value.hint


def everything(db: Database) -> tuple[list[sa.Row[tuple[object, ...]]], ...]:
    with db.read() as connection:
        return tuple(list(connection.execute(sa.select(table).order_by(*table.primary_key.columns))) for table in (audit_log, audit_seals))
