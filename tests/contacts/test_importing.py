import csv
import io
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.contacts.attributes import AttributeType
from core.contacts.consent.consent import ConsentStatus
from core.contacts.imports.importing import ImportResult, Rule
from core.contacts.tables import consent_records, contact_attributes, contacts, imports, list_members, lists
from core.errors import Denied, InvalidInput, NotFound
from core.permissions import ROLE_PERMISSIONS, Principal, Role
from tests.contacts.conftest import People, on_sqlite
from tests.support.hillstrom_file import hillstrom_file

FILE = """email,first_name,Last Name,Age,Zip,VIP,Since,Note
ada@example.com,Ada,Lovelace,36,01234,yes,2026-01-31,=1+1
bob@example.com,Bob,,41.5,98765,no,,
"""


def counts(result: ImportResult) -> tuple[int, int, int, int]:
    assert result.rows == result.created + result.updated + result.unchanged + result.refused
    return result.created, result.updated, result.unchanged, result.refused


def everything(people: People) -> list[list[tuple[object, ...]]]:
    tables = (contacts, consent_records, contact_attributes, imports, list_members, lists)
    with people.db.read() as connection:
        return [sorted(map(tuple, connection.execute(sa.select(table))), key=str) for table in tables]


def test_an_import_makes_contacts_with_typed_attributes_on_a_list(people: People) -> None:
    result = people.take_in(FILE)
    assert counts(result) == (2, 0, 0, 0)
    ada = people.contacts.find(people.by, "ada@example.com")
    assert ada is not None
    assert (ada.first_name, ada.last_name, ada.consent) == ("Ada", "Lovelace", ConsentStatus.SUBSCRIBED)
    assert ada.attributes == {"age": 36, "zip": "01234", "vip": True, "since": "2026-01-31", "note": "=1+1"}
    bob = people.contacts.find(people.by, "bob@example.com")
    assert bob is not None
    assert bob.attributes == {"age": 41.5, "zip": "98765", "vip": False}
    assert people.contacts.attributes(people.by)["since"] is AttributeType.DATE
    assert result.list_id is not None
    assert people.lists.get(people.by, result.list_id).size == 2
    records = people.consent.history(people.by, ada.id)
    assert [(record.state, record.source) for record in records] == [(ConsentStatus.SUBSCRIBED, f"import:{result.import_id}")]


def test_the_same_file_again_changes_nothing(people: People, clock: FrozenClock) -> None:
    people.take_in(FILE)
    before = everything(people)
    clock.advance(timedelta(days=1))
    assert counts(people.take_in(FILE)) == (0, 0, 2, 0)
    after = everything(people)
    del before[3], after[3]  # the imports themselves
    assert before == after


def test_known_contacts_get_what_is_new_and_keep_what_the_file_leaves_empty(people: People) -> None:
    people.take_in(FILE)
    result = people.take_in("email,first_name,Age,City\nADA@example.com,,37,Paris\nbob@example.com,Robert,,\neve@example.com,Eve,1,\n")
    assert counts(result) == (1, 2, 0, 0)
    ada, bob = (people.contacts.find(people.by, f"{name}@example.com") for name in ("ada", "bob"))
    assert ada is not None and bob is not None
    assert (ada.first_name, ada.attributes["age"], ada.attributes["city"], ada.attributes["zip"]) == ("Ada", 37, "Paris", "01234")
    assert (bob.first_name, bob.attributes["age"]) == ("Robert", 41.5)


def test_joining_another_list_counts_as_an_update(people: People) -> None:
    people.take_in(FILE)
    assert counts(people.take_in(FILE, list_name="Offers")) == (0, 2, 0, 0)
    assert people.lists.by_name(people.by, "Offers").size == 2


def test_nobody_is_subscribed_again_or_freed_from_suppression(people: People) -> None:
    people.take_in(FILE)
    ada = people.contacts.save(people.by, "ada@example.com", consent=ConsentStatus.UNSUBSCRIBED)
    people.suppressions.add(people.by, "bob@example.com")
    people.take_in(FILE.replace("Lovelace", "King"), list_name="Again")
    assert people.contacts.get(people.by, ada.id).last_name == "King"
    assert people.contacts.get(people.by, ada.id).consent is ConsentStatus.UNSUBSCRIBED
    assert people.suppressions.contains(people.by, "bob@example.com")
    assert len(people.consent.history(people.by, ada.id)) == 2


def test_a_dry_run_counts_the_same_and_writes_nothing(people: People) -> None:
    people.take_in("email,age\nada@example.com,1\nold@example.com,2\n")
    before = everything(people)
    text = "email,age\nada@example.com,5\nold@example.com,2\nnew@example.com,3\nbad,4\n"
    for name in ("News", "Not there yet"):
        dry = people.take_in(text, dry_run=True, list_name=name)
        assert (dry.import_id, dry.refused_blob) == (None, None)
        assert everything(people) == before
    first_dry = people.take_in(text, dry_run=True)
    assert counts(first_dry) == counts(people.take_in(text)) == (1, 1, 1, 1)


@on_sqlite
def test_bad_rows_are_refused_with_their_line_and_the_reason_and_the_rest_is_taken(people: People) -> None:
    long = "x" * 1_000_000
    text = (
        "email,first_name,note\n"
        "ada@example.com,Ada,fine\n"
        "no-at-sign,No,\n"
        ",Empty,\n"
        "dots..twice@example.com,Dot,\n"
        f"long@example.com,Long,{long}\n"
        f"{long}@example.com,Long,\n"
        "more@example.com,More,a,b\n"
        "nul@example.com,Nul,a\0b\n"
        f"name@example.com,{'n' * 201},\n"
        '"two\nlines"@example.com,Two,\n'
        'quote@example.com,"Quote,\n'
        "last@example.com\n"
    )
    result = people.take_in(text)
    assert counts(result) == (2, 0, 0, 11)
    assert people.emails() == ["ada@example.com", "last@example.com"]
    reasons = {row.line: row.reason for row in result.refused_rows}
    for line, words in {
        3: "no @",
        4: "no address",
        5: "two periods",
        6: "longer than 10,000 characters",
        7: "longer than 254",
        8: "more values than the header has columns (3)",
        9: "NUL",
        10: "longer than 200",
        11: "quotation marks",
        12: "holds a quotation mark",
        13: "quotation marks",
    }.items():
        assert words in reasons[line], (line, reasons[line])
    assert all(len(row.reason) < 200 and len(row.email) <= 41 for row in result.refused_rows)


@on_sqlite
def test_refused_rows_can_be_downloaded_corrected_and_imported(people: People) -> None:
    result = people.take_in('email,phone,note\nada@example.com,1,x\nbob@example,+49 30,"=HYPERLINK(""x"")"\n')
    assert result.import_id is not None
    file = people.imports.refused_rows(people.by, result.import_id)
    (row,) = csv.DictReader(io.StringIO(file.decode("utf-8-sig")))
    assert (row["line"], row["email"], row["phone"], row["note"]) == ("3", "bob@example", "'+49 30", '\'=HYPERLINK("x")')
    corrected = file.replace(b"bob@example,", b"bob@example.com,")
    mapping = {"email": "email", "phone": "attribute.mobile", "note": "attribute.note"}
    assert counts(people.take_in(corrected, mapping=mapping)) == (1, 0, 0, 0)
    bob = people.contacts.find(people.by, "bob@example.com")
    assert bob is not None
    assert bob.attributes == {"mobile": "+49 30", "note": '=HYPERLINK("x")'}
    with pytest.raises(NotFound):
        people.imports.refused_rows(people.by, 999_999)


@on_sqlite
def test_of_two_rows_with_one_address_the_last_counts_and_the_other_is_reported(people: People) -> None:
    result = people.take_in("email,first_name\nada@example.com,Ada\nbob@example.com,Bob\nADA@example.com ,Augusta\n")
    assert counts(result) == (2, 0, 0, 1)
    assert [(row.line, row.reason) for row in result.refused_rows] == [(2, "The same address stands again on line 4; that row was used.")]
    ada = people.contacts.find(people.by, "ada@example.com")
    assert ada is not None
    assert ada.first_name == "Augusta"


@on_sqlite
def test_a_value_that_does_not_fit_a_declared_attribute_refuses_its_row(people: People) -> None:
    people.take_in("email,age,born,vip\nada@example.com,36,1815-12-10,yes\n")
    result = people.take_in("email,age,born,vip\na@example.com,old,,\nb@example.com,,1815,\nc@example.com,,,maybe\nd@example.com,007,,0\n")
    assert counts(result) == (1, 0, 0, 3)
    assert [row.reason for row in result.refused_rows] == [
        "“old” in the column “age” is not a number.",
        "“1815” in the column “born” is not a date such as 2026-11-22.",
        "“maybe” in the column “vip” is not true or false.",
    ]
    taken = people.contacts.find(people.by, "d@example.com")
    assert taken is not None
    assert taken.attributes == {"age": 7, "vip": False}


@on_sqlite
def test_a_refused_row_does_not_decide_the_type_of_a_column(people: People) -> None:
    people.take_in("email,age\nada@example.com,36\nno address,old\n")
    assert people.contacts.attributes(people.by) == {"age": AttributeType.NUMBER}


def test_a_wrong_file_or_mapping_changes_nothing(people: People) -> None:
    before = everything(people)
    for text, mapping in (
        ("name,city\nAda,London\n", None),
        (FILE, {"first_name": "first_name"}),
        (FILE, {"nowhere": "email"}),
        ("", None),
        ("email," + ",".join(f"a{number}" for number in range(101)) + "\nada@example.com" + ",1" * 101 + "\n", None),
    ):
        with pytest.raises(InvalidInput):
            people.take_in(text, mapping=mapping)
    with pytest.raises(InvalidInput):
        people.take_in(FILE, list_name=" ")
    assert everything(people) == before


@on_sqlite
def test_a_missing_address_column_names_the_columns_there_are(people: People) -> None:
    with pytest.raises(InvalidInput, match="“name”, “city”"):
        people.take_in("name,city\nAda,London\n")


def test_an_import_that_breaks_off_leaves_nothing(people: People) -> None:
    before = everything(people)

    def break_off(_done: int, _total: int) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        people.take_in(FILE, progress=break_off)
    assert everything(people) == before


@on_sqlite
def test_progress_is_told_until_all_is_written(people: People) -> None:
    told: list[tuple[int, int]] = []
    text = "email\n" + "".join(f"p{number}@example.com\n" for number in range(5_001))
    people.take_in(text, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (5_001, 5_001)


@on_sqlite
def test_a_file_of_refused_rows_only_is_still_recorded(people: People) -> None:
    result = people.take_in("email\nno\nnot either\n")
    assert counts(result) == (0, 0, 0, 2)
    assert result.import_id is not None


@on_sqlite
def test_looking_at_a_file_suggests_a_mapping_and_writes_nothing(people: People) -> None:
    plan = people.imports.inspect(people.by, FILE.encode())
    assert (plan.rows, plan.columns[0], plan.sample[1]["first_name"]) == (2, "email", "Bob")
    assert plan.mapping["Last Name"] == "last_name"
    assert plan.mapping["Zip"] == "attribute.zip"
    assert people.contacts.count(people.by) == 0


@on_sqlite
def test_an_analyst_may_not_import(people: People) -> None:
    analyst = Principal(people.by.workspace_id, "person:1", ROLE_PERMISSIONS[Role.ANALYST])
    with pytest.raises(Denied):
        people.imports.run(analyst, FILE.encode(), "people.csv", list_name="News")
    with pytest.raises(Denied):
        people.imports.inspect(analyst, FILE.encode())


def test_attributes_are_kept_as_plain_json(people: People) -> None:
    people.take_in(FILE)
    with people.db.read() as connection:
        text = connection.execute(
            sa.select(sa.cast(contacts.c.attributes, sa.Text)).where(contacts.c.email == "bob@example.com")
        ).scalar_one()
    assert json.loads(text) == {"age": 41.5, "zip": "98765", "vip": False}


def test_real_customers_are_all_taken_in(people: People) -> None:
    header, *lines = hillstrom_file().read_text().splitlines()[:2_001]
    text = f"email,{header}\n" + "".join(f"customer{number}@example.com,{line}\n" for number, line in enumerate(lines))
    assert counts(people.take_in(text)) == (2_000, 0, 0, 0)
    kinds = people.contacts.attributes(people.by)
    assert {name for name, kind in kinds.items() if kind is AttributeType.TEXT} == {"history_segment", "zip_code", "channel", "segment"}


def test_our_own_export_brings_nobody_in_as_subscribed_who_was_not(people: People) -> None:
    for name, consent in (("yes", ConsentStatus.SUBSCRIBED), ("gone", ConsentStatus.UNSUBSCRIBED), ("maybe", ConsentStatus.UNKNOWN)):
        people.contacts.save(people.by, f"{name}@example.com", consent=consent)
    people.contacts.save(people.by, "stopped@example.com")
    people.suppressions.add(people.by, "stopped@example.com")
    columns = ["email", "consent", "suppressed"]
    data = b"".join(people.exports.stream(people.by, columns=columns))
    people.take_in(data)
    assert counts(people.take_in(data)) == (0, 0, 4, 0)

    other = Principal.system(Workspaces(people.db, people.clock).create("Other").id)
    people.contacts.save(other, "gone@example.com")
    result = people.imports.run(other, data, "people.csv", list_name="News")
    stand = {one.email.partition("@")[0]: one.consent.value for one in people.everybody(other)}
    assert stand == {"yes": "subscribed", "gone": "unsubscribed", "maybe": "unknown", "stopped": "unsubscribed"}
    gone, stopped = (people.contacts.find(other, f"{name}@example.com") for name in ("gone", "stopped"))
    assert gone and stopped
    for one in (gone, stopped):
        last = people.consent.history(other, one.id)[-1]
        assert (last.state, last.source) == (ConsentStatus.UNSUBSCRIBED, f"import:{result.import_id}")
    people.imports.run(other, b"email,consent\ngone@example.com,subscribed\n", "people.csv", list_name="News")
    assert people.contacts.get(other, gone.id).consent is ConsentStatus.UNSUBSCRIBED


def twice(people: People, text: str, **options: object) -> ImportResult:
    """Try an import out and do it; both say the same."""
    tried = people.take_in(text, dry_run=True, **options)
    done = people.take_in(text, **options)
    assert (counts(tried), tried.changes) == (counts(done), done.changes)
    return done


@pytest.mark.parametrize("rule", [Rule.OVERWRITE, Rule.FILL])
def test_whoever_gets_nothing_but_a_tag_is_changed(people: People, rule: Rule) -> None:
    people.take_in("email,tags\nann@example.com,VIP\nbob@example.com,\ncy@example.com,\n")
    text = "email,tags\nann@example.com,vip; New\nbob@example.com, Vip\ncy@example.com,\ndee@example.com,VIP\n"
    result = twice(people, text, rule=rule)
    assert counts(result) == (1, 2, 1, 0)
    assert {one.email: one.fields for one in result.changes} == {
        "ann@example.com": {"tags": (None, "New")},
        "bob@example.com": {"tags": (None, "Vip")},
    }
    assert counts(twice(people, text, rule=rule)) == (0, 0, 4, 0)


def test_whoever_is_turned_off_by_the_file_is_changed_whatever_is_done_to_known_people(people: People) -> None:
    for rule in Rule:
        names = [f"{name}-{rule.value}@example.com" for name in ("ann", "bob", "cy")]
        people.take_in("email\n" + "\n".join(names))
        text = f"email,Consent,tags\n{names[0]},Unsubscribed,\n{names[1]},subscribed,\n{names[2]},unsubscribed,Gone\n"
        result = twice(people, text, rule=rule)
        assert counts(result) == (0, 2, 1, 0)
        said: dict[str, tuple[object, object]] = {"consent": ("subscribed", "unsubscribed")}
        tagged: dict[str, tuple[object, object]] = {} if rule is Rule.SKIP else {"tags": (None, "Gone")}
        assert {one.email: one.fields for one in result.changes} == {names[0]: said, names[2]: tagged | said}
        assert counts(twice(people, text, rule=rule)) == (0, 0, 3, 0)


def test_a_tag_and_a_no_count_once_beside_a_new_value_and_the_list(people: People) -> None:
    people.take_in("email,city\nann@example.com,Bonn\nbob@example.com,Bonn\n")
    text = "email,city,consent,tags\nann@example.com,Ulm,unsubscribed,VIP\nbob@example.com,Bonn,unsubscribed,VIP\n"
    assert counts(twice(people, text, list_name="Other")) == (0, 2, 0, 0)


def test_what_only_tagged_or_turned_off_is_taken_back_but_for_the_no(people: People) -> None:
    people.take_in("email\nann@example.com\nbob@example.com\n")
    result = people.take_in("email,consent,tags\nann@example.com,,VIP\nbob@example.com,unsubscribed,\n")
    people.imports.undo(people.by, result.import_id or 0)
    assert [(row.contact.email, row.contact.consent.value, row.tags) for row in people.directory.page(people.by).rows] == [
        ("bob@example.com", "unsubscribed", ()),
        ("ann@example.com", "subscribed", ()),
    ]
