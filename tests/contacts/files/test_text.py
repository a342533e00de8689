import csv
import io
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contacts.imports.files.encodings import Encoding
from core.contacts.imports.files.staging import stage
from core.errors import InvalidInput
from tests.contacts.files.conftest import Read, rows


@pytest.mark.parametrize(
    "data",
    [
        b"email,name\nada@example.com,Ada\n",
        b"email,name\r\nada@example.com,Ada",
        b"email,name\rada@example.com,Ada\r",
        b"email,name\r\r\nada@example.com,Ada\r\r\n",
        b'"email","name"\r\r\n"ada@example.com","Ada"\r\r\n',
        b"email;name\nada@example.com;Ada\n",
        b"email\tname\nada@example.com\tAda\n",
        b"email|name\nada@example.com|Ada\n",
        b'"email","name"\n"ada@example.com","Ada"\n',
        b'"email","name"\r\n"ada@example.com","Ada"\r\n',
        b'"email","name"\r"ada@example.com","Ada"',
        b" email , name \nada@example.com,Ada,,\n",
        "\ufeffemail,name\nada@example.com,Ada\n".encode(),
        "email,name\nada@example.com,Ada\n".encode("utf-16"),
        "email,name\nada@example.com,Ada\n".encode("utf-16-le"),
        "email,name\r\nada@example.com,Ada\r\n".encode("utf-16-be"),
    ],
)
def test_every_usual_way_to_write_a_csv_reads_the_same(read: Read, data: bytes) -> None:
    staged = read(data)
    assert staged.columns == ["email", "name"]
    assert [tuple(map(str.strip, row[1:])) for row in rows(staged)] == [("ada@example.com", "Ada")]
    assert rows(staged)[0][0] == 2
    assert (staged.rows, staged.broken, staged.notes) == (1, [], ())


def test_lines_are_counted_as_an_editor_counts_them(read: Read) -> None:
    staged = read(b'\nsep=;\n\nemail;note\n\na@example.com;"two\nlines"\n\nb@example.com;x\n')
    assert rows(staged) == [(6, "a@example.com", "two\nlines"), (9, "b@example.com", "x")]


def test_a_stray_quotation_mark_costs_at_most_its_own_line(read: Read) -> None:
    staged = read(b'email,size\na@example.com,5" nail\nb@example.com,"open\nc@example.com,6" nail\n"d@example.com" x,1\ne@example.com,7\n')
    assert rows(staged) == [(2, "a@example.com", '5" nail'), (4, "c@example.com", '6" nail'), (6, "e@example.com", "7")]
    assert [broken.line for broken in staged.broken] == [3, 5]


def test_a_mark_that_is_never_closed_does_not_swallow_the_rest(read: Read) -> None:
    staged = read(b'email,name\na,"open\n' + b"".join(b"p%d,x\n" % number for number in range(1_000)))
    assert (staged.rows, [found.line for found in staged.broken]) == (1_000, [2])


def test_short_rows_are_filled_up_and_long_ones_are_marked(read: Read) -> None:
    staged = read(b"email,name,city\na@example.com\nb@example.com,B,Rome,more\n" + b"c@example.com" + b",x" * 5_000 + b"\n")
    assert pl.read_parquet(staged.path)["surplus"].to_list() == [False, True, True]
    assert rows(staged)[0] == (2, "a@example.com", "", "")


def test_a_row_over_several_lines_may_stand_anywhere_in_a_large_file(read: Read) -> None:
    lines, expected, line = [b"email,note\r\n"], [], 2
    for number in range(60_000):
        if number % 3:
            lines.append(b"p%d,%s\r\n" % (number, b"x" * 500))
            line += 1
        else:
            expected.append((line, f"p{number}", "one\r\n" + "y" * 500 + "\r\nthree"))
            lines.append(b'p%d,"one\r\n%s\r\nthree"\r\n' % (number, b"y" * 500))
            line += 3
    staged = read(b"".join(lines))
    assert staged.rows == 60_000
    assert [row for row in rows(staged) if row[2] != "x" * 500] == expected


def test_lines_that_would_become_too_many_values_are_refused_before_they_do(read: Read) -> None:
    header = b",".join(b"c%d" % number for number in range(400))
    with pytest.raises(InvalidInput, match="3,000,001 lines and 400 columns"):
        read(header + b"\n" * 3_000_000 + b"a@example.com\n")


def test_blank_lines_are_left_out_but_counted(read: Read) -> None:
    assert rows(read(b"email,name\n" + b"\n\r\n,\n" * 500_000 + b"a@example.com,A")) == [(1_500_002, "a@example.com", "A")]


def test_a_declared_encoding_is_used(read: Read) -> None:
    staged = read("email,name\nada@example.com,Łucja\n".encode("cp1250"), encoding=Encoding.WINDOWS_1250)
    assert (rows(staged), staged.notes) == ([(2, "ada@example.com", "Łucja")], ())


@pytest.mark.parametrize(("codec", "name"), [("cp1252", "Zoë €5"), ("latin-1", "Zoë \x81")])
def test_an_encoding_that_nobody_said_is_assumed_and_told(read: Read, codec: str, name: str) -> None:
    staged = read(f"email,name\nada@example.com,{name}\n".encode(codec))
    assert rows(staged) == [(2, "ada@example.com", name)]
    assert staged.encoding == codec
    assert "umlauts" in staged.notes[0]


def test_one_damaged_letter_in_utf_8_is_not_taken_for_another_encoding(read: Read) -> None:
    with pytest.raises(InvalidInput, match="line 3 holds the byte 0xEB"):
        read("email,name\nada@example.com,Zoë\n".encode() + "bob@example.com,Zoë\n".encode("cp1252"))


def test_formulas_and_nul_bytes_stay_text(read: Read) -> None:
    assert rows(read(b"email,note\na@example.com,=1+1\nb@example.com,x\0y\n")) == [
        (2, "a@example.com", "=1+1"),
        (3, "b@example.com", "x\0y"),
    ]


def test_a_field_of_a_million_letters_is_one_value(read: Read) -> None:
    long = "ü" * 1_000_000
    staged = read(f'email,note,more\na@example.com,{long},1\nb@example.com,"{long}",2\n'.encode())
    assert rows(staged) == [(2, "a@example.com", long, "1"), (3, "b@example.com", long, "2")]


def test_columns_without_a_name_are_numbered(read: Read) -> None:
    assert read(b"email,,city,,\na@example.com,x,Rome,,\n").columns == ["email", "Column 2", "city"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"\xef\xbb\xbf", "no columns"),
        (b"email,name\n", "no rows"),
        (b"email,name", "no rows"),
        (b"email,name\n,\n ,\n", "no rows"),
        (b",,\n1,2,3\n", "no columns"),
        (b"email,name,email\na,b,c\n", "more than once: email"),
        (b"ada@example.com,Ada\nbob@example.com,Bob\n", "not the names"),
        (b"email" + b",c" * 5_000 + b"\n1\n", "5,001 columns"),
        (b"email," + b"x" * 1_000_000 + b"\n1\n", "columns"),
        (b"email,name\na@example.com," + b"x" * 40_000_000, "A line is longer"),
        ("\ufeffemail\r\n".encode("utf-16-le") + "\r".encode("utf-16-le") * 36_000_000, "line ends with nothing between"),
        (b"\0\1\2\3" * 100, "not a text file"),
        (b"%PDF-1.7\nemail,name\n1,2\n", "not a text file"),
        ("email,name\nada@example.com,Ada\n".encode("utf-16")[:-1], "not whole UTF-16"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old workbook"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_what_to_do(read: Read, data: bytes, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(data)
    assert says in refused.value.message
    assert refused.value.hint


# Python takes some separators of the 1960s (0x1C to 0x1F) for blank, Polars does not.
values = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\x1c\x1d\x1e\x1f"), max_size=8) | st.text(
    st.sampled_from('ab ;,"\n\r\tü|'), max_size=6
)


@given(
    st.lists(st.lists(values, min_size=3, max_size=3), min_size=1, max_size=8),
    st.sampled_from(",;\t|"),
    # With LF alone, the writer leaves a CR at the end of a row without marks: nobody can tell that from CRLF.
    st.sampled_from([("\r\n", csv.QUOTE_MINIMAL), ("\r\n", csv.QUOTE_ALL), ("\n", csv.QUOTE_ALL)]),
)
def test_whatever_a_correct_writer_writes_is_read_back(table: list[list[str]], separator: str, how: tuple[str, int]) -> None:
    (ending, quoting), out = how, io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=ending, quoting=quoting)
    writer.writerows([["email", "a", "b"], *table])
    expected = [tuple(row) for row in table if any(value.strip() for value in row)]
    with tempfile.TemporaryDirectory() as folder:
        if not expected:
            with pytest.raises(InvalidInput, match="no rows"):
                stage(out.getvalue().encode(), "x.csv", None, Path(folder))
            return
        staged = stage(out.getvalue().encode(), "x.csv", None, Path(folder))
        assert not staged.broken
        assert [row[1:] for row in rows(staged)] == expected


@given(st.lists(st.lists(st.text(st.sampled_from("ab ;ü"), max_size=6), max_size=6), max_size=8), st.integers(1, 4))
def test_rows_of_any_length_are_filled_up_or_marked(table: list[list[str]], width: int) -> None:
    header = ",".join(f"c{number}" for number in range(width))
    written = [",".join(row).split(",") for row in [*table, ["end"]]]
    expected = [
        (line, any(row[width:]), *[*row, *[""] * width][:width])
        for line, row in enumerate(written, 2)
        if any(value.strip() for value in row[:width]) or any(row[width:])
    ]
    with tempfile.TemporaryDirectory() as folder:
        staged = stage("\n".join([header, *map(",".join, written)]).encode(), "x.csv", None, Path(folder))
        assert pl.read_parquet(staged.path).rows() == expected


@given(st.text(st.sampled_from('ab"\n '), max_size=60))
def test_no_line_disappears(body: str) -> None:
    lines = body.split("\n")
    marked = "x,y\n" + "".join(f"m{number},{line}\n" for number, line in enumerate(lines))
    with tempfile.TemporaryDirectory() as folder:
        staged = stage(marked.encode(), "x.csv", None, Path(folder))
        seen = "\n".join([broken.text for broken in staged.broken] + [" ".join(map(str, row)) for row in rows(staged)])
    assert all(f"m{number}" in seen for number in range(len(lines)))


def test_of_many_broken_lines_little_is_kept(read: Read) -> None:
    lines = b"".join(b'a%d@example.com,"x%s\n' % (number, b"y" * 2_000) for number in range(4_000))
    broken = read(b"email,name\n" + lines).broken
    assert (len(broken), len(broken[0].text), len(broken[-1].text)) == (4_000, 2_017, 200)
