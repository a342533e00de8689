"""The words people agree to: every version stands for the words that were shown with it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from core.contacts.consent.wordings import Wordings, keep
from tests.conftest import NOON
from tests.contacts.conftest import People
from tests.contacts.test_later_no import is_waiting
from tests.support.waiting import wait_for


@pytest.mark.parametrize("db", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("theirs", "versions"), [("Yes, all of it.", [2, 1]), ("Yes.", [1])])
def test_of_two_who_write_at_once_each_has_the_version_of_their_own_words(people: People, theirs: str, versions: list[int]) -> None:
    wordings = Wordings(people.db, people.clock)
    with ThreadPoolExecutor(1) as thread:
        with people.db.transaction() as connection:
            keep(connection, people.by.workspace_id, "newsletter", "en", "Yes.", "ann", NOON)
            writing = thread.submit(wordings.save, people.by, "newsletter", "en", theirs)
            wait_for(lambda: is_waiting(people), "the other to wait")
        kept = writing.result()
    assert [(one.version, one.text) for one in wordings.all(people.by) if one.text == theirs] == [(kept.version, theirs)]
    assert [one.version for one in wordings.all(people.by)] == versions
