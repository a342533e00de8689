"""Writing an import: new contacts, changes to known ones, the list; all of it in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from core.contacts.attributes import AttributeType
from core.contacts.changes import mark_changed
from core.contacts.column_types import as_values
from core.contacts.consent_records import ConsentStatus
from core.contacts.evidence import ConsentMethod
from core.contacts.tables import consent_records, contacts, list_members, list_optouts
from core.storage.database import chunked

_CHUNK = 10_000
_WRITE_CHUNK = 5_000
Progress = Callable[[int, int], None]


@dataclass
class Merge:
    """What an import does to the contacts.

    Args:
        new: Rows for contacts that don't exist.
        changed: Rows with the fields of contacts that do and get something new.
        joining: Ids of contacts that get nothing new but the list.
        unchanged: How many get nothing at all.
    """

    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    joining: list[int] = field(default_factory=list)
    unchanged: int = 0


def plan_merge(
    connection: sa.Connection, workspace_id: int, frame: pl.DataFrame, types: dict[str, AttributeType], list_id: int | None
) -> Merge:
    """Return what these rows do to the contacts that there are.

    Args:
        connection: Sees the contacts; inside the writing transaction nothing can come in between.
        workspace_id: Whose contacts.
        frame: The rows: `email`, `first_name`, `last_name`, `attribute.<name>` as text that fits its type.
        types: The attributes to keep.
        list_id: The list they are put on; None if it is still to be made.
    """
    merge, same = Merge(), []
    for part in frame.iter_slices(_CHUNK):
        known = _known(connection, workspace_id, part["email"].to_list())
        for row in _rows(part, types):
            before = known.get(row["email"])
            if before is None:
                merge.new.append(row)
            elif after := _difference(before, row):
                merge.changed.append({"contact_id": before.id, **after})
            else:
                same.append(before.id)
    on_list = _on_list(connection, list_id)
    merge.joining = [contact_id for contact_id in same if contact_id not in on_list]
    merge.unchanged = len(same) - len(merge.joining)
    return merge


def write_merge(
    connection: sa.Connection,
    workspace_id: int,
    merge: Merge,
    *,
    change: int,
    source: str,
    actor: str,
    now: datetime,
    progress: Progress,
    is_pending: bool = False,
) -> None:
    """Write what was planned; every contact touched carries the number `change`.

    Args:
        connection: The import's transaction.
        workspace_id: Whose contacts.
        merge: What to write.
        change: The number of this change.
        source: How we know the new contacts and their consent ("import:7").
        actor: Who imports.
        now: The time.
        progress: Told how many rows are written, of how many.
        is_pending: Whether the new ones have to answer a mail before they count as subscribed.
    """
    total, done = len(merge.new) + len(merge.changed) + len(merge.joining), 0
    consent = ConsentStatus.PENDING if is_pending else ConsentStatus.SUBSCRIBED
    same: dict[str, Any] = {"workspace_id": workspace_id, "consent": consent.value, "source": source}
    same |= {"created_at": now, "updated_at": now, "updated_seq": change}
    for rows in chunked(merge.new, _WRITE_CHUNK):
        connection.execute(sa.insert(contacts), [{**row, **same} for row in rows])
        progress(done := done + len(rows), total)
    for rows in chunked(merge.changed, _WRITE_CHUNK):
        connection.execute(_update_one(change, now), list(rows))
        progress(done := done + len(rows), total)
    for ids in chunked(merge.joining, _CHUNK):
        mark_changed(connection, workspace_id, change, contacts.c.id.in_(ids))
        progress(done := done + len(ids), total)
    _record_consent(connection, workspace_id, change=change, source=source, actor=actor, now=now)


def _rows(frame: pl.DataFrame, types: dict[str, AttributeType]) -> Iterator[dict[str, Any]]:
    """Yield each row as the values of a contact."""
    columns = [as_values(frame[f"attribute.{name}"], kind) for name, kind in types.items()]
    names = list(types)
    fixed = frame.select("email", "first_name", "last_name").iter_rows()
    given = zip(*columns, strict=True) if columns else ((),) * frame.height
    for (email, first_name, last_name), values in zip(fixed, given, strict=True):
        attributes = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        yield {"email": email, "first_name": first_name, "last_name": last_name, "attributes": attributes}


def _known(connection: sa.Connection, workspace_id: int, emails: Sequence[str]) -> dict[str, Any]:
    columns = (contacts.c.id, contacts.c.email, contacts.c.first_name, contacts.c.last_name, contacts.c.attributes)
    found = connection.execute(sa.select(*columns).where(contacts.c.workspace_id == workspace_id, contacts.c.email.in_(emails)))
    return {row.email: row for row in found}


def _difference(before: Any, row: dict[str, Any]) -> dict[str, Any] | None:
    """Return the fields a contact has afterwards, or None if the row brings nothing new; empty values bring nothing."""
    after = {
        "first_name": row["first_name"] or before.first_name,
        "last_name": row["last_name"] or before.last_name,
        "attributes": {**before.attributes, **row["attributes"]},
    }
    was = {"first_name": before.first_name, "last_name": before.last_name, "attributes": before.attributes}
    return None if after == was else after


def _on_list(connection: sa.Connection, list_id: int | None) -> set[int]:
    if list_id is None:
        return set()
    # Who left it of their own will is not put back, so for an import they are as good as on it.
    tables = (list_members, list_optouts)
    found = (connection.execute(sa.select(table.c.contact_id).where(table.c.list_id == list_id)).scalars() for table in tables)
    return set().union(*found)


def _update_one(change: int, now: datetime) -> sa.Update:
    statement = sa.update(contacts).where(contacts.c.id == sa.bindparam("contact_id"))
    given: dict[str, Any] = {name: sa.bindparam(name) for name in ("first_name", "last_name", "attributes")}
    return statement.values(**given, updated_at=now, updated_seq=change)


def _record_consent(connection: sa.Connection, workspace_id: int, *, change: int, source: str, actor: str, now: datetime) -> None:
    """Record the consent of everybody whom this import made, who carry both its source and its change."""
    made = (contacts.c.workspace_id == workspace_id, contacts.c.updated_seq == change, contacts.c.source == source)
    same = {"source": source, "actor": actor, "ip_prefix": "", "user_agent": "", "method": ConsentMethod.IMPORT.value}
    moment = sa.literal(now, consent_records.c.occurred_at.type)
    chosen = sa.select(contacts.c.workspace_id, contacts.c.id, contacts.c.consent, moment, *map(sa.literal, same.values()))
    columns = ["workspace_id", "contact_id", "state", "occurred_at", *same]
    connection.execute(sa.insert(consent_records).from_select(columns, chosen.where(*made)))
