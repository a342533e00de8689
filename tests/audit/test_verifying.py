"""Whatever somebody changes in the log behind its back is found, and told where."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from core.audit.actions import AuditAction
from core.audit.chain import CHUNK
from core.audit.recording import FIRST_HASH, HASHED, record, row_hash
from core.audit.seals import Seals
from core.audit.tables import audit_heads, audit_log, audit_seals
from core.audit.verifying import Fault, verify
from core.clock import FrozenClock
from core.permissions import Principal
from core.storage.database import Database
from tests.audit.conftest import KEY, Write, without_triggers

TABLES = (audit_log, audit_heads, audit_seals)
Tamper = Callable[[sa.Executable], None]


@pytest.fixture
def tamper(db: Database, chains: None) -> Tamper:
    """Do something to a database that no longer defends itself."""
    without_triggers(db)

    def run(statement: sa.Executable) -> None:
        with db.transaction() as connection:
            connection.execute(statement)

    return run


def faults(db: Database, key: bytes | None = KEY) -> list[tuple[int, int, Fault]]:
    return [(flaw.workspace_id, flaw.sequence, flaw.fault) for flaw in verify(db, key).flaws]


def this(table: sa.Table, workspace_id: int, sequence: int | None = None) -> tuple[sa.ColumnElement[bool], ...]:
    return (table.c.workspace_id == workspace_id, *(() if sequence is None else (table.c.sequence == sequence,)))


def test_chains_nobody_touched_are_whole(db: Database, chains: None) -> None:
    verdict = verify(db, KEY)
    assert (verdict.chains, verdict.entries, verdict.flaws, verdict.unsealed, verdict.late) == (3, 17, [], 0, 0)
    assert verify(db, KEY, 1).entries == 12
    assert [(end.workspace_id, end.sequence) for end in verdict.ends] == [(0, 2), (1, 12), (2, 3)]


def test_an_empty_log_is_whole(db: Database) -> None:
    assert verify(db, KEY).is_whole
    assert verify(db, KEY, 1).is_whole


def test_a_chain_longer_than_what_is_held_at_once_is_walked_to_its_end(db: Database, clock: FrozenClock, ada: Principal) -> None:
    with db.transaction() as connection:
        for _ in range(CHUNK + 10):
            record(connection, clock.now(), ada, AuditAction.LIST_CREATED, "list:1")
    told: list[tuple[int, int]] = []
    assert verify(db, KEY, told=lambda done, total: told.append((done, total))).is_whole
    assert told == [(CHUNK, CHUNK + 10), (CHUNK + 10, CHUNK + 10)]


def test_a_changed_entry_is_named(db: Database, tamper: Tamper) -> None:
    tamper(sa.update(audit_log).where(*this(audit_log, 1, 5)).values(after='{"name":"Innocent"}'))
    verdict = verify(db, KEY)
    assert [(flaw.workspace_id, flaw.sequence, flaw.fault) for flaw in verdict.flaws] == [(1, 5, Fault.CHANGED)]
    assert verdict.flaws[0].words == "entry 5 was changed after it was written"
    assert faults(db) == [(1, 5, Fault.CHANGED)]
    assert verify(db, KEY, 2).is_whole


def test_a_changed_entry_with_its_hash_made_anew_breaks_the_next(db: Database, tamper: Tamper) -> None:
    with db.read() as connection:
        row = dict(connection.execute(sa.select(audit_log).where(*this(audit_log, 1, 5))).mappings().one())
    row["actor"] = "person:99"
    tamper(sa.update(audit_log).where(*this(audit_log, 1, 5)).values(actor="person:99", hash=row_hash(row["previous_hash"], row)))
    assert faults(db) == [(1, 6, Fault.UNLINKED)]


def test_a_missing_entry_is_named(db: Database, tamper: Tamper) -> None:
    tamper(sa.delete(audit_log).where(*this(audit_log, 1, 5)))
    assert faults(db) == [(1, 6, Fault.MISSING)]


def test_a_missing_beginning_is_named(db: Database, tamper: Tamper) -> None:
    tamper(sa.delete(audit_log).where(*this(audit_log, 1), audit_log.c.sequence < 3))
    assert faults(db) == [(1, 3, Fault.MISSING)]


def test_a_missing_end_is_named(db: Database, tamper: Tamper) -> None:
    tamper(sa.delete(audit_log).where(*this(audit_log, 1), audit_log.c.sequence > 9))
    assert faults(db) == [(1, 9, Fault.CUT_OFF)]


def test_a_missing_end_with_a_head_to_match_is_shown_by_the_seals(db: Database, tamper: Tamper) -> None:
    tamper(sa.delete(audit_log).where(*this(audit_log, 1), audit_log.c.sequence > 9))
    with db.read() as connection:
        last = connection.execute(sa.select(audit_log.c.hash).where(*this(audit_log, 1, 9))).scalar_one()
    tamper(sa.update(audit_heads).where(*this(audit_heads, 1)).values(sequence=9, hash=last))
    assert faults(db) == [(1, 9, Fault.CUT_OFF)]


def test_entries_without_a_head_and_a_head_without_entries_are_told(db: Database, tamper: Tamper) -> None:
    tamper(sa.delete(audit_heads).where(*this(audit_heads, 1)))
    tamper(sa.delete(audit_log).where(*this(audit_log, 2)))
    tamper(sa.delete(audit_seals).where(*this(audit_seals, 2)))
    assert faults(db) == [(1, 12, Fault.NO_HEAD), (2, 0, Fault.NO_ENTRIES)]


def test_entries_put_in_front_and_behind_are_told(db: Database, tamper: Tamper) -> None:
    with db.read() as connection:
        row = dict(connection.execute(sa.select(audit_log).where(*this(audit_log, 1, 12))).mappings().one())
    added = row | {"sequence": 13, "previous_hash": row["hash"]}
    tamper(sa.insert(audit_log).values(added | {"hash": row_hash(row["hash"], added)}))
    tamper(sa.insert(audit_log).values(row | {"sequence": -4}))
    assert {(fault.sequence, fault.fault) for fault in verify(db, KEY).flaws} >= {(-4, Fault.MISSING), (13, Fault.WRONG_HEAD)}


def test_a_chain_rewritten_as_a_whole_is_shown_by_its_seals_only(db: Database, tamper: Tamper) -> None:
    rewrite(db, 1, actor="person:99")
    assert faults(db, key=None) == [(1, sequence, Fault.REWRITTEN) for sequence in (4, 8, 12)]
    with db.transaction() as connection:
        for sequence in (4, 8, 12):  # whoever also writes seals to match needs the key for them
            entry = connection.execute(sa.select(audit_log.c.hash).where(*this(audit_log, 1, sequence))).scalar_one()
            connection.execute(sa.update(audit_seals).where(*this(audit_seals, 1, sequence)).values(hash=entry))
    assert faults(db) == [(1, sequence, Fault.FORGED_SEAL) for sequence in (4, 8, 12)]
    assert not verify(db, None).seals_checked


def test_seals_of_another_key_are_none(db: Database, chains: None) -> None:
    assert {fault for *_, fault in faults(db, key=b"the key of another installation")} == {Fault.FORGED_SEAL}


def test_what_is_not_sealed_yet_is_told_with_its_age(db: Database, chains: None, write: Write, ada: Principal, clock: FrozenClock) -> None:
    since = clock.now()
    write(ada, 2)
    verdict = verify(db, KEY)
    assert (verdict.is_whole, verdict.unsealed, verdict.unsealed_since) == (True, 2, since)


def test_seals_that_were_taken_away_and_made_anew_by_the_worker_look_late(
    db: Database, tamper: Tamper, seals: Seals, clock: FrozenClock
) -> None:
    rewrite(db, 1, actor="person:99")
    tamper(sa.delete(audit_seals).where(*this(audit_seals, 1)))
    clock.advance(timedelta(days=2))
    assert seals.seal() == 0  # the worker that made them remembers
    assert Seals(db, clock, KEY).seal() == 1  # one that was started anew can't know
    verdict = verify(db, KEY)
    assert (verdict.is_whole, verdict.late) == (True, 12)


def test_a_chain_with_a_fault_gets_no_seal(db: Database, tamper: Tamper, seals: Seals, write: Write, ada: Principal) -> None:
    write(ada, 2)
    tamper(sa.update(audit_log).where(*this(audit_log, 1, 13)).values(target="list:8"))
    assert seals.seal() == 0
    tamper(sa.update(audit_log).where(*this(audit_log, 1, 13)).values(target="list:7"))
    assert seals.seal() == 1
    assert seals.seal() == 0
    assert verify(db, KEY).unsealed == 0


def test_nothing_is_sealed_onto_a_chain_whose_sealed_part_was_rewritten(
    db: Database, tamper: Tamper, seals: Seals, write: Write, ada: Principal
) -> None:
    rewrite(db, 1, actor="person:99")
    write(ada)
    assert seals.seal() == 0


def test_after_the_key_was_changed_seals_are_made_with_the_new_key_and_the_old_ones_count_while_its_key_is_named(
    db: Database, chains: None, clock: FrozenClock, write: Write, ada: Principal
) -> None:
    write(ada)
    changed = b"the key of this year"
    assert Seals(db, clock, changed).seal() == 0  # who does not know the key of before can't vouch for what it sealed
    assert Seals(db, clock, changed, [KEY]).seal() == 1
    assert verify(db, changed, previous=[KEY]).is_whole
    assert {flaw.fault for flaw in verify(db, changed).flaws} == {Fault.FORGED_SEAL}
    assert not verify(db, KEY).is_whole


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=80)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([-(2**63), -(2**62), 2**62, 2**63 - 1])
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_single_change_of_any_column_of_any_row_is_found(data: st.DataObject, db: Database, tamper: Tamper) -> None:
    table = data.draw(st.sampled_from(TABLES), "table")
    with db.read() as connection:
        rows = connection.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings().all()
    row = data.draw(st.sampled_from(rows), "row")
    column = data.draw(st.sampled_from(list(table.columns)), "column")
    before = row[column.name]
    kinds = {int: NUMBERS | st.integers(0, 20), str: TEXTS | st.sampled_from([one[column.name] for one in rows]), datetime: MOMENTS}
    after = data.draw(kinds[type(before)], "value")
    assume(after != before)
    key = {one.name: row[one.name] for one in table.primary_key.columns}
    try:
        tamper(sa.update(table).where(*(table.c[name] == value for name, value in key.items())).values({column.name: after}))
    except sa.exc.IntegrityError:  # the place is taken
        assume(False)
    try:
        assert not verify(db, KEY).is_whole
    finally:
        moved = key | ({column.name: after} if column.name in key else {})
        tamper(sa.update(table).where(*(table.c[name] == value for name, value in moved.items())).values({column.name: before}))
    assert verify(db, KEY).is_whole


def test_a_time_that_is_none_is_found_too(sqlite_db: Database, clock: FrozenClock) -> None:
    """SQLite keeps whatever it is given."""
    seals = Seals(sqlite_db, clock, KEY)
    for _ in range(2):
        with sqlite_db.transaction() as connection:
            record(connection, clock.now(), Principal.system(1), AuditAction.LIST_CREATED, "list:1")
    seals.seal()
    without_triggers(sqlite_db)
    with sqlite_db.transaction() as connection:
        connection.execute(sa.text("update audit_log set at = 'noon' where sequence = 1"))
        connection.execute(sa.text("update audit_seals set sealed_at = 12"))
    assert {fault for *_, fault in faults(sqlite_db)} == {Fault.CHANGED, Fault.FORGED_SEAL}


def rewrite(db: Database, workspace_id: int, **changes: object) -> None:
    """Do what somebody does who can write the database and knows how the chain is made."""
    with db.transaction() as connection:
        previous = FIRST_HASH
        mine = sa.select(audit_log).where(*this(audit_log, workspace_id)).order_by(audit_log.c.sequence)
        for row in connection.execute(mine).mappings().all():
            values = {name: row[name] for name in HASHED} | changes
            entry = {**changes, "previous_hash": previous, "hash": row_hash(previous, values)}
            connection.execute(sa.update(audit_log).where(*this(audit_log, workspace_id, row["sequence"])).values(**entry))
            previous = entry["hash"]
        connection.execute(sa.update(audit_heads).where(*this(audit_heads, workspace_id)).values(hash=previous))
