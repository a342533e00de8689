"""What somebody can choose for an import: what columns hold, what happens to people who are there; and what a dry run tells."""

from __future__ import annotations

import pytest

from core.contacts.consent.consent import ConsentStatus
from core.contacts.imports.importing import ImportResult, Rule
from core.errors import InvalidInput
from tests.contacts.conftest import People, on_sqlite

KNOWN = "email,first_name,city,age\nada@example.com,Ada,London,36\nbob@example.com,,Paris,\n"
AGAIN = "email,first_name,city,age\nada@example.com,Augusta,,37\nbob@example.com,Bob,Rome,41\nnew@example.com,New,Oslo,1\n"


def attributes(people: People, name: str) -> dict[str, object]:
    contact = people.contacts.find(people.by, f"{name}@example.com")
    assert contact
    return {"first_name": contact.first_name, **contact.attributes}


@pytest.mark.parametrize(
    ("rule", "counted", "ada", "bob"),
    [
        (Rule.OVERWRITE, (1, 2, 0), ("Augusta", "London", 37), ("Bob", "Rome", 41)),
        (Rule.FILL, (1, 1, 1), ("Ada", "London", 36), ("Bob", "Paris", 41)),
        (Rule.SKIP, (1, 0, 2), ("Ada", "London", 36), ("", "Paris", None)),
    ],
)
def test_a_rule_says_what_happens_to_known_people(people: People, rule: Rule, counted: tuple[int, ...], ada: object, bob: object) -> None:
    people.take_in(KNOWN)
    dry, done = people.take_in(AGAIN, rule=rule, dry_run=True), people.take_in(AGAIN, rule=rule)
    for result in (dry, done):
        assert (result.created, result.updated, result.unchanged) == counted
    for name, wanted in (("ada", ada), ("bob", bob)):
        found = attributes(people, name)
        assert (found["first_name"], found["city"], found.get("age")) == wanted


@pytest.mark.parametrize("rule", Rule)
def test_no_rule_brings_anybody_back(people: People, rule: Rule) -> None:
    people.take_in(KNOWN)
    ada = people.contacts.save(people.by, "ada@example.com", consent=ConsentStatus.UNSUBSCRIBED)
    people.suppressions.add(people.by, "bob@example.com")
    result = people.take_in(AGAIN, rule=rule)
    assert result.suppressed == 1
    assert people.contacts.get(people.by, ada.id).consent is ConsentStatus.UNSUBSCRIBED
    assert people.suppressions.contains(people.by, "bob@example.com")


def test_a_dry_run_shows_each_change_before_and_after(people: People) -> None:
    people.take_in(KNOWN)
    changes = {change.email: change.fields for change in people.take_in(AGAIN, dry_run=True).changes}
    assert changes == {
        "ada@example.com": {"first_name": ("Ada", "Augusta"), "attribute.age": (36, 37)},
        "bob@example.com": {"first_name": ("", "Bob"), "attribute.city": ("Paris", "Rome"), "attribute.age": (None, 41)},
    }
    many = "email,city\n" + "".join(f"p{number}@example.com,{{}}\n" for number in range(60))
    people.take_in(many.replace("{}", "Rome"))
    result = people.take_in(many.replace("{}", "Oslo"), dry_run=True)
    assert (result.updated, len(result.changes)) == (60, 50)


@on_sqlite
def test_strange_addresses_are_counted_and_listed_and_taken_in(people: People) -> None:
    result = people.take_in("email\ninfo@example.com\nann@example.com\nx@mailinator.com\n")
    assert (result.created, result.roles, result.disposable) == (3, 1, 1)
    assert [(row.line, row.why) for row in result.flagged_rows] == [(2, "role"), (4, "disposable")]


@on_sqlite
def test_columns_become_what_was_chosen_for_them(people: People) -> None:
    text = "email,born,land,tongue,zone,zip,vip\nada@example.com,10.12.1815,Germany,pt_br,europe/berlin,01234,0\n"
    kinds = {"born": "date:DD.MM.YYYY", "land": "country", "tongue": "language", "zone": "time_zone", "zip": "number", "vip": "boolean"}
    people.take_in(text, kinds=kinds)
    wanted = {"born": "1815-12-10", "land": "DE", "tongue": "pt-BR", "zone": "Europe/Berlin", "zip": 1234, "vip": False}
    assert attributes(people, "ada") == {"first_name": "", **wanted}
    assert people.take_in(text, kinds=kinds).unchanged == 1


@on_sqlite
def test_dates_of_three_formats_are_read_in_one_and_the_others_are_refused(people: People) -> None:
    text = "email,born\na@example.com,31.12.1990\nb@example.com,12/31/1990\nc@example.com,1990-12-31\nd@example.com,\n"
    result = people.take_in(text, kinds={"born": "date:DD.MM.YYYY"})
    assert (result.created, result.refused) == (2, 2)
    assert {row.reason for row in result.refused_rows} == {
        "“12/31/1990” in the column “born” is not a date such as 22.11.2026.",
        "“1990-12-31” in the column “born” is not a date such as 22.11.2026.",
    }


@on_sqlite
def test_dates_that_can_be_read_in_two_ways_are_asked_for(people: People) -> None:
    text = "email,born\na@example.com,01/02/1990\nb@example.com,03/04/1991\n"
    plan = people.imports.inspect(people.by, text.encode())
    assert plan.ambiguous == {"born": ["date:DD/MM/YYYY", "date:MM/DD/YYYY"]}
    with pytest.raises(InvalidInput, match=r"several ways.*date:DD/MM/YYYY or date:MM/DD/YYYY"):
        people.take_in(text, kinds={"born": "date"})
    people.take_in(text + "c@example.com,31/01/1990\n", kinds={"born": "date"})
    assert attributes(people, "a")["born"] == "1990-02-01"


@on_sqlite
def test_types_are_suggested_by_the_first_rows(people: People) -> None:
    text = "email,age,joined,country,note,seen\na@example.com,3,2026-01-31,de,x,2026-01-31 10:00:00\n"
    plan = people.imports.inspect(people.by, text.encode())
    assert plan.kinds == {
        "age": "number",
        "joined": "date:YYYY-MM-DD",
        "country": "country",
        "note": "text",
        "seen": "date:YYYY-MM-DD hh:mm",
    }
    assert (plan.ambiguous, plan.is_remembered) == ({}, False)


@on_sqlite
def test_numbers_that_turn_decimal_late_are_still_numbers(people: People) -> None:
    rows = "".join(f"p{number}@example.com,{number}\n" for number in range(50_000))
    result = people.take_in(f"email,spent\n{rows}late@example.com,19.95\n")
    assert result.created == 50_001
    assert (attributes(people, "late")["spent"], attributes(people, "p49999")["spent"]) == (19.95, 49_999)


@on_sqlite
def test_a_type_that_is_none_or_contradicts_the_attribute_says_so(people: People) -> None:
    people.take_in("email,age\nada@example.com,36\n")
    for kinds, words in (({"age": "years"}, "not a type"), ({"age": "date"}, "declared as number")):
        with pytest.raises(InvalidInput, match=words):
            people.take_in("email,age\nada@example.com,36\n", kinds=kinds)


def test_what_was_chosen_is_suggested_for_the_next_file_with_this_header(people: People) -> None:
    mapping, kinds = {"E-Mail": "email", "Ort": "attribute.city", "Seit": "attribute.since"}, {"Seit": "date:DD.MM.YYYY"}
    people.take_in("E-Mail,Ort,Seit\na@example.com,Rom,1.2.2026\n", mapping=mapping, kinds=kinds)
    plan = people.imports.inspect(people.by, b"e-mail, ORT ,seit\nb@example.com,Oslo,3.4.2026\n")
    assert plan.mapping == {"e-mail": "email", "ORT": "attribute.city", "seit": "attribute.since"}
    assert (plan.kinds["seit"], plan.ambiguous, plan.is_remembered) == ("date:DD.MM.YYYY", {}, True)
    other = people.imports.inspect(people.by, b"E-Mail,Ort\nb@example.com,Oslo\n")
    assert not other.is_remembered


def test_values_with_everything_in_them_are_found_unchanged(people: People) -> None:
    text = 'email,first_name,note,a\nx@example.com,"O\'Neil ""Z""","tab\there ""quoted"" \\ \nline é 😀",1.50\n'

    def counts(result: ImportResult) -> tuple[int, int, int]:
        return result.created, result.updated, result.unchanged

    assert counts(people.take_in(text)) == (1, 0, 0)
    assert counts(people.take_in(text)) == (0, 0, 1)
    assert attributes(people, "x") == {"first_name": 'O\'Neil "Z"', "note": 'tab\there "quoted" \\ \nline é 😀', "a": 1.5}
    people.contacts.save(people.by, "x@example.com", attributes={"more": "é"})
    assert counts(people.take_in(text)) == (0, 0, 1)
