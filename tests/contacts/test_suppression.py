import pytest

from core.contacts.suppression import SuppressionReason
from core.errors import InvalidInput, NotFound
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
