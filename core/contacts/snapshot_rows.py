"""Reading contacts from the database as Arrow rows, in the shape of the snapshot."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from core.contacts.addresses import domain_of
from core.contacts.lookup import barring
from core.contacts.person_tables import contact_tags
from core.contacts.tables import contact_tombstones, contacts, list_members

ROW_SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("email", pa.string()),
        ("domain", pa.string()),
        ("first_name", pa.string()),
        ("last_name", pa.string()),
        ("consent", pa.string()),
        ("source", pa.string()),
        ("suppressed", pa.bool_()),
        ("list_ids", pa.list_(pa.int64())),
        ("tag_ids", pa.list_(pa.int64())),
        ("created_at", pa.timestamp("us", tz="UTC")),
        ("attributes", pa.string()),
        ("frequency", pa.string()),
        ("paused_until", pa.timestamp("us", tz="UTC")),
        ("do_not_sell", pa.bool_()),
    ]
)


def changed_rows(connection: sa.Connection, workspace_id: int, after: int) -> pa.Table:
    """Return the contacts whose last change is later than number `after`, with their lists and whether they are suppressed."""
    rows = connection.execute(_changed(workspace_id, after)).all()
    on = _numbers(connection, workspace_id, after, list_members.c.list_id)
    tagged = _numbers(connection, workspace_id, after, contact_tags.c.tag_id)
    columns: dict[str, list[Any]] = {
        "id": [row.id for row in rows],
        "email": [row.email for row in rows],
        "domain": [domain_of(row.email) for row in rows],
        "first_name": [row.first_name for row in rows],
        "last_name": [row.last_name for row in rows],
        "consent": [row.consent for row in rows],
        "source": [row.source for row in rows],
        "suppressed": [row.suppressed_for is not None for row in rows],
        "list_ids": [on.get(row.id, []) for row in rows],
        "tag_ids": [tagged.get(row.id, []) for row in rows],
        "created_at": [row.created_at for row in rows],
        "attributes": [row.attributes_text for row in rows],
        "frequency": [row.frequency for row in rows],
        "paused_until": [row.paused_until for row in rows],
        "do_not_sell": [row.do_not_sell for row in rows],
    }
    return pa.table(columns, schema=ROW_SCHEMA)


def tombstones(connection: sa.Connection, workspace_id: int, after: int) -> pa.Table:
    """Return the ids of the contacts that were deleted later than change number `after`."""
    column = contact_tombstones.c
    wanted = sa.select(column.contact_id).where(column.workspace_id == workspace_id, column.updated_seq > after)
    return pa.table({"id": pa.array(connection.execute(wanted).scalars().all(), pa.int64())})


def _changed(workspace_id: int, after: int) -> sa.Select[Any]:
    column, barred = contacts.c, barring(contacts, needs_consent=False)
    return (
        sa.select(
            *(column.id, column.email, column.first_name, column.last_name, column.consent, column.source, column.created_at),
            sa.cast(column.attributes, sa.Text).label("attributes_text"),
            *(column.frequency, column.paused_until, column.do_not_sell),
            barred.suppressed_for.label("suppressed_for"),
        )
        .select_from(barred.told_from)
        .where(column.workspace_id == workspace_id, column.updated_seq > after)
    )


def _numbers(connection: sa.Connection, workspace_id: int, after: int, number: sa.ColumnElement[int]) -> dict[int, list[int]]:
    """Return the lists or tags of the contacts that changed, by contact; `number` is a column of the table that says so."""
    joined = number.table.c.contact_id
    wanted = (
        sa.select(joined, number)
        .join_from(number.table, contacts, joined == contacts.c.id)
        .where(contacts.c.workspace_id == workspace_id, contacts.c.updated_seq > after)
        .order_by(number)
    )
    found: dict[int, list[int]] = {}
    for contact_id, one in connection.execute(wanted):
        found.setdefault(contact_id, []).append(one)
    return found
