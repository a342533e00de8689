from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.contacts.contacts import Contacts
from core.contacts.imports.importing import ContactImport
from core.contacts.lookup import mailable
from core.contacts.suppression.address_hashes import AddressHashes
from core.contacts.suppression.everywhere import SuppressedEverywhere
from core.contacts.suppression.suppression import SuppressionReason, Suppressions
from core.contacts.tables import contacts, suppressed_hashes, suppressions
from core.errors import Denied, InvalidInput, NotFound, Unavailable
from core.permissions import ROLE_PERMISSIONS, Principal, Role
from core.storage.blobs import Blobs
from tests.contacts.conftest import People, on_sqlite


def test_a_suppressed_address_is_known_in_any_spelling_and_keeps_its_first_reason(people: People) -> None:
    people.suppressions.add(people.by, " Ada@Example.com", SuppressionReason.COMPLAINT, "message:3")
    people.suppressions.add(people.by, "ada@example.com")
    assert people.suppressions.contains(people.by, "ADA@EXAMPLE.COM")
    page = people.suppressions.page(people.by)
    assert [(row.email, row.reason, row.source) for row in page.rows] == [("ada@example.com", SuppressionReason.COMPLAINT, "message:3")]
    assert page.total == 1


def test_addresses_that_others_report_are_suppressed_even_if_odd(people: People) -> None:
    with people.db.transaction() as connection:
        reported = ["Odd Address@x", "ada@example.com", "ADA@example.com"]
        assert people.suppressions.add_in(connection, people.by.workspace_id, reported, SuppressionReason.HARD_BOUNCE, "message:3") == 2
        assert people.suppressions.add_in(connection, people.by.workspace_id, reported, SuppressionReason.HARD_BOUNCE, "message:4") == 0
    assert people.suppressions.contains(people.by, "odd address@x")


def test_an_address_can_be_allowed_again(people: People) -> None:
    people.suppressions.add(people.by, "ada@example.com")
    people.suppressions.remove(people.by, "ADA@example.com")
    assert not people.suppressions.contains(people.by, "ada@example.com")
    with pytest.raises(NotFound):
        people.suppressions.remove(people.by, "ada@example.com")


@on_sqlite
def test_a_person_can_only_suppress_an_address(people: People) -> None:
    with pytest.raises(InvalidInput):
        people.suppressions.add(people.by, "not an address")


def keyed(people: People, *previous: bytes, key: bytes = b"a key of the installation") -> People:
    """The same services, which know the installation's key."""
    known = AddressHashes(key, previous)
    return replace(
        people,
        suppressions=Suppressions(people.db, people.clock, known),
        contacts=Contacts(people.db, people.clock, known),
        imports=ContactImport(people.db, people.clock, Blobs(Path("unused")), known),
    )


def erase(people: People, email: str) -> None:
    with people.db.transaction() as connection:
        people.suppressions.erase_in(connection, people.by.workspace_id, email, people.clock.now())
        for table in (contacts, suppressions):
            connection.execute(sa.delete(table).where(table.c.email == email))


def erase_here(people: People, by: Principal, email: str) -> None:
    with people.db.transaction() as connection:
        people.suppressions.erase_in(connection, by.workspace_id, email, people.clock.now())
        connection.execute(sa.delete(contacts).where(contacts.c.workspace_id == by.workspace_id, contacts.c.email == email))


@pytest.mark.parametrize("comes_back", ["by hand", "by import"])
def test_who_was_erased_is_suppressed_whenever_they_come_back(people: People, comes_back: str) -> None:
    people = keyed(people)
    people.suppressions.add(people.by, "ada@example.com", SuppressionReason.COMPLAINT, "message:3")
    for email in ("ada@example.com", "bob@example.com"):
        people.contacts.save(people.by, email)
        erase(people, email)
    with people.db.read() as connection:
        kept = str([connection.execute(sa.select(table)).all() for table in (contacts, suppressions, suppressed_hashes)])
    assert "ada" not in kept
    assert "bob" not in kept
    if comes_back == "by hand":
        for email in ("ADA@example.com", "bob@example.com", "new@example.com"):
            people.contacts.save(people.by, email)
    else:
        people.take_in("email\nada@example.com\nbob@example.com\nnew@example.com\n")
    found = {email: people.suppressions.find(people.by, email) for email in people.emails()}
    assert found["new@example.com"] is None
    ada, bob = found["ada@example.com"], found["bob@example.com"]
    assert ada and bob
    assert (ada.reason, ada.source, bob.reason) == (SuppressionReason.COMPLAINT, "message:3", SuppressionReason.ERASED)
    people.suppressions.remove(people.by, "bob@example.com")
    assert people.suppressions.find(people.by, "bob@example.com") is None
    people.contacts.delete(people.by, people.contacts.find(people.by, "bob@example.com").id)  # type: ignore[union-attr]
    people.contacts.save(people.by, "bob@example.com")
    assert people.suppressions.find(people.by, "bob@example.com") is None


@on_sqlite
def test_a_key_of_before_still_recognises_and_without_any_key_nobody_is_let_through(people: People) -> None:
    erase(keyed(people), "ada@example.com")
    with pytest.raises(Unavailable):
        people.contacts.save(people.by, "ada@example.com")
    keyed(people, b"a key of the installation", key=b"the key of now").contacts.save(people.by, "ada@example.com")
    assert people.suppressions.contains(people.by, "ada@example.com")
    other = keyed(people, key=b"another key altogether")
    assert other.contacts.save(people.by, "eve@example.com")


@on_sqlite
def test_hashes_tell_nothing_between_workspaces(people: People) -> None:
    known = AddressHashes(b"a key of the installation")
    assert known.of(1, "ada@example.com") != known.of(2, "ada@example.com")
    assert known.of(1, "ada@example.com") != AddressHashes(b"another key").of(1, "ada@example.com")


def test_what_is_suppressed_everywhere_reaches_nobody_in_any_workspace(people: People, clock: FrozenClock) -> None:
    known = AddressHashes(b"a key of the installation")
    everywhere = SuppressedEverywhere(people.db, clock, known)
    other = Principal.system(Workspaces(people.db, clock).create("Other").id)
    ids = {by.workspace_id: people.contacts.save(by, "ada@example.com").id for by in (people.by, other)}
    assert everywhere.add_all(people.by, "email\nAda@Example.com;x\nnot an address\n\nada@example.com\n").added == 1
    for by in (people.by, other):
        with people.db.read() as connection:
            assert mailable(connection, by.workspace_id, [ids[by.workspace_id]]).reasons == {ids[by.workspace_id]: "suppressed"}
        found = people.suppressions.find(by, "ada@example.com")
        assert found and found.is_everywhere
    for table in (contacts, suppressions):
        with people.db.transaction() as connection:
            connection.execute(sa.delete(table).where(table.c.email == "ada@example.com"))
    with people.db.transaction() as connection:
        keyed(people).suppressions.erase_in(connection, people.by.workspace_id, "ada@example.com", clock.now())
    assert [row.email for row in everywhere.page(people.by).rows] == [""]
    back = keyed(people).contacts.save(other, "ada@example.com").id
    with people.db.read() as connection:
        assert mailable(connection, other.workspace_id, [back]).reasons == {back: "suppressed"}
    everywhere.remove(people.by, "ada@example.com")
    with people.db.read() as connection:
        assert mailable(connection, other.workspace_id, [back]).reasons == {}
    analyst = Principal(people.by.workspace_id, "person:1", ROLE_PERMISSIONS[Role.MARKETER])
    with pytest.raises(Denied):
        everywhere.add_all(analyst, "eve@example.com")


def test_an_erasure_in_one_workspace_lifts_nothing_that_holds_everywhere(people: People, clock: FrozenClock) -> None:
    people = keyed(people)
    everywhere = SuppressedEverywhere(people.db, clock, AddressHashes(b"a key of the installation"))
    other = Principal.system(Workspaces(people.db, clock).create("Other").id)
    there = people.contacts.save(other, "ada@example.com").id
    people.contacts.save(people.by, "ada@example.com")
    everywhere.add_all(people.by, "ada@example.com")

    erase_here(people, people.by, "ada@example.com")
    with people.db.read() as connection:
        assert mailable(connection, other.workspace_id, [there]).reasons == {there: "suppressed"}
    erase_here(people, other, "ada@example.com")
    assert [row.email for row in everywhere.page(people.by).rows] == [""]  # nobody knows her any more

    third = Principal.system(Workspaces(people.db, clock).create("Third").id)
    back = people.contacts.save(third, "ada@example.com").id
    with people.db.read() as connection:
        assert mailable(connection, third.workspace_id, [back]).reasons == {back: "suppressed"}


def test_an_address_of_which_the_hash_is_left_can_be_suppressed_everywhere_again(people: People, clock: FrozenClock) -> None:
    people = keyed(people)
    everywhere = SuppressedEverywhere(people.db, clock, AddressHashes(b"a key of the installation"))
    everywhere.add_all(people.by, "ada@example.com")
    erase_here(people, people.by, "ada@example.com")
    assert [row.email for row in everywhere.page(people.by).rows] == [""]
    assert everywhere.add_all(people.by, "ada@example.com\nbob@example.com").added == 2
    assert sorted(row.email for row in everywhere.page(people.by).rows) == ["ada@example.com", "bob@example.com"]
    assert everywhere.add_all(people.by, "ada@example.com").added == 0


@on_sqlite
def test_a_pasted_list_is_taken_in_and_what_cannot_be_used_is_told(people: People) -> None:
    text = '\ufeffE-mail,Why\r\n"ada@example.com","x, y"\r\nno address\r\nBOB@example.com\r\n'
    pasted = people.suppressions.add_all(people.by, text, "old tool")
    assert (pasted.added, pasted.refused_count, pasted.refused[0][0]) == (2, 1, 3)
    assert people.suppressions.add_all(people.by, "ada@example.com").added == 0
    page = people.suppressions.page(people.by, search="ADA@")
    assert [(row.email, row.source) for row in page.rows] == [("ada@example.com", "old tool")]
    assert people.suppressions.page(people.by, reason=SuppressionReason.COMPLAINT).total == 0
    lines = "".join(people.suppressions.stream_csv(people.by)).splitlines()
    assert [line.partition(",")[0] for line in lines] == ["email", "bob@example.com", "ada@example.com"]
    for text in ("", "email\n", "\n".join(f"a{number}@example.com" for number in range(100_001))):
        with pytest.raises(InvalidInput):
            people.suppressions.add_all(people.by, text)
