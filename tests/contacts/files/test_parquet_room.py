"""Parquet files whose table of contents is small, and whose pages are not."""

from __future__ import annotations

import io
from collections.abc import Mapping

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.contacts.imports.files.pages import pages
from core.errors import InvalidInput
from tests.contacts.files.conftest import Read, rows
from tests.contacts.files.parquet import DELTA_LENGTHS, DELTA_TEXTS, FIXED, fields, file, number, page

ADDRESS = b"\x0d\0\0\0a@example.com"
TOO_MUCH = "would take too much memory"


def test_a_file_made_by_hand_is_read(read: Read) -> None:
    assert rows(read(file(page(ADDRESS), page(b"\3\0\0\0Ada")), "people.parquet")) == [(1, "a@example.com", "Ada")]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (file(page(ADDRESS, size=600 << 20)), TOO_MUCH),
        (file(*[page(ADDRESS, size=60 << 20)] * 10), TOO_MUCH),
        (file(page(ADDRESS, size=8 << 20, encoding=DELTA_LENGTHS)), TOO_MUCH),
        (file(page(ADDRESS, size=8 << 20, encoding=DELTA_TEXTS)), TOO_MUCH),
        (file(b"".join(page(ADDRESS, size=500 << 20) for _ in range(9)), values=9, rows=9), TOO_MUCH),
        (file(page(ADDRESS, values=20_000_000), repeated=True), TOO_MUCH),
        (file(page(ADDRESS, encoding=DELTA_TEXTS), repeated=True), "uncommon way"),
        (file(page(b"x" * 10), kind=FIXED, length=10_000_000), "holds bytes"),
        (file(page(ADDRESS, size=-5)), "damaged"),
        (file(page(ADDRESS, values=-5)), "damaged"),
        (file(b"\x1c" * 40), "damaged"),
        (file(b"\x18\xff\xff\xff\xff\x0f"), "damaged"),
        # Twice, and the second time as another kind of number: the reader goes by the first, as it is of the kind it knows.
        (file(fields(f1=number(0), f2=number(600 << 20), f3=number(17))[1][:-1] + b"\x06\x04\x02" + b"\0" + ADDRESS), TOO_MUCH),
    ],
)
def test_pages_that_would_take_too_much_are_refused_before_they_are_unpacked(read: Read, data: bytes, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(data, "people.parquet")
    assert says in refused.value.message
    assert refused.value.hint


def test_many_columns_and_rows_of_nothing_are_refused(read: Read) -> None:
    with pytest.raises(InvalidInput, match="2,100,000 rows and 500 columns"):
        read(file(*[page(ADDRESS)] * 500, rows=2_100_000), "people.parquet")


@pytest.mark.parametrize("inner", [pa.struct([("x", pa.int8()), ("y", pa.int8())]), pa.list_(pa.int8())], ids=["table", "list"])
@pytest.mark.parametrize("in_list", [False, True])
def test_tables_within_a_column_are_refused_before_they_are_read(read: Read, inner: pa.DataType, in_list: bool) -> None:
    kind = pa.list_(inner) if in_list or pa.types.is_list(inner) else inner
    out = io.BytesIO()
    pq.write_table(pa.table({"email": pa.array([None] * 9, pa.string()), "parts": pa.array([None] * 9, kind)}), out)
    unreadable = out.getvalue()[:4] + b"\xff" * 20 + out.getvalue()[24:]
    with pytest.raises(InvalidInput, match="“parts” holds tables"):
        read(unreadable, "people.parquet")


def test_wide_rows_are_read_some_at_a_time(read: Read) -> None:
    names = [f"c{column}" for column in range(200)]
    values = {name: [f"{row:06d}-{name:>26}" for row in range(5_000)] for name in names}
    out = io.BytesIO()
    pq.write_table(pa.table({"email": [f"{row}@example.com" for row in range(5_000)], **values}), out)
    staged = read(out.getvalue(), "people.parquet")
    found = rows(staged)
    assert (staged.rows, [row[0] for row in found]) == (5_000, list(range(1, 5_001)))
    assert found[4_321] == (4_322, "4321@example.com", *(f"004321-{name:>26}" for name in names))


@pytest.mark.parametrize("in_list", [False, True])
def test_a_long_note_that_many_share_is_read_a_few_rows_at_a_time(read: Read, in_list: bool) -> None:
    note = "n" * 7_000
    notes: list[object] = [[note, "b"], None] * 3_000 if in_list else [note, None] * 3_000
    out = io.BytesIO()
    pq.write_table(pa.table({"email": [f"{row}@example.com" for row in range(6_000)], "more": [note] * 6_000, "notes": notes}), out)
    found = rows(read(out.getvalue(), "people.parquet"))
    wanted = (f"{note}, b" if in_list else note, "")
    assert found == [(row + 1, f"{row}@example.com", note, wanted[row % 2]) for row in range(6_000)]


def test_texts_that_share_a_long_beginning_are_read_a_few_at_a_time(read: Read) -> None:
    texts = ["x" * 100_000 + str(number) for number in range(2_000)]
    data = _sharing(texts)
    assert len(data) < 1 << 20
    assert [row[1][100_000:] for row in rows(read(data, "people.parquet"))] == [text[100_000:] for text in texts]


@pytest.mark.parametrize(
    ("length", "rows_of_it", "says"),
    [(33 << 20, 3, "A single row of the file becomes more than 32 MB"), (8 << 20, 70, "70 rows of the file become more than 512 MB")],
)
def test_texts_that_become_more_than_can_be_held_are_refused(read: Read, length: int, rows_of_it: int, says: str) -> None:
    out = io.BytesIO()
    pq.write_table(pa.table({"note": ["x" * length] * rows_of_it}), out)
    with pytest.raises(InvalidInput, match=says) as refused:
        read(out.getvalue(), "people.parquet")
    assert refused.value.hint


def _sharing(texts: list[str]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"note": texts}), out, use_dictionary=False, column_encoding={"note": "DELTA_BYTE_ARRAY"})
    return out.getvalue()


TABLE = pa.table(
    {
        "email": [f"{number}@example.com" for number in range(30_000)],
        "country": ["DE", "CH", None] * 10_000,
        "orders": list(range(30_000)),
        "tags": [["a", "b"], None, []] * 10_000,
    }
)


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "zstd"},
        {"compression": "gzip", "data_page_version": "2.0"},
        {"compression": "none", "use_dictionary": False, "data_page_size": 1 << 12},
        {"use_dictionary": False, "column_encoding": {"email": "DELTA_BYTE_ARRAY", "country": "DELTA_LENGTH_BYTE_ARRAY"}},
        {"row_group_size": 1_000, "write_page_index": True, "write_page_checksum": True},
    ],
    ids=str,
)
def test_files_that_programs_write_are_read_and_measured_as_they_are(read: Read, options: Mapping[str, object]) -> None:
    out = io.BytesIO()
    pq.write_table(TABLE, out, **options)
    found = rows(read(out.getvalue(), "people.parquet"))
    assert (len(found), found[0], found[2]) == (
        30_000,
        (1, "0@example.com", "DE", "0", "a, b"),
        (3, "2@example.com", "", "2", ""),
    )
    told = pq.ParquetFile(out).metadata
    for group in range(told.num_row_groups):
        for part in map(told.row_group(group).column, range(told.num_columns)):
            start = part.dictionary_page_offset or part.data_page_offset
            its = list(pages(out, start, part.total_compressed_size, part.num_values))
            assert sum(one.values for one in its if not one.is_dictionary) == part.num_values
            headers = part.total_compressed_size - sum(one.packed for one in its)
            assert sum(one.size for one in its) + headers == part.total_uncompressed_size


def test_a_file_of_duckdb_is_read(read: Read, tmp_path) -> None:
    path = tmp_path / "people.parquet"
    query = "SELECT i || '@example.com' AS email, i % 7 AS n, [i, i] AS pair FROM range(300000) t(i)"
    for version in ("V1", "V2"):
        duckdb.sql(f"COPY ({query}) TO '{path}' (FORMAT parquet, PARQUET_VERSION {version})")
        assert read(path.read_bytes(), "people.parquet").rows == 300_000
