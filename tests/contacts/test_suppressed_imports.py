"""How many of a file nobody may write to: told before it is imported, and after."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from core.contacts.suppression.address_hashes import AddressHashes
from core.contacts.suppression.everywhere import SuppressedEverywhere
from core.contacts.tables import suppressions
from tests.contacts.conftest import People, on_sqlite
from tests.contacts.test_suppression import erase, keyed

FILE = "email\nada@example.com\nbob@example.com\n"


def test_trying_a_file_out_counts_those_who_are_kept_as_a_hash_only(people: People) -> None:
    people = keyed(people)
    erase(people, "ada@example.com")
    people.suppressions.add(people.by, "bob@example.com")
    tried, done = people.take_in(FILE, dry_run=True), people.take_in(FILE)
    assert (tried.suppressed, done.suppressed) == (2, 2)
    assert people.take_in(FILE, dry_run=True).suppressed == 2


@on_sqlite
def test_trying_a_file_out_tells_nobody_who_was_erased_out_of_sight(people: People) -> None:
    people = keyed(people)
    news = people.lists.create(people.by, "News")
    erase(people, "ada@example.com")
    limited = replace(people.by, lists=frozenset({news.id}))
    tried = people.imports.run(limited, FILE.encode(), "people.csv", list_name="News", dry_run=True)
    assert tried.suppressed == 0


@pytest.mark.parametrize("others", [0, 500], ids=["few", "many"])
def test_those_nobody_may_write_to_are_counted_however_many_there_are(people: People, others: int) -> None:
    _suppress(people, others)
    people.suppressions.add(people.by, "ada@example.com")
    people.suppressions.add(people.by, "bob@example.com")
    SuppressedEverywhere(people.db, people.clock, AddressHashes(b"a key")).add_all(people.by, "bob@example.com\ncarl@example.com")
    text = FILE + "carl@example.com\ndora@example.com\n"
    tried, done = people.take_in(text, dry_run=True), people.take_in(text)
    assert (tried.suppressed, done.suppressed) == (3, 3)


def test_a_file_of_one_row_does_not_read_all_that_is_suppressed(people: People) -> None:
    _suppress(people, 500)
    asked: list[tuple[str, Any]] = []
    sa.event.listen(people.db.engine, "before_cursor_execute", lambda *args: asked.append(args[2:4]))
    assert people.take_in("email\n7@example.net\n", dry_run=True).suppressed == 1
    again = [one for one in asked if "FROM suppressions" in one[0] and one[0].startswith("SELECT")]
    with people.db.read() as connection:
        answers = [len(connection.exec_driver_sql(statement, values).all()) for statement, values in again]
    assert answers
    assert max(answers) == 1


def _suppress(people: People, many: int) -> None:
    same = {"workspace_id": people.by.workspace_id, "reason": "manual", "source": "", "created_at": people.clock.now()}
    with people.db.transaction() as connection:
        if many:
            connection.execute(sa.insert(suppressions), [{"email": f"{number}@example.net", **same} for number in range(many)])
