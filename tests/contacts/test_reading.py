import pytest

from core.contacts.reading import Encoding, Sheet, read_sheet
from core.errors import InvalidInput


def rows(sheet: Sheet) -> list[tuple[object, ...]]:
    return sheet.frame.drop("surplus").rows()


@pytest.mark.parametrize(
    "data",
    [
        b"email,name\nada@example.com,Ada\n",
        b"email,name\r\nada@example.com,Ada",
        b"email,name\rada@example.com,Ada\r",
        b"email;name\nada@example.com;Ada\n",
        b"email\tname\nada@example.com\tAda\n",
        b'"email","name"\n"ada@example.com","Ada"\n',
        b" email , name \nada@example.com,Ada,,\n",
        "\ufeffemail,name\nada@example.com,Ada\n".encode(),
        "email,name\nada@example.com,Ada\n".encode("utf-16"),
    ],
)
def test_every_usual_way_to_write_a_csv_reads_the_same(data: bytes) -> None:
    sheet = read_sheet(data)
    assert sheet.columns == ["email", "name"]
    assert rows(sheet) == [(2, "ada@example.com", "Ada")]


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    sheet = read_sheet(b'\nsep=;\n\nemail;note\n\na@example.com;"two\nlines"\n\nb@example.com;x\n')
    assert rows(sheet) == [(6, "a@example.com", "two\nlines"), (9, "b@example.com", "x")]


def test_a_stray_quotation_mark_costs_at_most_its_own_line() -> None:
    sheet = read_sheet(
        b'email,size\na@example.com,5" nail\nb@example.com,"open\nc@example.com,6" nail\n"d@example.com" x,1\ne@example.com,7\n'
    )
    assert rows(sheet) == [(2, "a@example.com", '5" nail'), (4, "c@example.com", '6" nail'), (6, "e@example.com", "7")]
    assert [broken.line for broken in sheet.broken] == [3, 5]


def test_short_rows_are_filled_up_and_long_ones_are_marked() -> None:
    sheet = read_sheet(b"email,name,city\na@example.com\nb@example.com,B,Rome,more\n" + b"c@example.com" + b",x" * 5_000 + b"\n")
    assert sheet.frame["surplus"].to_list() == [False, True, True]
    assert rows(sheet)[0] == (2, "a@example.com", "", "")


def test_a_declared_encoding_is_used() -> None:
    data = "email,name\nada@example.com,Zoë\n".encode("cp1252")
    assert rows(read_sheet(data, Encoding.WINDOWS_1252)) == [(2, "ada@example.com", "Zoë")]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"\xef\xbb\xbf", "no columns"),
        (b"email,name\n", "no rows"),
        (b"email,name\n,\n ,\n", "no rows"),
        (b",,\n1,2,3\n", "no columns"),
        (b"email,name,email\na,b,c\n", "more than once: email"),
        (b"ada@example.com,Ada\nbob@example.com,Bob\n", "not the names"),
        ("email,name\nada@example.com,Zoë\n".encode("cp1252"), "line 2 holds the byte 0xEB"),
        ("email,name\nada@example.com,Ada\n".encode("utf-16-le"), "UTF-16"),
        (b"PK\x03\x04\x14\x00", "workbook"),
        (b"email" + b",c" * 600 + b"\n1\n", "columns"),
        (b"email," + b"x" * 1_000_000 + b"\n1\n", "columns"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_what_to_do(data: bytes, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_sheet(data)
    assert says in refused.value.message
    assert refused.value.hint


def test_columns_without_a_name_are_numbered() -> None:
    assert read_sheet(b"email,,city,,\na@example.com,x,Rome\n").columns == ["email", "Column 2", "city"]
