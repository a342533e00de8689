"""Contacts for analytics: a Parquet snapshot read together with whatever changed since, so that the answer is exact and live."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from core.clock import Clock
from core.contacts.attributes import AttributeType, declared
from core.contacts.changes import latest_change
from core.contacts.snapshot_rows import ROW_SCHEMA, changed_rows, tombstones
from core.contacts.tables import contact_tombstones, contacts
from core.storage.database import Database
from core.storage.engine import Session
from core.storage.lake import Dataset, Lake, LakeFile

_SQL_TYPES = {
    AttributeType.TEXT: "varchar",
    AttributeType.NUMBER: "double",
    AttributeType.BOOLEAN: "boolean",
    AttributeType.DATE: "date",
}


@dataclass(frozen=True)
class _State:
    """All contacts of one moment: a snapshot, and what changed since."""

    files: list[LakeFile]
    snapshot: LakeFile | None
    types: dict[str, AttributeType]
    changed: pa.Table
    gone: pa.Table
    sequence: int


class ContactSnapshots:
    """Writes snapshots and makes contacts readable in a DuckDB session.

    Args:
        db: The database.
        clock: The time.
        lake: Where the snapshots are.
    """

    def __init__(self, db: Database, clock: Clock, lake: Lake) -> None:
        self._db, self._clock, self._lake = db, clock, lake

    def add_to(self, session: Session, workspace_id: int) -> None:
        """Make the relation `contacts` readable: every contact as it is at this moment.

        Columns: `id, email, domain, first_name, last_name, consent, source, suppressed, list_ids, tag_ids, created_at, attributes` (JSON),
        `frequency, paused_until, do_not_sell` (null in rows that an earlier release wrote) and `attr_<name>` per declared attribute
        (number DOUBLE, boolean BOOLEAN, date DATE, text VARCHAR).

        Args:
            session: The DuckDB session.
            workspace_id: Whose contacts.
        """
        _define(session, self._state(workspace_id))

    def refresh(self, workspace_id: int, *, min_changes: int = 10_000) -> bool:
        """Write a new snapshot if at least so many contacts changed since the last, or it holds somebody who was deleted; return whether.

        Args:
            workspace_id: Whose contacts.
            min_changes: Changed contacts from which on it is worth it.

        Raises:
            StorageFull: If the disk is full; the old snapshot stays.
        """
        if not self._is_due(workspace_id, max(1, min_changes)):
            return False
        state = self._state(workspace_id, anew=True)
        with duckdb.connect(config={"threads": 2}) as connection:
            connection.execute("set TimeZone = 'UTC'")
            session = Session(connection)
            _define(session, state)
            rows = session.table("select * from contacts")
        staged = self._lake.stage(rows, workspace_id=workspace_id, dataset=Dataset.CONTACTS, order_by=["id"], watermark=state.sequence)
        with self._db.transaction() as writing:
            self._lake.commit(writing, [staged], replaced=[file.id for file in state.files])
            # Only what the replaced snapshot knew already: somebody may still be reading that one.
            done = (
                contact_tombstones.c.workspace_id == workspace_id,
                contact_tombstones.c.updated_seq <= _watermark(state.files[-1] if state.files else None),
            )
            writing.execute(sa.delete(contact_tombstones).where(*done))
        return True

    def _state(self, workspace_id: int, *, anew: bool = False) -> _State:
        """Return what there is; `anew` leaves a snapshot of an earlier release out, which lacks what is known since."""
        with self._db.read() as connection:
            files = self._lake.files(connection, workspace_id, Dataset.CONTACTS)
            is_used = bool(files) and not (anew and _is_outdated(files[-1]))
            after = _watermark(files[-1] if is_used else None)
            return _State(
                files,
                files[-1] if is_used else None,
                declared(connection, workspace_id),
                changed_rows(connection, workspace_id, after),
                tombstones(connection, workspace_id, after),
                latest_change(connection, workspace_id),
            )

    def _is_due(self, workspace_id: int, min_changes: int) -> bool:
        with self._db.read() as connection:
            files = self._lake.files(connection, workspace_id, Dataset.CONTACTS)
            after = _watermark(files[-1] if files else None)
            changed, deleted = (
                connection.execute(
                    sa.select(sa.func.count()).where(table.c.workspace_id == workspace_id, table.c.updated_seq > after)
                ).scalar_one()
                for table in (contacts, contact_tombstones)
            )
        # Somebody who was deleted must not stay in a file until many others have changed.
        return changed >= min_changes or bool(files and (deleted or _is_outdated(files[-1])))


def _is_outdated(file: LakeFile) -> bool:
    return not set(ROW_SCHEMA.names) <= set(pq.read_schema(file.path).names)


def _watermark(file: LakeFile | None) -> int:
    return (file.watermark or 0) if file else 0


def _define(session: Session, state: _State) -> None:
    """Define `contacts` as the snapshot's rows that did not change since, and those that did as they are now."""
    session.add_table("contacts_changed", state.changed)
    session.add_table("contacts_gone", state.gone)
    typed = [f"{_typed(name, kind)} as attr_{name}" for name, kind in state.types.items()]
    sql = f"select {', '.join([*ROW_SCHEMA.names, *typed])} from contacts_changed"
    if state.snapshot:
        session.add_files("contacts_snapshot", [str(state.snapshot.path)], ROW_SCHEMA)
        there = set(pq.read_schema(state.snapshot.path).names)
        # Declared after the snapshot was written: whoever has a value has changed since, so the rows taken from it have none.
        # Whoever has a value of an attribute that was given another type has changed as well.
        columns = [(f"attr_{name}" if f"attr_{name}" in there else "null", _SQL_TYPES[kind]) for name, kind in state.types.items()]
        kept = [f"try_cast({column} as {kind})" for column, kind in columns]
        sql += f" union all select {', '.join([*ROW_SCHEMA.names, *kept])} from contacts_snapshot"
        sql += " where id not in (select id from contacts_changed) and id not in (select id from contacts_gone)"
    session.define("contacts", sql)


def _typed(name: str, kind: AttributeType) -> str:
    return f"try_cast(json_extract_string(attributes, '$.\"{name}\"') as {_SQL_TYPES[kind]})"
