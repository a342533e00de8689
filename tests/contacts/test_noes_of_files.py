"""A no that stands in a file holds: in whatever row it is, and also when the import is taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.contacts.consent.records import ConsentStatus
from tests.contacts.conftest import People


def consent_of(people: People, email: str) -> ConsentStatus:
    found = people.contacts.find(people.by, email)
    assert found
    return found.consent


@pytest.mark.parametrize("blank_first", [True, False])
def test_a_no_counts_whichever_row_of_its_address_is_used(people: People, blank_first: bool) -> None:
    people.contacts.save(people.by, "known@example.com", consent=ConsentStatus.SUBSCRIBED)
    pairs = [(f"{name}@example.com,unsubscribed\n", f"{name}@example.com,\n") for name in ("new", "known")]
    rows = "".join("".join(reversed(pair) if blank_first else pair) for pair in pairs)
    tried = people.take_in(f"email,consent\n{rows}", dry_run=True)
    result = people.take_in(f"email,consent\n{rows}")
    assert (tried.created, tried.updated, tried.unchanged) == (result.created, result.updated, result.unchanged) == (1, 1, 0)
    assert [consent_of(people, f"{name}@example.com") for name in ("new", "known")] == [ConsentStatus.UNSUBSCRIBED] * 2


def test_a_no_counts_in_a_row_that_is_refused_for_something_else(people: People) -> None:
    people.contacts.save(people.by, "known@example.com", consent=ConsentStatus.SUBSCRIBED, attributes={"age": 40})
    assert people.take_in("email,age,consent\n Known@Example.com,abc,unsubscribed\n").refused == 1
    assert consent_of(people, "known@example.com") is ConsentStatus.UNSUBSCRIBED


def test_a_no_of_somebody_new_whose_row_is_refused_is_kept_as_a_suppression(people: People) -> None:
    people.contacts.save(people.by, "known@example.com", attributes={"age": 40})
    assert people.take_in("email,age,consent\nnew@example.com,abc,unsubscribed\nother@example.com,abc,\n").refused == 2
    assert people.emails() == ["known@example.com"]
    again = people.take_in("email\nnew@example.com\nother@example.com\n")
    assert (again.created, again.suppressed) == (2, 1)
    assert people.suppressions.contains(people.by, "new@example.com")


def test_whoever_sees_some_lists_says_no_for_nobody_out_of_sight(people: People) -> None:
    people.contacts.save(people.by, "hidden@example.com", consent=ConsentStatus.SUBSCRIBED)
    mine = people.lists.create(people.by, "News")
    limited = replace(people.by, lists=frozenset({mine.id}))
    people.imports.run(limited, b"email,consent\nhidden@example.com,unsubscribed\n", "people.csv", list_name="News")
    assert consent_of(people, "hidden@example.com") is ConsentStatus.SUBSCRIBED


def test_whoever_was_new_and_had_said_no_is_suppressed_when_the_import_is_taken_back(people: People) -> None:
    result = people.take_in("email,consent\nno@example.com,unsubscribed\nyes@example.com,subscribed\n")
    assert people.imports.undo(people.by, result.import_id or 0).removed == 2
    assert [people.suppressions.contains(people.by, f"{name}@example.com") for name in ("no", "yes")] == [True, False]
    again = people.take_in("email\nno@example.com\nyes@example.com\n")
    assert (again.created, again.suppressed) == (2, 1)
