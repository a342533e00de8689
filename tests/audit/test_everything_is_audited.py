"""Every door that changes something leaves who, what and to what behind; every other leaves nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from core.app import Services, build
from core.audit.actions import AuditAction
from core.audit.tables import audit_log
from core.audit.verifying import verify
from core.clock import FrozenClock
from core.permissions import Principal
from core.settings import Settings
from core.storage.database import Database
from core.storage.migrate import migrate
from tests.audit.walking import FOR_THE_SERVER, GIVEN, MARK, ORIGIN, Passage, walk
from tests.conftest import NOON

# What the module makes first takes a minute of a processor, which on a busy machine is not to be had in the usual time.
pytestmark = [pytest.mark.xdist_group("audit walk"), pytest.mark.timeout(900)]

# Nothing in the database changes, and yet it is something somebody did: data or a message left.
LEAVES = {
    "exports.stream",
    "analytics.event_rows",
    "analytics.events_after",
    "audit.stream_csv",
    "campaigns.send_test",
    "template_trying.send",
}
LEAVES |= {"recipients.stream_csv", "suppressions.stream_csv"}
LEAVES |= {"person_exports.export", "template_exchange.export"}
# Told in the workspace it was done from and in the new one, where it is the first entry.
IN_TWO_CHAINS = {"workspaces.create_for"}
# That somebody moved in, and the import that it is.
IN_TWO_STEPS = {"move_ins.run"}
TARGET = re.compile(r"[a-z_]+:[\w-]+")


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """One installation for all worlds; looked at by every test here."""
    folder = tmp_path_factory.mktemp("walk")
    database = Database(f"sqlite:///{folder / 'app.db'}")
    migrate(database)
    database.close()
    settings = Settings.load(data_dir=folder, database_url=f"sqlite:///{folder / 'app.db'}", secret_key="a-key-for-tests-only")
    built = build(settings, clock=FrozenClock(NOON))
    built.people.rounds = 4
    yield built
    built.close()


@pytest.fixture(scope="module")
def passages(services: Services) -> dict[str, Passage]:
    return {str(passage.door): passage for passage in walk(services)}


def test_whatever_changes_something_is_on_record(passages: dict[str, Passage]) -> None:
    silent = {door for door, passage in passages.items() if passage.changed and not passage.entries}
    assert silent == set()


def test_whatever_only_reads_leaves_nothing_behind(passages: dict[str, Passage]) -> None:
    assert {door for door, passage in passages.items() if passage.entries and not passage.changed} == LEAVES


def test_an_entry_says_who_what_to_what_and_from_where(passages: dict[str, Passage]) -> None:
    for door, passage in passages.items():
        for entry in passage.entries:
            assert entry.action in set(AuditAction), door
            assert TARGET.fullmatch(entry.target), (door, entry.target)
            assert (entry.actor, entry.via, entry.origin) == (passage.by.label, passage.by.via, passage.by.origin), door
    assert {entry.origin for passage in passages.values() for entry in passage.entries} == {ORIGIN, ""}


def test_one_door_is_one_entry_however_many_rows_it_touches(passages: dict[str, Passage]) -> None:
    assert {door for door, passage in passages.items() if len(passage.entries) > 1} == IN_TWO_CHAINS | IN_TWO_STEPS
    for passage in (passage for door, passage in passages.items() if door not in IN_TWO_STEPS):
        assert len({entry.workspace_id for entry in passage.entries}) == len(passage.entries)


def test_no_name_address_password_or_secret_gets_into_the_log(services: Services, passages: dict[str, Passage]) -> None:
    assert passages
    with services.db.read() as connection:
        texts = [repr(row) for row in connection.execute(sa.select(audit_log))]
    assert len(texts) > 500
    assert [text for text in texts if MARK in text.lower() or "@" in text] == []


def test_after_all_that_every_chain_is_whole(services: Services, passages: dict[str, Passage]) -> None:
    services.audit_seals.seal()
    verdict = verify(services.db, services.settings.key)
    assert (verdict.flaws, verdict.unsealed) == ([], 0)
    assert verdict.chains >= len({passage.by.workspace_id for passage in passages.values()})


def test_an_import_of_many_rows_is_one_entry_with_counts(services: Services) -> None:
    by = Principal.system(services.workspaces.create("Many").id)
    people = "email\n" + "".join(f"reader-{number}@example.com\n" for number in range(2_000))
    result = services.imports.run(by, people.encode(), "people.csv", list_name="All")
    (entry,) = services.audit.page(by).rows
    assert (entry.action, entry.target) == (AuditAction.CONTACTS_IMPORTED, f"import:{result.import_id}")
    assert entry.after == {"list": result.list_id, "rows": 2_000, "created": 2_000, "updated": 0, "unchanged": 0, "refused": 0}


def test_pressing_again_what_changes_nothing_leaves_nothing(services: Services) -> None:
    by = Principal.system(services.workspaces.create("Again").id)
    made = services.lists.create(by, "Readers")
    ann = services.contacts.save(by, "ann@example.com", list_ids=[made.id])
    services.suppressions.add(by, "bob@example.com")
    count = len(services.audit.page(by).rows)
    services.suppressions.add(by, "bob@example.com")
    services.lists.add(by, made.id, [ann.id])
    services.consent.give(by, ann.id, "said so")
    assert len(services.audit.page(by).rows) == count


def test_the_outbox_a_workspace_gets_by_itself_is_nobodys_deed(services: Services) -> None:
    by = Principal.system(services.workspaces.create("Fresh").id)
    assert services.connections.all(by) == []
    services.connections.default(by)
    assert len(services.connections.all(by)) == 1
    assert services.audit.page(by).rows == []


def test_the_walk_knows_no_door_that_is_gone(passages: dict[str, Passage]) -> None:
    assert {*LEAVES, *IN_TWO_CHAINS, *GIVEN, *FOR_THE_SERVER} <= passages.keys()
