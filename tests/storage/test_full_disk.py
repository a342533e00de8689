"""A full disk is said in plain words, and nothing is changed halfway."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.clock import FrozenClock
from core.contacts.contacts import Contacts
from core.contacts.imports.files.staging import laid_out
from core.contacts.imports.importing import ContactImport
from core.contacts.lists import Lists
from core.contacts.tables import imports
from core.errors import StorageFull, Unavailable
from core.permissions import Principal
from core.settings import Settings
from core.storage.blobs import Blobs
from core.storage.database import Database
from core.storage.schema import metadata
from tests.support.full_disk import tiny_files

PEOPLE = "email,first_name\n" + "".join(f"person-{n}@example.com,Person {n}\n" for n in range(2_000))
WITH_A_REFUSED_ROW = "email,first_name\nada@example.com,Ada\nnobody,Nobody\n"


@pytest.fixture
def contact_import(settings: Settings, sqlite_db: Database, clock: FrozenClock) -> ContactImport:
    return ContactImport(sqlite_db, clock, Blobs(settings.data_dir / "blobs"))


@contextmanager
def no_room_in(database: Database) -> Iterator[None]:
    """Let SQLite use a few pages more than it has: from then on it says itself what it says on a full disk."""

    def hold_down(connection: sa.Connection) -> None:
        pages = connection.exec_driver_sql("pragma page_count").scalar_one()
        connection.exec_driver_sql(f"pragma max_page_count = {pages + 4}")

    sa.event.listen(database.engine, "begin", hold_down)
    try:
        yield
    finally:
        sa.event.remove(database.engine, "begin", hold_down)
        database.close()  # the limit belongs to the connections


def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.read() as connection:
        return {table.name: sorted(map(tuple, connection.execute(sa.select(table))), key=str) for table in metadata.tables.values()}


def test_a_database_without_room_says_so_and_has_changed_nothing(
    contact_import: ContactImport, sqlite_db: Database, workspace: Principal
) -> None:
    before = everything(sqlite_db)
    with no_room_in(sqlite_db), pytest.raises(StorageFull) as error:
        contact_import.run(workspace, PEOPLE.encode(), "people.csv", list_name="People")
    assert str(error.value) == "The disk is full, nothing was changed. Free some space and try again."
    assert everything(sqlite_db) == before


def test_once_there_is_room_the_same_import_goes_through(contact_import: ContactImport, sqlite_db: Database, workspace: Principal) -> None:
    with no_room_in(sqlite_db), pytest.raises(StorageFull):
        contact_import.run(workspace, PEOPLE.encode(), "people.csv", list_name="People")
    result = contact_import.run(workspace, PEOPLE.encode(), "people.csv", list_name="People")
    assert (result.created, result.refused) == (2_000, 0)


def test_people_are_read_on_while_nothing_can_be_written(sqlite_db: Database, clock: FrozenClock, workspace: Principal) -> None:
    contacts = Contacts(sqlite_db, clock)
    contacts.save(workspace, "ada@example.com")
    with no_room_in(sqlite_db):
        with pytest.raises(StorageFull):
            contacts.save(workspace, "bob@example.com", attributes={f"note_{n}": "x" * 9_000 for n in range(8)})
        found = contacts.newest(workspace)
        assert found and (found.email, contacts.count(workspace)) == ("ada@example.com", 1)


def test_an_import_whose_refused_rows_cannot_be_kept_imports_nobody(
    contact_import: ContactImport, sqlite_db: Database, clock: FrozenClock, workspace: Principal, settings: Settings
) -> None:
    before, laid = everything(sqlite_db), laid_out(WITH_A_REFUSED_ROW.encode(), None, settings.uploads_dir)
    with tiny_files(), pytest.raises(StorageFull) as error:
        contact_import.run(workspace, laid, "people.csv", list_name="People")
    assert str(error.value) == "The file could not be kept. Free some disk space and try again."
    assert everything(sqlite_db) == before
    assert Lists(sqlite_db, clock).all(workspace) == []
    assert not _files(settings.data_dir / "blobs"), "half a file was left"
    result = contact_import.run(workspace, WITH_A_REFUSED_ROW.encode(), "people.csv", list_name="People")
    with sqlite_db.read() as connection:
        assert connection.execute(sa.select(imports.c.created, imports.c.refused)).all() == [(1, 1)]
    assert b"nobody" in contact_import.refused_rows(workspace, result.import_id or 0)


def test_a_file_that_there_is_no_room_to_read_is_not_imported(
    sqlite_db: Database, workspace: Principal, contact_import: ContactImport, settings: Settings
) -> None:
    before = everything(sqlite_db)
    with tiny_files(), pytest.raises(StorageFull, match="no room to read the file"):
        contact_import.run(workspace, PEOPLE.encode(), "people.csv", list_name="People")
    assert everything(sqlite_db) == before
    assert not _files(settings.uploads_dir), "half a file was left"


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_disk_quota_that_is_used_up_is_no_traceback(
    sqlite_db: Database, workspace: Principal, contact_import: ContactImport, settings: Settings
) -> None:
    """Past a quota or a file size limit SQLite says “disk I/O error”, not “full”."""
    before, laid = everything(sqlite_db), laid_out(PEOPLE.encode(), None, settings.uploads_dir)
    with tiny_files(), pytest.raises(Unavailable, match="quota"):
        contact_import.run(workspace, laid, "people.csv", list_name="People")
    assert everything(sqlite_db) == before
