"""Move-ins that are put on record first: followed, cancelled, killed at every point and taken up, read from the record later."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.app import Services, build
from core.clock import FrozenClock
from core.contacts.imports.importing import ContactImport, ImportState
from core.contacts.move_in.kits.kit import Said
from core.contacts.move_in.models import MOVE_IN
from core.contacts.move_in.moving_in import MoveInResult
from core.contacts.move_in.work import MoveInWork
from core.contacts.person_tables import contact_tags, tags
from core.contacts.tables import consent_records, contacts, imports, list_members, lists, suppressions
from core.errors import Conflict, Denied, InvalidInput, NotFound, StorageFull
from core.jobs.importing import Importing
from core.permissions import Permission, Principal
from core.settings import Settings
from core.storage.database import Database
from core.storage.journal import JournalWriter
from tests.contacts.conftest import on_sqlite
from tests.contacts.kits import exports

KEY = "a-key-for-tests-only"
MANY = 1_200  # more than are written to the journal at once
STAGES = ["reading", "checking", "comparing", "writing"]
# Before anything is written, in the transaction, between that and the past, in the middle of it, and once it is kept but not on record.
POINTS = [("reading", 0), ("comparing", 1), ("writing", 1), ("keeping", 0), ("keeping", 1_000), ("keeping", MANY)]


@pytest.fixture
def installation(settings: Settings, db: Database, clock: FrozenClock) -> Iterator[Services]:
    """All services, on each kind of database."""
    built = build(Settings.load(data_dir=settings.data_dir, database_url=db.url, secret_key=KEY), clock=clock)
    yield built
    built.close()


@pytest.fixture
def by(installation: Services) -> Principal:
    return Principal.system(installation.workspaces.create("Aurora").id, "tests")


def much() -> bytes:
    """Return an export of people who did a lot, with every kind of no, several files, and rows that can't be taken in."""
    ada = {"Email Address": "ada@example.com", "First Name": "Ada", "LEID": "1", "OPTIN_TIME": "2019-03-14 09:12:31", "TAGS": '"VIP"'}
    ada |= {"CONFIRM_TIME": "2019-03-14 09:14:00", "CONFIRM_IP": "198.51.100.8"}
    again = {"Email Address": "twice@example.com", "First Name": "x" * 300, "LEID": "3"}
    yes = [ada, {"Email Address": "=no address", "LEID": "2"}, again]
    gone = {"Email Address": "gone@example.com", "UNSUB_TIME": "2021-05-06 07:08:09"}
    angry = {"Email Address": "angry@example.com", "UNSUB_TIME": "2022-05-06 07:08:09", "UNSUB_REASON": "Abuse complaint"}
    opens = [{"Timestamp": f"2023-01-01 10:{n // 60:02}:{n % 60:02}", "Email": "ada@example.com"} for n in range(MANY)]
    return exports.zipped(
        {
            "subscribed_a.csv": exports.written(exports.MAILCHIMP_SUBSCRIBED, yes),
            "subscribed_b.csv": exports.written(exports.MAILCHIMP_SUBSCRIBED, [again]),
            "unsubscribed_a.csv": exports.written(exports.MAILCHIMP_UNSUBSCRIBED, [gone, angry]),
            "granular_activity/opens/1_news.csv": exports.written(["Timestamp", "Email"], opens),
        }
    )


def start(services: Services, by: Principal, data: bytes | None = None, list_name: str = "News") -> int:
    return services.move_ins.start(by, data or much(), "export.zip", list_name=list_name)


def left_files(services: Services) -> list[Path]:
    folders = (services.settings.data_dir / "imports", services.settings.uploads_dir)
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def written(services: Services, by: Principal) -> dict[str, Any]:
    """Return all that a move-in wrote in a workspace, without the numbers that rows and imports happen to have."""
    c, w = contacts.c, by.workspace_id
    number = sa.func.substr(consent_records.c.source, 1, 7)
    proof = (consent_records.c.state, number, consent_records.c.method, consent_records.c.occurred_at, consent_records.c.ip)
    named = (
        sa.select(c.email, tags.c.name).join(contact_tags, contact_tags.c.contact_id == c.id).join(tags, tags.c.id == contact_tags.c.tag_id)
    )
    on = (
        sa.select(c.email, lists.c.name)
        .join(list_members, list_members.c.contact_id == c.id)
        .join(lists, lists.c.id == list_members.c.list_id)
    )
    wanted = {
        "people": sa.select(c.email, c.first_name, c.last_name, c.attributes, c.consent),
        "proofs": sa.select(c.email, *proof).join(consent_records, consent_records.c.contact_id == c.id),
        "tags": named,
        "lists": on,
    }
    barred = sa.select(suppressions.c.email, suppressions.c.reason).where(suppressions.c.workspace_id == w)
    with services.db.read() as connection:
        found = {name: sorted(map(str, connection.execute(query.where(c.workspace_id == w)))) for name, query in wanted.items()}
        found["barred"] = sorted(map(str, connection.execute(barred)))
    return found


def events(services: Services, by: Principal) -> list[str]:
    services.ingester.catch_up()
    rows = [row for batch in services.analytics.event_rows(by) for row in batch.to_pylist()]
    return sorted(f"{row['kind']} {row['occurred_at']} {row['actor']} {row['properties']}" for row in rows)


def told(result: MoveInResult | None) -> dict[str, Any]:
    """Return what is on record of a result, without its numbers."""
    assert result is not None
    people = {name: value for name, value in vars(result.people).items() if name not in {"import_id", "list_id", "refused_blob"}}
    plan = {name: value for name, value in vars(result.plan).items() if name not in {"files", "mapping"}}
    return {**vars(result), "plan": plan, "people": people}


def uninterrupted(services: Services) -> tuple[dict[str, Any], list[str], dict[str, Any]]:
    """Move the same export in in another workspace, at once; return what that wrote and said."""
    other = Principal.system(services.workspaces.create("Borealis").id, "tests")
    result = services.move_ins.run(other, much(), "export.zip", list_name="News")
    return written(services, other), events(services, other), told(result)


def test_a_started_move_in_is_done_by_whoever_works_on_it_and_read_from_the_record(
    installation: Services, by: Principal, settings: Settings
) -> None:
    import_id = start(installation, by)
    waiting = installation.imports.get(by, import_id)
    assert (waiting.state, waiting.moved_in_from, installation.contacts.count(by)) == (ImportState.WAITING, "mailchimp", 0)
    assert installation.move_ins.outcome(by, import_id) is None
    taken = installation.imports.work(import_id)
    assert taken is not None
    expected = uninterrupted(installation)
    later = build(installation.settings, clock=installation.clock)  # another process
    result = later.move_ins.outcome(by, import_id)
    assert (written(later, by), events(later, by), told(result)) == expected
    later.close()
    assert result is not None
    assert (result.plan.label, result.plan.standings) == ("Mailchimp", {Said.SUBSCRIBED: 3, Said.UNSUBSCRIBED: 1, Said.COMPLAINED: 1})
    assert (result.created, result.nos.unsubscribed, result.nos.suppressed, result.proofs, result.tagged) == (3, 2, 1, 1, 1)
    assert (result.past_events, result.people.refused, result.people.list_id) == (MANY, 2, taken.list_id)
    assert [(row.line, row.email) for row in result.people.refused_rows] == [(3, "=no address"), (4, "twice@example.com")]
    assert [row.reason.rpartition("(")[2] for row in result.people.refused_rows] == [
        "subscribed_a.csv)",
        "subscribed_a.csv, with line 2 of subscribed_b.csv)",
    ]
    assert installation.imports.get(by, import_id).state is ImportState.DONE
    assert left_files(installation) == []
    assert installation.imports.take_up() == 0


@on_sqlite
def test_where_it_is_can_be_read_while_it_goes_on(installation: Services, by: Principal) -> None:
    import_id, seen = start(installation, by), []

    def look(_done: int, _total: int) -> None:
        one = installation.imports.get(by, import_id)
        seen.append((one.state, one.stage, one.done, one.total))

    installation.imports.work(import_id, look)
    assert list(dict.fromkeys(stage for _, stage, _, _ in seen)) == [*STAGES, "keeping"]
    assert {state for state, stage, _, _ in seen if stage != "keeping"} == {ImportState.RUNNING}
    assert [one for one in seen if one[1] == "keeping"] == [
        (ImportState.FOLLOWING, "keeping", 0, 0),
        (ImportState.FOLLOWING, "keeping", 1_000, 0),
        (ImportState.FOLLOWING, "keeping", MANY, MANY),
    ]


@pytest.mark.parametrize("at", STAGES)
def test_cancelling_in_the_middle_leaves_nothing(installation: Services, by: Principal, at: str) -> None:
    import_id, before = start(installation, by), written(installation, by)
    [folder] = (installation.settings.data_dir / "imports").iterdir()

    def cancel(_done: int, _total: int) -> None:
        if installation.imports.get(by, import_id).stage == at:
            # What `cancel` does first; the rest of it waits for the import on SQLite, which is us.
            folder.joinpath("cancel").touch()

    assert installation.imports.work(import_id, cancel) is None
    installation.imports.cancel(by, import_id)
    one = installation.imports.get(by, import_id)
    assert (one.state, one.moved_in_from) == (ImportState.CANCELLED, "mailchimp")
    assert (written(installation, by), events(installation, by), left_files(installation)) == (before, [], [])
    assert installation.move_ins.outcome(by, import_id) is None
    assert installation.imports.take_up() == 0


@on_sqlite
def test_once_everybody_is_in_it_is_too_late_to_cancel_and_all_is_kept(installation: Services, by: Principal) -> None:
    import_id, refused = start(installation, by), []

    def cancel(_done: int, _total: int) -> None:
        if installation.imports.get(by, import_id).stage == "keeping":
            for ask in (installation.imports.cancel, installation.imports.undo):
                with pytest.raises(Conflict) as error:
                    ask(by, import_id)
                refused.append(error.value.message)

    installation.imports.work(import_id, cancel)
    assert len(refused) == 6
    assert len(events(installation, by)) == MANY
    installation.imports.undo(by, import_id)
    assert installation.contacts.count(by) == 0


@contextmanager
def killed(services: Services, import_id: int, stage: str, at: int = 0) -> Iterator[None]:
    """Let another process work on a move-in, and kill it where it has got to a point; the body runs before it is killed."""
    where = (str(services.settings.data_dir), services.db.url, KEY)
    command = [sys.executable, "-m", "tests.contacts.moving_in_process", *where, str(import_id), stage, str(at)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout and process.stdout.readline() == f"{stage}\n"
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.faults
@pytest.mark.parametrize(("stage", "at"), POINTS)
def test_a_move_in_whose_process_is_killed_anywhere_ends_as_if_it_had_not_been(
    installation: Services, by: Principal, stage: str, at: int
) -> None:
    import_id, before = start(installation, by), written(installation, by)
    with killed(installation, import_id, stage, at):
        assert installation.imports.work(import_id) is None  # somebody else does it
        if stage != "keeping":
            assert written(installation, by) == before
    expected = uninterrupted(installation)
    assert written(installation, by) == (expected[0] if stage == "keeping" else before)
    assert Importing(installation).work() == 1
    assert (written(installation, by), events(installation, by)) == expected[:2]
    assert told(installation.move_ins.outcome(by, import_id)) == expected[2]
    assert installation.imports.get(by, import_id).state is ImportState.DONE
    assert (installation.imports.take_up(), left_files(installation)) == (0, [])
    installation.imports.undo(by, import_id)
    assert installation.contacts.count(by) == 0


@pytest.mark.faults
@on_sqlite
def test_what_follows_and_kills_its_process_three_times_is_given_up_and_says_so(installation: Services, by: Principal) -> None:
    import_id = start(installation, by)
    for _ in range(3):
        with killed(installation, import_id, "keeping"):
            pass
    assert installation.imports.take_up() == 0
    one = installation.imports.get(by, import_id)
    assert (one.state, one.error) == (ImportState.DONE, "What comes after the import was interrupted three times.")
    result = installation.move_ins.outcome(by, import_id)
    assert result is not None
    assert (result.created, result.past_events, left_files(installation)) == (3, 0, [])
    assert installation.move_ins.run(by, much(), "export.zip", list_name="News").past_events == MANY
    assert len(events(installation, by)) == MANY


def test_what_follows_waits_for_room_on_the_disk_however_long_that_takes(installation: Services, by: Principal) -> None:
    def full() -> JournalWriter:
        raise StorageFull("The disk of the journal is full.", hint="Free some space.")

    work = MoveInWork(installation.clock, installation.suppressions, full)
    there = ContactImport(installation.db, installation.clock, installation.blobs, kinds={MOVE_IN: lambda: work})
    import_id = start(installation, by)
    assert there.work(import_id) is not None
    for _ in range(5):
        assert there.take_up() == 0
    one = installation.imports.get(by, import_id)
    assert (one.state, one.error) == (ImportState.FOLLOWING, "The disk of the journal is full. Free some space.")
    assert installation.imports.take_up() == 1
    one = installation.imports.get(by, import_id)
    assert (one.state, one.error, len(events(installation, by))) == (ImportState.DONE, "", MANY)


@on_sqlite
def test_an_export_that_cannot_be_read_says_so_on_record(installation: Services, by: Principal) -> None:
    yes = exports.written(exports.MAILCHIMP_SUBSCRIBED, [{"Email Address": "ada@example.com", "LEID": "1"}])
    no = exports.written(exports.MAILCHIMP_UNSUBSCRIBED, [{"Email Address": "gone@example.com"}]).replace(b"gone@", b'"gone@')
    import_id = start(installation, by, exports.zipped({"subscribed.csv": yes, "unsubscribed.csv": no}))
    assert installation.imports.take_up() == 0
    one = installation.imports.get(by, import_id)
    assert (one.state, one.moved_in_from) == (ImportState.FAILED, "mailchimp")
    assert "One of these files can't be read" in one.error
    assert (installation.contacts.count(by), left_files(installation)) == (0, [])
    gone = start(installation, by)
    for path in (installation.settings.data_dir / "imports").glob("*/export"):
        path.unlink()
    assert installation.imports.work(gone) is None
    assert "its file is gone" in installation.imports.get(by, gone).error


@on_sqlite
def test_what_is_from_nobody_we_know_is_not_put_on_record(installation: Services, by: Principal, tmp_path: Path) -> None:
    plain = tmp_path / "people.csv"
    plain.write_bytes(b"email\nada@example.com\n")
    with pytest.raises(InvalidInput, match="no tool whose exports are known"):
        installation.move_ins.start(by, plain, "people.csv", list_name="News")
    with pytest.raises(InvalidInput):
        start(installation, by, list_name=" ")
    assert plain.exists()
    assert (installation.imports.all(by), left_files(installation)) == ([], [])
    plain.write_bytes(exports.klaviyo())
    installation.move_ins.start(by, plain, "people.csv", list_name="News")
    assert not plain.exists()  # it was taken over
    assert installation.imports.take_up() == 1
    assert installation.contacts.count(by) == 5


@on_sqlite
def test_who_may_not_import_or_sees_some_lists_only_starts_nothing_and_reads_no_outcome(installation: Services, by: Principal) -> None:
    import_id = start(installation, by)
    for principal in (
        Principal(by.workspace_id, "person:1", frozenset({Permission.CONTACTS_VIEW})),
        Principal(by.workspace_id, "person:1", frozenset(Permission), lists=frozenset({1})),
    ):
        with pytest.raises(Denied):
            start(installation, principal)
        with pytest.raises(Denied):
            installation.move_ins.outcome(principal, import_id)
    elsewhere = Principal.system(installation.workspaces.create("Elsewhere").id)
    with pytest.raises(NotFound):
        installation.move_ins.outcome(elsewhere, import_id)


@on_sqlite
def test_what_is_on_record_names_nobody_and_no_file(installation: Services, by: Principal) -> None:
    import_id = start(installation, by)
    installation.imports.work(import_id)
    with installation.db.read() as connection:
        kept = str(connection.execute(sa.select(imports.c.choices).where(imports.c.id == import_id)).scalar_one())
    assert "@" not in kept
    assert ".csv" not in kept
    installation.erasures.erase(by, "twice@example.com", confirmed="twice@example.com")
    result = installation.move_ins.outcome(by, import_id)
    assert result is not None
    assert result.people.refused == 2
