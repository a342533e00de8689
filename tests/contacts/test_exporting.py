import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contacts.consent import ConsentStatus
from core.errors import Denied
from core.formulas import unformula
from core.permissions import Principal
from tests.contacts.conftest import People, on_sqlite


def exported(people: People, **which: object) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(people.exports.stream_csv(people.by, **which)), newline="")))  # type: ignore[arg-type]


def test_an_export_has_a_line_per_contact_with_lists_and_attributes(people: People) -> None:
    news, offers = people.lists.create(people.by, "News"), people.lists.create(people.by, "Offers")
    given = {"age": 36, "vip": True, "balance": -5, "note": 'say "hi"; bye'}
    people.contacts.save(people.by, "ada@example.com", first_name="Ada", attributes=given, list_ids=[offers.id, news.id])
    people.contacts.save(people.by, "bob@example.com", last_name="Bobson", consent=ConsentStatus.PENDING)
    ada, bob = exported(people)
    assert list(ada) == ["email", "first_name", "last_name", "consent", "lists", "age", "balance", "note", "vip"]
    assert (ada["lists"], ada["age"], ada["vip"], ada["balance"], ada["note"]) == ("News; Offers", "36", "true", "-5", 'say "hi"; bye')
    assert (bob["last_name"], bob["consent"], bob["lists"], bob["age"]) == ("Bobson", "pending", "", "")


def test_an_export_can_be_a_list_or_chosen_contacts(people: People) -> None:
    news = people.lists.create(people.by, "News")
    ada = people.contacts.save(people.by, "ada@example.com")
    people.contacts.save(people.by, "bob@example.com", list_ids=[news.id])
    assert [row["email"] for row in exported(people, list_id=news.id)] == ["bob@example.com"]
    assert [row["email"] for row in exported(people, contact_ids=[ada.id, 999_999])] == ["ada@example.com"]
    assert exported(people, contact_ids=[]) == []


@pytest.mark.parametrize("dangerous", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "\uff1d1+1", "\uff201"])
def test_a_value_that_a_spreadsheet_would_run_is_shown_instead(dangerous: str) -> None:
    assert unformula(dangerous) == f"'{dangerous}"


@pytest.mark.parametrize("harmless", ["", "Ada", "a=b", "'tis", "1-2"])
def test_a_harmless_value_stays_as_it_is(harmless: str) -> None:
    assert unformula(harmless) == harmless


@given(st.text())
def test_nothing_that_leaves_begins_like_a_formula(text: str) -> None:
    assert not unformula(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_what_is_exported_and_imported_again_is_the_same(people: People) -> None:
    tricky = {
        "formula": "=1+1",
        "quoted": "'=1+1",
        "wide": "\uff1d1+1",
        "phone": "+49 30",
        "low": -5,
        "share": 0.1,
        "vip": False,
        "born": "1815-12-10",
        "zip": "007",
    }
    people.contacts.save(people.by, "ada@example.com", first_name="-Ada", last_name='O\'Hara, "x"', attributes=tricky)
    file = "".join(people.exports.stream_csv(people.by))
    before = people.contacts.find(people.by, "ada@example.com")
    people.lists.create(people.by, "News")
    result = people.take_in(file, dry_run=False)
    assert (result.created, result.refused) == (0, 0)
    assert people.contacts.find(people.by, "ada@example.com") == before


@on_sqlite
def test_exporting_needs_the_permission_before_the_first_line(people: People) -> None:
    with pytest.raises(Denied):
        people.exports.stream_csv(Principal(people.by.workspace_id, "person:1", frozenset()))
