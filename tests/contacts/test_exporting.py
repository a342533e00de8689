import csv
import io
import zipfile
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audit.actions import AuditAction
from core.audit.log import AuditLog
from core.clock import FrozenClock
from core.contacts.choosing import Choice
from core.contacts.consent.choices import Choices
from core.contacts.consent.consent import ConsentStatus
from core.contacts.consent.evidence import Evidence
from core.contacts.consent.records import add_records
from core.contacts.export.formats import ExportFormat, check_room
from core.contacts.imports.files.staging import stage
from core.contacts.suppression.suppression import SuppressionReason
from core.contacts.tagging import tag_in
from core.contacts.tags import Tags
from core.errors import Denied, InvalidInput
from core.formulas import unformula
from core.permissions import Principal
from core.settings import Settings
from tests.conftest import NOON
from tests.contacts.conftest import People, on_sqlite

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def exported(people: People, **which: object) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(people.exports.stream(people.by, **which)).decode(), newline="")))  # type: ignore[arg-type]


def test_an_export_has_a_line_per_contact_with_lists_and_attributes(people: People) -> None:
    news, offers = people.lists.create(people.by, "News"), people.lists.create(people.by, "Offers")
    given = {"age": 36, "vip": True, "balance": -5, "note": 'say "hi"; bye'}
    people.contacts.save(people.by, "ada@example.com", first_name="Ada", attributes=given, list_ids=[offers.id, news.id])
    people.contacts.save(people.by, "bob@example.com", last_name="Bobson", consent=ConsentStatus.PENDING)
    ada, bob = exported(people)
    assert list(ada) == ["email", "first_name", "last_name", "consent", "lists", "tags", "age", "balance", "note", "vip"]
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


@on_sqlite
def test_exporting_needs_the_permission_before_the_first_line(people: People) -> None:
    with pytest.raises(Denied):
        people.exports.stream(Principal(people.by.workspace_id, "person:1", frozenset()))


AWKWARD = {
    "formula": "=1+1",
    "quoted": "'=1+1",
    "twice": "''-5",
    "wide": "\uff1d1+1",
    "phone": "+49 30",
    "handle": "@ada",
    "dash": "-",
    "apostrophe": "'tis",
    "lines": 'one\ntwo, "three"\n=four',
    "emoji": "👩🏽‍🚀 🏳️‍🌈",
    "hebrew": "עדה 123 לאבלייס",
    "spaces": "a  b",
    "xml": "<b>&amp; _x0041_ ]]>",
    "zip": "007",
    "low": -5,
    "share": 0.1 + 0.2,
    "tiny": 1.5e-7,
    "large": 999_999_999_999_999,
    "vip": False,
    "born": date(1815, 12, 10),
    "renews": date(2027, 2, 28),
    "lists": "an attribute of that name",
    "source": "word of mouth",
}
EVERYTHING = ("source", "created_at", "updated_at", "consent_at", "consent_source", "suppressed")


def awkward(people: People) -> None:
    """Make a list “News” of people whose values are hard to keep."""
    news = people.lists.create(people.by, "News")
    save = partial(people.contacts.save, people.by, list_ids=[news.id])
    save("+ada@example.com", first_name="-Ada", last_name='O\'Hara, "x"', attributes=AWKWARD)
    save("=bob@example.com", first_name="'@Bob", last_name="ߊß 李", consent=ConsentStatus.UNSUBSCRIBED)
    cat = save("cat@example.com")
    with people.db.transaction() as connection:
        tag_in(connection, people.by.workspace_id, [cat.id], ["VIP", "Big; spender"], NOON)
    people.suppressions.add(people.by, "cat@example.com", SuppressionReason.COMPLAINT)


def test_a_csv_that_is_imported_again_changes_nobody(people: People) -> None:
    awkward(people)
    names = [column.key for column in people.exports.columns(people.by)]
    before = people.everybody()
    result = people.take_in(b"".join(people.exports.stream(people.by, columns=names)), dry_run=False)
    assert (result.rows, result.unchanged, result.created, result.updated, result.refused) == (3, 3, 0, 0, 0)
    assert people.everybody() == before
    assert [one.name for one in Tags(people.db, people.clock).all(people.by)] == ["Big; spender", "VIP"]


def test_a_number_with_an_exponent_is_read_as_it_is_kept(people: People) -> None:
    people.contacts.save(people.by, "ada@example.com", attributes={"share": 1.5e-7})
    before = people.everybody()
    for written in ("1.5e-07", "1.5E-7", "0.00000015"):
        people.take_in(f"email,share\nada@example.com,{written}\n", dry_run=False)
        assert people.everybody() == before


@on_sqlite
def test_columns_are_chosen_by_key_or_heading_and_come_in_that_order(people: People) -> None:
    awkward(people)
    (row, *_) = exported(people, columns=["attribute.phone", "email", "postwright.source", "attribute.lists", "lists", "email"])
    assert list(row.items()) == [
        ("phone", "'+49 30"),
        ("email", "'+ada@example.com"),
        ("postwright.source", "manual"),
        ("attribute.lists", "an attribute of that name"),
        ("lists", "News"),
    ]
    with pytest.raises(InvalidInput, match="no column “shoe_size”"):
        people.exports.stream(people.by, columns=["shoe_size"])


@on_sqlite
def test_what_else_is_known_about_people_can_be_exported(people: People) -> None:
    awkward(people)
    rows = exported(people, columns=["email", "tags", *EVERYTHING])
    assert [row["tags"] for row in rows] == ["", "", "Big; spender, VIP"]
    assert [row["postwright.suppressed"] for row in rows] == ["false", "false", "true"]
    assert {row["postwright.created_at"] for row in rows} == {"2026-11-22T12:00:00Z"}
    assert rows[1]["postwright.consent_source"] == "manual"


def test_since_when_consent_stands_is_not_when_a_list_was_left_or_a_sale_forbidden(people: People, clock: FrozenClock) -> None:
    ada = people.contacts.save(people.by, "ada@example.com", source="form:1").id
    clock.advance(timedelta(days=1))
    Choices(people.db, clock).set_sale(people.by, ada, forbidden=True, source="asked by phone")
    [row] = exported(people, columns=["email", "consent_at", "consent_source"])
    assert [row["postwright.consent_at"], row["postwright.consent_source"]] == ["2026-11-22T12:00:00Z", "form:1"]
    with people.db.transaction() as connection:  # heard of late, said before
        before = clock.now() - timedelta(days=9)
        add_records(connection, people.by.workspace_id, [ada], ConsentStatus.SUBSCRIBED, Evidence(source="by letter"), before)
    assert exported(people, columns=["email", "consent_at", "consent_source"]) == [row]


@on_sqlite
def test_an_export_can_be_what_the_page_of_contacts_shows(people: People) -> None:
    awkward(people)
    assert [row["email"] for row in exported(people, choice=Choice("ADA@"))] == ["'+ada@example.com"]
    assert [row["email"] for row in exported(people, choice=Choice(consent=ConsentStatus.UNSUBSCRIBED))] == ["'=bob@example.com"]
    assert exported(people, choice=Choice("ada", consent=ConsentStatus.UNSUBSCRIBED)) == []


@on_sqlite
def test_parquet_holds_values_as_they_are_and_typed(people: People) -> None:
    awkward(people)
    names = [column.key for column in people.exports.columns(people.by)]
    file = b"".join(people.exports.stream(people.by, format="parquet", columns=names))
    table = pq.read_table(io.BytesIO(file))
    ada = table.to_pylist()[0]
    assert {name: ada[name] for name in ("formula", "quoted", "low", "share", "tiny", "vip")} == {
        name: AWKWARD[name] for name in ("formula", "quoted", "low", "share", "tiny", "vip")
    }
    assert (ada["born"], ada["lists"], ada["attribute.lists"]) == (date(1815, 12, 10), "News", AWKWARD["lists"])
    assert ada["postwright.created_at"] == NOON
    assert table.column("born").null_count == 2


@on_sqlite
def test_a_workbook_holds_typed_cells_that_run_nothing(people: People) -> None:
    awkward(people)
    names = [column.key for column in people.exports.columns(people.by)]
    heading, ada, bob, _ = cells(b"".join(people.exports.stream(people.by, format="xlsx", columns=names)))
    named = dict(zip(heading.values(), heading, strict=True))
    assert ada[named["formula"]] == "'=1+1"
    assert ada[named["lines"]] == AWKWARD["lines"]
    assert ada[named["emoji"]] == AWKWARD["emoji"]
    assert ada[named["xml"]] == "<b>&amp; _x005F_x0041_ ]]>"
    assert (ada[named["low"]], ada[named["vip"]], ada[named["born"]]) == (-5.0, False, "1815-12-10")
    assert ada[named["renews"]] == (date(2027, 2, 28) - date(1899, 12, 30)).days
    assert named["low"] not in bob


def cells(workbook: bytes) -> list[dict[str, object]]:
    """Return the values of each row by the letters of their column, read as the standard says."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    return [{cell.attrib["r"].rstrip("0123456789"): _value(cell) for cell in row} for row in sheet.iter(f"{_MAIN}row")]


def _value(cell: ElementTree.Element) -> object:
    text = "".join(cell.itertext())
    kind = cell.attrib.get("t", "n")
    return {"inlineStr": str, "n": float, "b": lambda given: given == "1"}[kind](text)  # type: ignore[no-untyped-call]


@on_sqlite
def test_more_people_than_excel_can_open_are_refused_before_anything_leaves(people: People) -> None:
    awkward(people)
    check_room(ExportFormat.CSV, 10_000_000, 100)
    check_room(ExportFormat.XLSX, 1_048_575, 20)
    with pytest.raises(InvalidInput, match="at most 1,048,576 rows, and these are 1,048,576 people and a heading"):
        check_room(ExportFormat.XLSX, 1_048_576, 2)
    with pytest.raises(InvalidInput, match="more than Excel can open"):
        check_room(ExportFormat.XLSX, 500_000, 60)


@on_sqlite
def test_an_export_is_on_record_before_its_first_byte(people: People, clock: FrozenClock, settings: Settings) -> None:
    awkward(people)
    export = people.exports.stream(people.by, format="xlsx")
    (entry, *_) = AuditLog(people.db, clock, settings.key, ()).page(people.by).rows
    assert (entry.action, entry.after) == (AuditAction.CONTACTS_EXPORTED, {"people": 3, "format": "xlsx"})
    assert export.people == 3


def test_people_are_walked_whole_however_many_there_are(people: People) -> None:
    count = 12_345
    people.take_in("email,n\n" + "".join(f"p{n}@example.com,{n}\n" for n in range(count)), dry_run=False)
    rows = exported(people)
    assert sorted(int(row["n"]) for row in rows) == list(range(count))
    ids = [one.id for one in people.everybody()]
    assert len(exported(people, contact_ids=ids)) == 1000
    table = pq.read_table(io.BytesIO(b"".join(people.exports.stream(people.by, format="parquet"))))
    assert table.num_rows == count


@on_sqlite
def test_a_workbook_and_parquet_are_read_again_as_the_csv_is(people: People, tmp_path: Path) -> None:
    awkward(people)
    kept = [column.key for column in people.exports.columns(people.by) if column.is_usual and column.key != "attribute.tiny"]
    read = []
    for form in ("csv", "xlsx", "parquet"):
        (folder := tmp_path / form).mkdir()
        staged = stage(b"".join(people.exports.stream(people.by, format=form, columns=kept)), f"people.{form}", None, folder)
        assert not staged.broken
        frame = pl.read_parquet(staged.path)
        read.append([staged.columns, frame.select([staged.key(column) for column in staged.columns]).rows()])
    assert read[1] == read[0]
    assert read[2] == read[0]
