"""Whoever adds a column has to decide whether it is about somebody."""

from __future__ import annotations

import core.api.tables
import core.app
import core.contacts.imports.importing  # noqa: F401 - with these every table is known
from core.contacts.snapshot_rows import ROW_SCHEMA
from core.privacy.registry import FILES, LAKE, PLACES, Finds, Leaves, gaps, of_contacts, table_of
from core.storage.event_schema import EVENT_SCHEMA, FACT_SCHEMA
from core.storage.schema import metadata


def tables() -> dict[str, frozenset[str]]:
    return {table.name: frozenset(table.c.keys()) for table in metadata.tables.values()}


def test_every_column_of_the_database_is_named_as_personal_or_not() -> None:
    found = gaps(tables())
    assert (found.unnamed, found.unknown, found.twice) == ([], [], [])
    assert {place.table for place in PLACES} == set(tables())


def test_every_column_of_the_lake_is_named_as_personal_or_not() -> None:
    schema = {"events": EVENT_SCHEMA, "facts": FACT_SCHEMA, "contacts_snapshot": ROW_SCHEMA}
    found = gaps({name: frozenset(each.names) for name, each in schema.items()})
    assert (found.unnamed, found.unknown, found.twice) == ([], [], [])
    assert {place.table for place in LAKE} == set(schema)


def test_a_column_nobody_decided_about_is_found() -> None:
    found = gaps({"contacts": frozenset({"id", "email", "shoe_size"})})
    assert found.unnamed == ["contacts.shoe_size"]
    assert "contacts.first_name" in found.unknown
    assert gaps({"shoes": frozenset({"size"})}).unnamed == ["shoes.size"]


def test_each_entry_says_what_why_and_how_long() -> None:
    for place in (*PLACES, *LAKE):
        assert all((place.what, place.why, place.kept, place.erased)), place.table
    for file in FILES:
        assert all((file.what, file.why, file.kept, file.exported, file.erased)), file.where
    assert len({place.table for place in PLACES}) == len(PLACES)


def test_what_erasing_goes_by_is_there() -> None:
    for place in of_contacts():
        table = table_of(place)
        assert table is not None
        columns = set(table.c.keys())
        assert place.finds in columns, place.table
        assert set(place.scrubs.split()) | set(place.wipes.split()) <= columns, place.table
        assert set(place.empties) <= place.personal_columns | place.plain_columns, place.table
        assert (place.leaves is Leaves.THE_FACT) or not place.empties, place.table


def test_every_table_that_names_a_contact_can_be_erased() -> None:
    naming = {name for name, columns in tables().items() if "contact_id" in columns}
    ours = {place.table for place in of_contacts()}
    assert naming - ours == {"contact_tombstones", "erasures"}
    assert all(place.finds is not Finds.NOTHING for place in of_contacts())
