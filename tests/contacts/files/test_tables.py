"""Workbooks and Parquet files."""

import datetime as dt
import io
import zipfile

import polars as pl
import pytest

from core.errors import InvalidInput
from tests.contacts.files.conftest import Read, rows
from tests.contacts.files.workbook import sheet, workbook


def parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def test_a_workbook_reads_as_what_its_cells_say(read: Read) -> None:
    cells = {0: ["email", "zip", "spend", "vip", "since", "note"], 1: ["ada@example.com", 1067, 12.5, True, (45_000,), " =1+1 r=x"]}
    assert rows(read(workbook(sheet(cells)), "people.xlsx")) == [(2, "ada@example.com", "1067", "12.5", "true", "2023-03-15", " =1+1 r=x")]


def test_rows_of_a_workbook_are_numbered_as_the_spreadsheet_shows_them(read: Read) -> None:
    staged = read(workbook(sheet({2: ["email", "name"], 3: ["a@example.com"], 6: ["b@example.com", "B", "more"]})), "people.xlsx")
    assert rows(staged) == [(4, "a@example.com", ""), (7, "b@example.com", "B")]
    assert pl.read_parquet(staged.path)["surplus"].to_list() == [False, True]


def test_the_first_sheet_with_something_on_it_is_read_and_named(read: Read) -> None:
    staged = read(workbook(sheet({}), sheet({0: ["email"], 1: ["a@example.com"]})), "people.xlsx")
    assert (rows(staged), staged.notes) == ([(2, "a@example.com")], ("The workbook has 2 sheets; “Sheet 2” was read.",))


FAR = sheet({0: ["email"], 1: ["a@example.com"]})


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"email,name\nada@example.com,Ada\n", "called .xlsx, but it is none"),
        (b"PK\x03\x04\x14\x00", "damaged"),
        (workbook(sheet({0: ["email"], 1: ["a@example.com"]}))[:-30], "damaged"),
        (workbook("<worksheet"), "can’t be read"),
        (workbook(), "workbook"),
        (workbook(sheet({})), "empty"),
        (workbook(sheet({0: ["email", "name"]})), "no rows"),
        (workbook(sheet({0: ["email", "email"], 1: ["a", "b"]})), "more than once"),
        (workbook(sheet({0: ["email"], 1_048_575: [None] * 16_383 + ["x"]})), "far from each other"),
        (workbook(sheet({0: ["email"], 1_048_575: [None] * 30 + ["x"]})), "more than a workbook may have"),
        (workbook(FAR.replace('r="A2"', 'r="&#88;FD1048576"')), "can’t be read"),
        (workbook(FAR + " " * (64 << 20)), "hundreds of times"),
    ],
)
def test_a_workbook_that_cannot_be_used_says_why(read: Read, data: bytes, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(data, "people.xlsx")
    assert says in refused.value.message
    assert refused.value.hint


def test_a_zip_that_is_called_a_workbook_is_read_as_a_zip(read: Read) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("people.csv", "email\na@example.com\n")
    assert rows(read(out.getvalue(), "people.zip")) == [(2, "a@example.com")]


def test_parquet_reads_as_a_csv_of_it_would(read: Read) -> None:
    frame = pl.DataFrame(
        {
            "email": ["a@example.com", "b@example.com", None, "c@example.com"],
            "orders": [1, None, None, 3],
            "spend": [12.0, 0.5, None, None],
            "vip": [True, False, None, None],
            "day": [dt.date(2026, 1, 2), None, None, None],
            "seen": [dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC), None, None, None],
            "tags": [["new", "vip"], [], None, ["x"]],
        }
    )
    staged = read(parquet(frame), "people.parquet")
    assert staged.columns == frame.columns
    assert rows(staged) == [
        (1, "a@example.com", "1", "12", "true", "2026-01-02", "2026-01-02 03:04:05", "new, vip"),
        (2, "b@example.com", "", "0.5", "false", "", "", ""),
        (4, "c@example.com", "3", "", "", "", "", "x"),
    ]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"PAR1 and nothing more", "damaged"),
        (b"email\na@example.com\n", "called .parquet, but it is none"),
        (parquet(pl.DataFrame({"email": ["a"], "parts": [{"x": 1}]})), "holds tables"),
        (parquet(pl.DataFrame({"email": [b"\xff\xfe"]})), "holds bytes"),
        (parquet(pl.DataFrame({"email": []}, schema={"email": pl.String})), "no rows"),
        (parquet(pl.DataFrame({"email": pl.repeat("a", 11_000_000, eager=True)})), "more than 10,000,000 rows"),
    ],
)
def test_a_parquet_file_that_cannot_be_used_says_why(read: Read, data: bytes, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(data, "people.parquet")
    assert says in refused.value.message
    assert refused.value.hint


def test_parquet_goes_in_with_the_apostrophe_that_an_import_takes_off(read: Read) -> None:
    frame = pl.DataFrame({"email": ["+a@example.com", "b@example.com"], "note": ["'=1+1", "'tis"], "low": [-5, 5]})
    staged = read(parquet(frame), "people.parquet")
    assert [values[1:] for values in rows(staged)] == [("'+a@example.com", "''=1+1", "-5"), ("b@example.com", "'tis", "5")]
