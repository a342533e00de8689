"""What an import does to known people beside their values: tags they don't have yet, and a no that the file says they said."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import polars as pl
import sqlalchemy as sa

from core.contacts.consent.records import ConsentStatus
from core.contacts.imports.tags import tags_of
from core.contacts.person_tables import contact_tags
from core.contacts.tables import contacts
from core.contacts.tagging import find_tags, name_key
from core.storage.bulk import columns_of
from core.storage.database import among, chunked

_AT_ONCE, _CHUNK = 50_000, 10_000
_SCHEMA = {"id": pl.Int64, "email": pl.String, "tags": pl.String, "says_no": pl.Boolean}
_HELD = {"id": pl.Int64, "tag_id": pl.Int64}


def perhaps_touched(rows: pl.DataFrame, *, takes_tags: bool) -> pl.DataFrame:
    """Return those rows of known people that may do something to them, with what `touched` asks.

    Args:
        rows: `id`, `email`, perhaps `tags` and `says_no`.
        takes_tags: Whether known people are given tags at all.
    """
    none = {"tags": pl.lit(""), "says_no": pl.lit(False)}
    there = {name: pl.col(name).fill_null(empty) for name, empty in none.items() if name in rows.columns and (takes_tags or name != "tags")}
    wanted = rows.select("id", "email", *(column.alias(name) for name, column in (none | there).items()))
    return wanted.filter((pl.col("tags") != "") | pl.col("says_no"))


def touched(
    connection: sa.Connection, workspace_id: int, parts: Sequence[pl.DataFrame], whole: Collection[str]
) -> dict[str, dict[str, tuple[Any, Any]]]:
    """Return by address what changes about these people: `tags` and `consent`, before and after.

    Args:
        connection: Sees them as they are before the import.
        workspace_id: Whose contacts.
        parts: From `perhaps_touched`.
        whole: Tags that stay whole; from `undivided`.
    """
    rows, found = pl.concat([pl.DataFrame(schema=_SCHEMA), *parts]), dict[str, dict[str, tuple[Any, Any]]]()
    for email, names in _tags_to_come(connection, workspace_id, tags_of(rows, whole)):
        found[email] = {"tags": (None, ", ".join(sorted(names)))}
    said_no = rows.filter("says_no")
    stands = _consent_of(connection, workspace_id, said_no["id"].to_list())
    for contact_id, email in said_no.select("id", "email").iter_rows():
        if stands.get(contact_id, ConsentStatus.UNSUBSCRIBED) != ConsentStatus.UNSUBSCRIBED:
            found.setdefault(email, {})["consent"] = (stands[contact_id], ConsentStatus.UNSUBSCRIBED.value)
    return found


def _tags_to_come(connection: sa.Connection, workspace_id: int, given: pl.DataFrame) -> list[tuple[str, list[str]]]:
    """Return the addresses of those who don't have all of their tags yet, and these tags."""
    if given.is_empty():
        return []
    named = given["tag"].unique().to_list()
    known = find_tags(connection, workspace_id, named)
    ids = {name: known.get(name_key(name)) for name in named}
    held = sa.select(contact_tags.c.contact_id, contact_tags.c.tag_id).where(
        contact_tags.c.workspace_id == workspace_id, contact_tags.c.tag_id.in_(among(connection, sorted(known.values())))
    )
    read = columns_of(connection, held, _AT_ONCE) if known else ()
    have = pl.concat([pl.DataFrame(schema=_HELD), *(pl.DataFrame(columns, schema=_HELD, orient="col") for columns in read)])
    numbered = given.with_columns(pl.col("tag").replace_strict(ids, return_dtype=pl.Int64).alias("tag_id"))
    new = numbered.join(have, on=["id", "tag_id"], how="anti")  # a tag that is still to be made has no number, and nobody has it
    return list(new.group_by("email", maintain_order=True).agg("tag").iter_rows())


def _consent_of(connection: sa.Connection, workspace_id: int, ids: Sequence[int]) -> dict[int, str]:
    wanted = sa.select(contacts.c.id, contacts.c.consent).where(contacts.c.workspace_id == workspace_id)
    found: dict[int, str] = {}
    for few in chunked(ids, _CHUNK):
        found |= {row.id: row.consent for row in connection.execute(wanted.where(contacts.c.id.in_(among(connection, few))))}
    return found
