"""Taking erased people out of the lake's files, by the protocol of the manifest: a new file, and the old one dead in one transaction.

Their rows stay, so that reports keep what they counted; what could tell whose they were goes (`registry.LAKE`). Whoever else rewrites the
same file at the same moment, only one of the two commits; the other does it again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.events.lake_rows import ORDER
from core.privacy.hashes import ADDRESS, SubjectHashes
from core.privacy.registry import LAKE
from core.storage.event_schema import EVENT_SCHEMA, conformed
from core.storage.lake import Dataset, Lake, LakeFile, StagedFile

_EMPTIED = tuple(next(place for place in LAKE if place.table == "events").empties)
# In anybody's rows an address may stand in these: what a mail server answered about a forwarded mail names somebody else.
_WORDS = ("recipient", "reason", "url", "properties", "provider_event_id", "provider_message_id")
_NAMES = ("contact_id", "message_id", *dict.fromkeys((*_EMPTIED, *_WORDS)))


@dataclass(frozen=True)
class Erased:
    """Who is to be found nowhere in a workspace.

    Args:
        workspace_id: Whose workspace.
        contact_ids: Their numbers.
        message_ids: Single messages that went to them while they were no contacts.
        hashes: The keyed hashes of their addresses.
    """

    workspace_id: int
    contact_ids: frozenset[int]
    message_ids: frozenset[int]
    hashes: frozenset[str]


def rewritten(lake: Lake, file: LakeFile, who: Erased, hashes: SubjectHashes) -> tuple[StagedFile, int] | None:
    """Stage a file of events without these people and return it with how many rows changed; None where nothing has to.

    Args:
        lake: Where the file is.
        file: The file.
        who: Who is taken out.
        hashes: Tell whose an address is.
    """
    parquet = pq.ParquetFile(file.path)
    there = [name for name in _NAMES if name in parquet.schema_arrow.names]
    marks = _marks(conformed(parquet.read(there), pa.schema([EVENT_SCHEMA.field(name) for name in _NAMES])), who, hashes)
    touched = marks.touched
    if not (changed := pc.sum(touched).as_py() or 0):
        return None
    table = conformed(parquet.read(), EVENT_SCHEMA)
    for name in _EMPTIED:
        table = _replaced(table, name, marks.theirs, None)
    for name, words in marks.words.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, pc.if_else(marks.theirs, table[name], words) if name in _EMPTIED else words)
    staged = lake.stage(
        table,
        workspace_id=who.workspace_id,
        dataset=Dataset.EVENTS,
        event_class=file.event_class,
        month=file.month,
        order_by=ORDER,
        level=file.level,
    )
    return staged, int(changed)


@dataclass(frozen=True)
class _Marks:
    """What has to change in a file: whose rows are theirs, and the columns of words without their addresses."""

    theirs: pa.ChunkedArray
    touched: pa.ChunkedArray
    words: dict[str, pa.ChunkedArray]


def _marks(table: pa.Table, who: Erased, hashes: SubjectHashes) -> _Marks:
    # An address that a provider named stands alone in its column: whose row it is can be told by it.
    theirs = pc.or_(_is_among(table["contact_id"], who.contact_ids), _is_among(table["message_id"], who.message_ids))
    named = [text for text in _with_at(table["recipient"]) if hashes.is_one(who.workspace_id, text, who.hashes)]
    theirs = pc.or_(theirs, pc.fill_null(pc.is_in(table["recipient"], value_set=pa.array(named, pa.string())), False))
    touched = pc.and_(theirs, pa.chunked_array([pa.array([False] * table.num_rows, pa.bool_())]))
    for name in _EMPTIED:
        touched = pc.or_(touched, pc.and_(theirs, pc.is_valid(table[name])))
    words: dict[str, pa.ChunkedArray] = {}
    for name in _WORDS[1:]:
        changes = _changes(table[name], who, hashes)
        if changes:
            before, after = pa.array(list(changes), pa.string()), pa.array(list(changes.values()), pa.string())
            place = pc.index_in(table[name], value_set=before)
            words[name] = pc.if_else(pc.is_valid(place), pc.take(after, place), table[name])
            touched = pc.or_(touched, pc.is_valid(place))
    return _Marks(theirs, touched, words)


def _changes(column: pa.ChunkedArray, who: Erased, hashes: SubjectHashes) -> dict[str, str]:
    """Return the texts of a column that hold one of the addresses, and what they say without it."""
    found = {}
    for text in _with_at(column):
        if ADDRESS.search(text) and (after := hashes.without(who.workspace_id, text, who.hashes)) != text:
            found[text] = after
    return found


def _with_at(column: pa.ChunkedArray) -> Sequence[str]:
    """Return the different texts of a column in which an address can stand."""
    different = pc.unique(column.drop_null())
    mask = pc.match_substring_regex(different, "@|%40")
    found: list[str] = different.filter(mask).to_pylist()
    return found


def _is_among(column: pa.ChunkedArray, numbers: Collection[int]) -> pa.ChunkedArray:
    return pc.fill_null(pc.is_in(column, value_set=pa.array(sorted(numbers), pa.int64())), False)


def _replaced(table: pa.Table, name: str, mask: pa.ChunkedArray, value: object) -> pa.Table:
    place, kind = table.schema.get_field_index(name), EVENT_SCHEMA.field(name).type
    return table.set_column(place, name, pc.if_else(mask, pa.scalar(value, kind), table[name]))
