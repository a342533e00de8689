"""Imports that are put on record first: done by somebody, cancelled, taken up after a crash, taken back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.clock import FrozenClock
from core.contacts.changes import next_change
from core.contacts.consent.consent import ConsentStatus
from core.contacts.consent.evidence import ConsentMethod, Evidence
from core.contacts.consent.list_choices import leave_list
from core.contacts.imports.folder import ImportFolder
from core.contacts.imports.importing import Choices, ContactImport, Encoding, ImportState
from core.contacts.tables import contacts, imports
from core.contacts.tags import Tags
from core.errors import Conflict, InvalidInput, NotFound
from core.permissions import Principal
from core.settings import Settings
from core.storage.blobs import Blobs
from tests.contacts.conftest import People, on_sqlite
from tests.contacts.test_importing import everything
from tests.support.staging import stage

FILE = "email,first_name,age\nada@example.com,Ada,36\nbob@example.com,Bob,41.5\nno address,x,1\n"


def start(people: People, text: str = FILE, list_name: str = "News", **choices: object) -> int:
    return people.imports.start(people.by, stage(text.encode(), Encoding.UTF_8), "people.csv", Choices(list_name, **choices))  # type: ignore[arg-type]


def left_files(settings: Settings) -> list[Path]:
    return [path for path in (settings.data_dir / "imports").rglob("*") if path.is_file()]


def test_a_started_import_is_done_by_whoever_works_on_it(people: People, settings: Settings) -> None:
    import_id = start(people, mapping={"email": "email", "age": "attribute.years"})
    waiting = people.imports.get(people.by, import_id)
    assert (waiting.state, waiting.rows, waiting.created) == (ImportState.WAITING, 3, 0)
    assert people.emails() == []
    result = people.imports.work(import_id)
    assert result is not None
    assert (result.created, result.refused, result.import_id) == (2, 1, import_id)
    [done] = people.imports.all(people.by)
    assert (done.state, done.created, done.refused, done.can_be_undone, done.list_id) == (ImportState.DONE, 2, 1, True, result.list_id)
    assert left_files(settings) == []
    assert b"no address" in people.imports.refused_rows(people.by, import_id)
    assert people.imports.work(import_id) is None
    assert people.imports.take_up() == 0


@on_sqlite
def test_a_folder_nobody_names_is_removed_once_it_is_old(people: People, settings: Settings) -> None:
    left, waits = start(people), start(people, "email\neve@example.com\n")
    with people.db.transaction() as connection:
        kept = connection.execute(sa.select(imports.c.folder).where(imports.c.id == waits)).scalar_one()
        gone = connection.execute(sa.select(imports.c.folder).where(imports.c.id == left)).scalar_one()
        connection.execute(sa.update(imports).where(imports.c.id == left).values(state="done", folder=""))
    root = settings.data_dir / "imports"
    young, old = (people.clock.now().timestamp() - minutes * 60 for minutes in (1, 11))
    os.utime(root / gone, (young, young))
    with ImportFolder(root / kept).locked():  # somebody does it
        people.imports.take_up()
        assert {path.name for path in root.iterdir()} == {kept, gone}
        os.utime(root / gone, (old, old))
        os.utime(root / kept, (old, old))
        people.imports.take_up()
        assert {path.name for path in root.iterdir()} == {kept}


@on_sqlite
def test_who_sees_only_a_list_sees_and_cancels_what_they_import_into_it(people: People) -> None:
    news = people.lists.create(people.by, "News")
    by = replace(people.by, lists=frozenset({news.id}))
    staged = stage(FILE.encode(), Encoding.UTF_8)
    import_id = people.imports.start(by, staged, "people.csv", Choices("News"))
    assert people.imports.get(by, import_id).list_id == news.id
    people.imports.cancel(by, import_id)
    assert people.imports.get(by, import_id).state is ImportState.CANCELLED


def test_progress_can_be_read_while_it_goes_on(people: People) -> None:
    import_id, seen = start(people), []

    def look(_done: int, _total: int) -> None:
        now = people.imports.get(people.by, import_id)
        seen.append((now.state, now.stage, now.done, now.total))

    people.imports.work(import_id, look)
    assert [stage for _, stage, _, _ in seen] == ["checking", "comparing", "writing", "writing"]
    assert seen[0] == (ImportState.RUNNING, "checking", 3, 3)
    assert seen[-1] == (ImportState.RUNNING, "writing", 2, 2)


def test_cancelling_before_it_began_leaves_nothing(people: People, settings: Settings) -> None:
    import_id = start(people)
    people.imports.cancel(people.by, import_id)
    assert people.imports.get(people.by, import_id).state is ImportState.CANCELLED
    assert (left_files(settings), people.imports.work(import_id), people.emails()) == ([], None, [])
    with pytest.raises(Conflict):
        people.imports.cancel(people.by, import_id)


@pytest.mark.parametrize("at", ["checking", "comparing", "writing"])
def test_cancelling_in_the_middle_leaves_nothing(people: People, settings: Settings, at: str) -> None:
    import_id = start(people)
    people.take_in("email,first_name\nada@example.com,Augusta\n", list_name="Before")
    before = everything(people)
    del before[3]  # the imports themselves

    def cancel(_done: int, _total: int) -> None:
        if people.imports.get(people.by, import_id).stage == at:
            # What `cancel` does first; the rest of it waits for the import on SQLite, which is us.
            next((settings.data_dir / "imports").iterdir()).joinpath("cancel").touch()

    assert people.imports.work(import_id, cancel) is None
    people.imports.cancel(people.by, import_id)
    after = everything(people)
    del after[3]
    assert before == after
    assert people.imports.get(people.by, import_id).state is ImportState.CANCELLED
    assert left_files(settings) == []


@contextmanager
def killed_while_writing(people: People, settings: Settings, import_id: int) -> Iterator[None]:
    """Let another process work on an import and kill it while its transaction is open; the body runs before it is killed."""
    command = [sys.executable, "-m", "tests.contacts.importing_process", people.db.url, str(settings.data_dir / "blobs"), str(import_id)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout and process.stdout.readline() == "writing\n"
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.faults
def test_an_import_whose_process_is_killed_is_taken_up_and_done_once(people: People, settings: Settings) -> None:
    import_id = start(people)
    with killed_while_writing(people, settings, import_id):
        assert people.emails() == []
        assert people.imports.get(people.by, import_id).state is ImportState.RUNNING
        assert people.imports.work(import_id) is None  # somebody else does it
    assert people.emails() == []
    assert people.imports.take_up() == 1
    assert people.emails() == ["ada@example.com", "bob@example.com"]
    assert people.imports.get(people.by, import_id).state is ImportState.DONE
    assert people.imports.take_up() == 0
    assert left_files(settings) == []


@pytest.mark.faults
@on_sqlite
def test_an_import_that_kills_its_process_three_times_is_given_up(people: People, settings: Settings) -> None:
    import_id = start(people)
    for _ in range(3):
        with killed_while_writing(people, settings, import_id):
            pass
    assert people.imports.take_up() == 0
    failed = people.imports.get(people.by, import_id)
    assert (failed.state, failed.error) == (ImportState.FAILED, "The import was interrupted three times; nothing was imported.")
    assert (people.emails(), left_files(settings)) == ([], [])


@on_sqlite
def test_an_import_whose_file_is_gone_or_that_cannot_be_done_says_so(people: People, settings: Settings) -> None:
    gone = start(people)
    for path in (settings.data_dir / "imports").glob("*/rows.parquet"):
        path.unlink()
    assert people.imports.work(gone) is None
    assert "its file is gone" in people.imports.get(people.by, gone).error
    wrong = start(people, mapping={"first_name": "first_name"})
    with pytest.raises(InvalidInput):
        people.imports.work(wrong)
    assert "No column holds the e-mail address" in people.imports.get(people.by, wrong).error
    assert {one.state for one in people.imports.all(people.by)} == {ImportState.FAILED}


def test_taking_an_import_back_leaves_everything_as_it_was(people: People, clock: FrozenClock) -> None:
    people.take_in("email,first_name,age,city\nada@example.com,Augusta,,Rome\ncarl@example.com,Carl,1,\n", list_name="Before")
    before = people_and_lists(people)
    clock.advance(timedelta(minutes=1))
    result = people.take_in(FILE + "carl@example.com,Carl,1\n")
    assert (result.created, result.updated) == (1, 2)
    assert people.lists.by_name(people.by, "News").size == 3
    undone = people.imports.undo(people.by, result.import_id or 0)
    assert (undone.removed, undone.kept, undone.restored, undone.left, undone.off_list) == (1, 0, 1, 0, 2)
    assert people_and_lists(people) == before
    assert people.imports.get(people.by, result.import_id or 0).state is ImportState.UNDONE
    assert people.take_in(FILE).created == 1


def test_time_goes_on_while_an_import_is_written(people: People, clock: FrozenClock) -> None:
    people.take_in("email,tags\nold@example.com,Kept\n", list_name="Before")
    before = people_and_lists(people)

    def tick(_done: int, _total: int) -> None:
        clock.advance(timedelta(seconds=1))

    result = people.take_in('email,tags\nold@example.com,"VIP; new , vip"\nada@example.com,VIP\n', progress=tick)
    assert tags(people, "old") == {"Kept", "VIP", "new"}
    assert tags(people, "ada") == {"VIP"}
    undone = people.imports.undo(people.by, result.import_id or 0)
    assert (undone.removed, undone.kept, undone.off_list) == (1, 0, 1)
    assert people_and_lists(people) == before
    assert tags(people, "old") == {"Kept"}


def tags(people: People, name: str) -> set[str]:
    contact = people.contacts.find(people.by, f"{name}@example.com")
    assert contact
    return {tag.name for tag in Tags(people.db, people.clock).of(people.by, contact.id)}


@on_sqlite
def test_a_tag_that_cannot_be_one_refuses_its_row(people: People) -> None:
    result = people.take_in(f"email,tags\na@example.com,{'x' * 101}\nb@example.com,a\u200bb\nc@example.com,;;\n")
    assert (result.created, [row.line for row in result.refused_rows]) == (1, [2, 3])


def people_and_lists(people: People) -> list[tuple[object, ...]]:
    columns = (contacts.c.email, contacts.c.first_name, contacts.c.last_name, contacts.c.consent)
    with people.db.read() as connection:
        rows = connection.execute(sa.select(*columns, contacts.c.attributes).order_by(contacts.c.email)).all()
    sizes = tuple((one.name, one.size) for one in people.lists.all(people.by) if one.size)
    return [*((*row[:-1], tuple(sorted(row.attributes.items()))) for row in rows), sizes]


def test_what_happened_since_stays_when_an_import_is_taken_back(people: People, clock: FrozenClock) -> None:
    people.take_in("email,first_name,age\nold@example.com,Old,1\nkept@example.com,Kept,1\n", list_name="Before")
    clock.advance(timedelta(minutes=1))
    text = "".join(f"{name}@example.com,{name},2\n" for name in ("old", "kept", "edited", "left", "gone"))
    result = people.take_in(f"email,first_name,age\n{text}")
    clock.advance(timedelta(minutes=1))
    people.contacts.save(people.by, "edited@example.com", first_name="Edith")
    people.contacts.save(people.by, "left@example.com", consent=ConsentStatus.UNSUBSCRIBED)
    people.contacts.save(people.by, "kept@example.com", attributes={"age": 3})
    undone = people.imports.undo(people.by, result.import_id or 0)
    assert (undone.removed, undone.kept, undone.restored, undone.left) == (1, 2, 1, 1)
    assert people.emails() == [f"{name}@example.com" for name in ("edited", "kept", "left", "old")]
    kept = people.contacts.find(people.by, "kept@example.com")
    assert kept and (kept.first_name, kept.attributes) == ("Kept", {"age": 3})


def test_contacts_that_other_rooms_know_stay(people: People, settings: Settings, clock: FrozenClock) -> None:
    mailed = sa.select(contacts.c.id).where(contacts.c.email == "ada@example.com")
    imports = ContactImport(people.db, clock, Blobs(settings.data_dir / "blobs"), used=(mailed,))
    result = people.take_in(FILE)
    assert imports.undo(people.by, result.import_id or 0).removed == 1
    assert people.emails() == ["ada@example.com"]


def test_only_the_last_import_can_be_taken_back_and_once(people: People) -> None:
    first, second = people.take_in(FILE), people.take_in("email\nnew@example.com\n")
    assert [one.can_be_undone for one in people.imports.all(people.by)] == [True, False]
    with pytest.raises(Conflict):
        people.imports.undo(people.by, first.import_id or 0)
    people.imports.undo(people.by, second.import_id or 0)
    for done in (first, second):
        with pytest.raises(Conflict):
            people.imports.undo(people.by, done.import_id or 0)
    with pytest.raises(NotFound):
        people.imports.undo(people.by, 999_999)


def test_who_left_a_list_is_not_put_back(people: People) -> None:
    people.take_in(FILE)
    news, ada = people.lists.by_name(people.by, "News").id, people.contacts.find(people.by, "ada@example.com")
    assert ada
    with people.db.transaction() as connection:
        change, how = next_change(connection, people.by.workspace_id), Evidence(ConsentMethod.UNTOLD, "preferences")
        leave_list(connection, people.by.workspace_id, ada.id, news, change, how, people.clock.now())
    dry, done = people.take_in(FILE, dry_run=True), people.take_in(FILE.replace("Ada", "Augusta"))
    assert (dry.updated, dry.unchanged, done.updated) == (0, 2, 1)
    assert people.lists.get(people.by, news).size == 1


@on_sqlite
def test_imports_of_another_workspace_are_not_there(people: People) -> None:
    import_id, other = start(people), Principal.system(people.by.workspace_id + 1)
    assert people.imports.all(other) == []
    for ask in (people.imports.get, people.imports.cancel, people.imports.undo):
        with pytest.raises(NotFound):
            ask(other, import_id)


@on_sqlite
def test_whoever_sees_some_lists_takes_nothing_back_of_people_out_of_sight(people: People, clock: FrozenClock) -> None:
    old = people.contacts.save(people.by, "old@example.com", first_name="Old")
    result = people.take_in("email,first_name\nold@example.com,New\nnew@example.com,N\n")
    clock.advance(timedelta(minutes=1))
    people.lists.remove(people.by, result.list_id or 0, [old.id])
    limited = replace(people.by, lists=frozenset({result.list_id or 0}))
    undone = people.imports.undo(limited, result.import_id or 0)
    assert (undone.removed, undone.restored, undone.left) == (1, 0, 0)
    assert people.contacts.get(people.by, old.id).first_name == "New"


@on_sqlite
def test_trying_an_import_out_tells_nobody_who_is_suppressed_out_of_sight(people: People) -> None:
    news = people.lists.create(people.by, "News")
    people.suppressions.add(people.by, "secret@example.com")
    limited = replace(people.by, lists=frozenset({news.id}))
    data = b"email\nsecret@example.com\n"
    told = [people.imports.run(by, data, "people.csv", list_name="News", dry_run=True).suppressed for by in (people.by, limited)]
    assert told == [1, 0]
