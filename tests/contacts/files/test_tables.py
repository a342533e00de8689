"""Workbooks and Parquet files."""

import datetime as dt
import io
import random
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


def more(xml: str) -> str:
    """Return a sheet with these rows after its own."""
    return FAR.replace("</sheetData>", xml + "</sheetData>")


FAR_CELL = 'r="XFD1048576"><v>1</v>'
NOTHING = "<c><v>1</v></c>"


@pytest.mark.parametrize(
    ("xml", "says"),
    [
        (more(f'<row r="3"><x-y:c {FAR_CELL}</x-y:c></row>'), "far from each other"),
        (more(f'<x.y:row r="1048576"><c {FAR_CELL}</c></x.y:row>'), "far from each other"),
        (more(f'<row r="3"><c a=">" {FAR_CELL}</c></row>'), "far from each other"),
        (more(f'<row r="3"><c a="<" {FAR_CELL}</c></row>'), "can’t be read"),
        (more(f'<row r="3"><c a=""{FAR_CELL}</c></row>'), "can’t be read"),
        (more(f'<row r="3"><a"b:c {FAR_CELL}</c></row>'), "can’t be read"),
        (more(f'<row r="3"><!-- < --><c {FAR_CELL}</c></row>'), "can’t be read"),
        (more(f'<row r="3"><![CDATA[<]]><c {FAR_CELL}</c></row>'), "can’t be read"),
        (more(f'<row>{NOTHING * 20_000}</row><row r="1000000"/>'), "far from each other"),
        (more(f"<row>{NOTHING * 400}</row>" + f"<row>{NOTHING}</row>" * 20_000), "more than a workbook may have"),
        (more(f'<row r="3"><c r="OK3"/>{NOTHING * 50}</row>' + f"<row>{NOTHING}</row>" * 20_000), "more than a workbook may have"),
        (more(f'<row r="3"><c r="OK3"/>{NOTHING}</row></row></row>'), "can’t be read"),
    ],
)
def test_cells_far_away_are_seen_however_they_are_written(read: Read, xml: str, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(workbook(xml), "people.xlsx")
    assert says in refused.value.message


@pytest.mark.parametrize("folder", ["chartsheets", "dialogsheets"])
def test_cells_are_seen_in_whatever_file_of_a_workbook_they_stand(read: Read, folder: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(more(f'<row r="3"><c {FAR_CELL}</c></row>')))) as honest, zipfile.ZipFile(out, "w") as archive:
        for entry in honest.infolist():
            data = honest.read(entry).replace(b"worksheets/sheet1.xml", f"{folder}/sheet1.xml".encode())
            archive.writestr(entry.filename.replace("worksheets", folder), data)
    with pytest.raises(InvalidInput, match="far from each other"):
        read(out.getvalue(), "people.xlsx")


def test_what_was_looked_at_is_what_is_read(read: Read) -> None:
    """Readers of archives don't agree which of two tables of contents counts, where one stands in the comment of the other."""
    seen = workbook(FAR)[:-2] + b"\5\0"
    other = workbook(more('<row r="3"><c r="A3"><v>1</v></c></row>'))
    assert rows(read(other[:-2] + len(seen).to_bytes(2, "little") + seen, "people.xlsx")) == [(2, "a@example.com")]


@pytest.mark.parametrize("name", ["xl/styles.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"])
def test_a_book_about_a_workbook_is_refused(read: Read, name: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(FAR))) as honest, zipfile.ZipFile(out, "w") as archive:
        for entry in honest.infolist():
            archive.writestr(entry.filename, honest.read(entry) + b" " * ((17 << 20) if entry.filename == name else 0))
    with pytest.raises(InvalidInput, match="can’t be read"):
        read(out.getvalue(), "people.xlsx")


def test_a_sheet_that_is_listed_a_thousand_times_is_refused(read: Read) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(sheet({})))) as honest, zipfile.ZipFile(out, "w") as archive:
        for entry in honest.infolist():
            listed = b'<sheet name="Sheet 1" sheetId="1" r:id="rId1"/>'
            archive.writestr(entry.filename, honest.read(entry).replace(listed, listed * 1_000))
    with pytest.raises(InvalidInput, match="can’t be read"):
        read(out.getvalue(), "people.xlsx")


def test_cells_that_do_not_say_where_they_are_follow_each_other(read: Read) -> None:
    rows_of_two = "".join(f"<row><c><v>{number}</v></c><c><v>2</v></c></row>" for number in range(1_000))
    xml = sheet({0: ["email", "n"]}).replace("</sheetData>", f'<row r="2"/>{rows_of_two}</sheetData>')
    assert read(workbook(xml), "people.xlsx").rows == 1_000


def naming(rows: int, cell: str) -> str:
    """Return a sheet whose rows all have this cell."""
    body = "".join(f'<row r="{row}">{cell.replace("@", f"A{row}")}</row>' for row in range(2, rows + 2))
    return sheet({0: ["email"]}).replace("</row>", "</row>" + body, 1)


def a_text(length: int) -> str:
    """Return texts: one of some letters, then a long one of random letters, which do not pack well."""
    return f"<si><t>short</t></si><si><t>{random.Random(1).randbytes(length // 2).hex()}</t></si>"


def test_texts_that_are_named_by_number_are_read(read: Read) -> None:
    cells = '<row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2"><v>1</v></c></row>'
    head = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>n</t></is></c></row>'
    xml = sheet({}).replace("<sheetData>", f"<sheetData>{head}{cells}")
    assert rows(read(workbook(xml, texts="<si><t>email</t></si><si><r><t>a</t></r><r><t>@example.com</t></r></si>"), "people.xlsx")) == [
        (2, "a@example.com", "1")
    ]


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="@" t="s"><v>1</v></c>',
        "<c r='@' t = 's' ><v>1</v></c>",
        '<c r="@" t="s"><v>&#49;</v></c>',
        '<c r="@" t="s"><f>x</f><v>1</v></c>',
        '<c r="@" t="&#115;"><v>1</v></c>',
        '<x-y:c r="@" t="s"><x-y:v>1</x-y:v></x-y:c>',
        '<c r="@" t="s"><v>0</v><v>1</v></c>',
        '<c r="@" t="s"><v><x/>1</v></c>',
        '<c r="@" t="s"><a:v>0</b:v><a:v></a:v><v>1</v></c>',
    ],
)
def test_a_long_text_named_in_every_row_is_refused_before_it_is_read(read: Read, cell: str) -> None:
    with pytest.raises(InvalidInput, match="The texts of this workbook"):
        read(workbook(naming(1_100, cell), texts=a_text(500_000)), "people.xlsx")


@pytest.mark.parametrize(
    "texts",
    [
        "<!-- <si> --><si><t>x</t></si>",
        '<si a="<si>"><t>x</t></si>',
        '<si a="><si>"><t>x</t></si>',
        "<si\0>",
        "<si><t>x</t><si><t>y</t></si>",
        "<a:si><t>x</t></b:si><si><t>y</t></a:si>",
        "<a/b:si><t>x</t></a/b:si>",
    ],
)
def test_texts_whose_number_is_hidden_are_refused(read: Read, texts: str) -> None:
    with pytest.raises(InvalidInput, match="can’t be read"):
        read(workbook(FAR, texts=texts), "people.xlsx")


def test_two_files_of_texts_are_refused(read: Read) -> None:
    out = io.BytesIO(workbook(FAR, texts=a_text(10)))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("XL/SharedStrings.xml", "<sst/>")
    with pytest.raises(InvalidInput, match="can’t be read"):
        read(out.getvalue(), "people.xlsx")


def test_a_workbook_with_a_long_text_and_many_numbers_is_read(read: Read) -> None:
    staged = read(workbook(naming(1_100, '<c r="@"><v>1</v></c>'), texts=a_text(500_000)), "people.xlsx")
    assert staged.rows == 1_100


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


@pytest.mark.parametrize("column", [["x" * 200_000] * 3_000, [["x" * 100_000, "x" * 100_000]] * 3_000], ids=["text", "list"])
def test_a_long_text_in_every_row_of_parquet_is_refused_before_it_is_read(read: Read, column: list[object]) -> None:
    data = parquet(pl.DataFrame({"email": ["a@example.com"] * 3_000, "note": column}))
    assert len(data) < 1 << 20
    with pytest.raises(InvalidInput, match="3,000 rows of the file become more than 512 MB of text"):
        read(data, "people.parquet")


def test_parquet_goes_in_with_the_apostrophe_that_an_import_takes_off(read: Read) -> None:
    frame = pl.DataFrame({"email": ["+a@example.com", "b@example.com"], "note": ["'=1+1", "'tis"], "low": [-5, 5]})
    staged = read(parquet(frame), "people.parquet")
    assert [values[1:] for values in rows(staged)] == [("'+a@example.com", "''=1+1", "-5"), ("b@example.com", "'tis", "5")]
