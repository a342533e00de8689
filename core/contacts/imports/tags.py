"""Tags that an import puts on people: separated by commas or semicolons in the column of tags."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import polars as pl
import sqlalchemy as sa

from core.contacts.changes import mark_changed
from core.contacts.person_tables import contact_tags, tags
from core.contacts.tables import contacts
from core.contacts.tagging import MAX_NAME, name_key, tag_in
from core.storage.bulk import columns_of

MAX_TAG = MAX_NAME
_AT_ONCE = 50_000


def undivided(connection: sa.Connection, workspace_id: int) -> frozenset[str]:
    """Return the tags whose own names hold a semicolon, as they are compared: no tag has a comma, and our export writes commas."""
    wanted = sa.select(tags.c.name_key).where(tags.c.workspace_id == workspace_id, tags.c.name_key.contains(";"))
    return frozenset(connection.execute(wanted).scalars())


def tags_of(rows: pl.DataFrame, whole: Collection[str] = ()) -> pl.DataFrame:
    """Return who gets which tags: `email`, `id`, `tag`.

    Args:
        rows: `email`, `id` (null for new people), `tags`.
        whole: From `undivided`.
    """
    pieces = rows.filter(pl.col("tags") != "").select("email", "id", pl.col("tags").str.split(",").alias("tag")).explode("tag")
    several = pieces.filter(pl.col("tag").str.contains(";", literal=True))["tag"].unique().to_list() if whole else []
    kept = [piece for piece in several if name_key(piece) in whole]
    divided = pl.col("tag").str.split(";")
    lists = pl.when(pl.col("tag").is_in(kept)).then(pl.concat_list("tag")).otherwise(divided) if kept else divided
    named = pieces.with_columns(lists.alias("tag")).explode("tag").with_columns(pl.col("tag").str.strip_chars())
    return named.filter(pl.col("tag") != "")


def named_in(tagged: Sequence[pl.DataFrame]) -> set[str]:
    """Return the tags that stand in frames from `tags_of`."""
    return {str(tag) for frame in tagged for tag in frame["tag"].unique()}


def put_tags(
    connection: sa.Connection, workspace_id: int, tagged: Sequence[pl.DataFrame], *, change: int, source: str, now: datetime
) -> None:
    """Put tags on people once the new ones are there; everybody touched carries the number of the import's change.

    Args:
        connection: The import's transaction.
        workspace_id: Whose contacts.
        tagged: From `tags_of`.
        change: The number of the import's change.
        source: What its new contacts carry.
        now: The import's moment.
    """
    given = pl.concat(tagged) if tagged else pl.DataFrame()
    if given.is_empty():
        return
    made = sa.select(contacts.c.email, contacts.c.id).where(
        contacts.c.workspace_id == workspace_id, contacts.c.updated_seq == change, contacts.c.source == source
    )
    schema = {"email": pl.String, "new_id": pl.Int64}
    frames = [pl.DataFrame(columns, schema=schema, orient="col") for columns in columns_of(connection, made, _AT_ONCE)]
    ids = pl.coalesce("id", "new_id").alias("id")
    numbered = given.join(pl.concat([pl.DataFrame(schema=schema), *frames]), on="email", how="left").select("tag", ids).drop_nulls()
    for (tag,), rows in numbered.group_by("tag", maintain_order=True):
        tag_in(connection, workspace_id, rows["id"].unique().sort().to_list(), [str(tag)], now)
    # Each tag was a change of its own; nobody else can have made one meanwhile.
    mark_changed(connection, workspace_id, change, contacts.c.updated_seq > change)


def take_tags_off(connection: sa.Connection, workspace_id: int, *, change: int, source: str, moment: datetime) -> int:
    """Take the tags off that an import put on people who were there before it; return how many.

    Args:
        connection: The transaction.
        workspace_id: Whose contacts.
        change: The number of the change that this is.
        source: What the import's new contacts carry.
        moment: The import's moment, to the microsecond that of each of its tags.
    """
    column, known = contact_tags.c, sa.exists().where(contacts.c.id == contact_tags.c.contact_id, contacts.c.source != source)
    here = (column.workspace_id == workspace_id, column.added_at == moment, known.correlate(contact_tags))
    mark_changed(connection, workspace_id, change, contacts.c.id.in_(sa.select(column.contact_id).where(*here)))
    return connection.execute(sa.delete(contact_tags).where(*here)).rowcount
