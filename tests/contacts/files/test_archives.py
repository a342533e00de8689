import gzip
import io
import stat
import struct
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contacts.imports.files.staging import stage
from core.contacts.imports.files.unpacking import unpacked
from core.contacts.move_in.archive import parts
from core.errors import InvalidInput
from tests.contacts.files.conftest import Read, rows
from tests.contacts.files.test_tables import parquet
from tests.contacts.files.workbook import sheet, workbook

CSV = b"email,name\nada@example.com,Ada\n"
ADA = [(2, "ada@example.com", "Ada")]


def zipped(*files: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def lying(data: bytes, size: int) -> bytes:
    """Return a zip whose file claims to be smaller than it is."""
    honest = zipped(("people.csv", data))
    return honest.replace(struct.pack("<I", len(data)), struct.pack("<I", size))


def packed_in_more_than_it_is(data: bytes) -> bytes:
    """Return a zip whose file claims to take more room packed than the whole archive has."""
    honest = bytearray(zipped(("people.csv", data)))
    at = honest.rfind(b"PK\1\2") + 20
    honest[at : at + 4] = struct.pack("<I", len(data))
    return bytes(honest)


def listing(entries: int, *, large: bool = False, hidden: bool = False, elsewhere: bool = False) -> bytes:
    """Return a zip with a long table of contents that claims to hold one file; its true size may stand elsewhere."""
    first = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 33, 0, 0, 0, 1, 0) + b"a"
    one = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    size, start = len(one) * entries, len(first)
    end = struct.pack(
        "<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, 47 if large else size, int.from_bytes(b"PK\5\6", "little") if hidden else start, 0
    )
    more = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size, start) if large else b""
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, start + size, 1) if large else b""
    honest = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, 47, start) if elsewhere else b""
    return first + one * entries + more + honest + locator + end


def _named(value: object) -> str:
    """Name a case by its words: packed bytes hold the time, and each process that runs tests would name them otherwise."""
    return value if isinstance(value, str) else "file"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (gzip.compress(CSV), "people.csv.gz"),
        (gzip.compress(CSV[:12]) + gzip.compress(CSV[12:]), "people.gz"),
        (zipped(("people.csv", CSV)), "people.zip"),
        (zipped(("folder/", b""), ("folder/people.csv", CSV), ("__MACOSX/folder/._people.csv", b"x"), (".DS_Store", b"x")), "people.zip"),
        (zipped(("people.xlsx", workbook(sheet({0: ["email", "name"], 1: ["ada@example.com", "Ada"]})))), "people.zip"),
        (gzip.compress(workbook(sheet({0: ["email", "name"], 1: ["ada@example.com", "Ada"]}))), "people.xlsx.gz"),
        (CSV, "people.csv.gz"),
    ],
    ids=_named,
)
def test_the_one_file_in_an_archive_is_read(read: Read, data: bytes, name: str) -> None:
    assert rows(read(data, name)) == ADA


ZEROS = b"email,name\n" + b"0" * (64 << 20)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (gzip.compress(ZEROS), "hundreds of times"),
        (zipped(("people.csv", ZEROS)), "hundreds of times"),
        (lying(ZEROS, 1_000), "damaged"),
        (packed_in_more_than_it_is(ZEROS), "hundreds of times"),
        (gzip.compress(gzip.compress(CSV)), "inside the archive"),
        (zipped(("inner.zip", zipped(("people.csv", CSV)))), "inside the archive"),
        (gzip.compress(zipped(("people.csv", CSV))), "inside the archive"),
        (zipped(("../people.csv", CSV)), "outside"),
        (zipped(("/etc/people.csv", CSV)), "outside"),
        (zipped(("..\\people.csv", CSV)), "outside"),
        (zipped(("C:/people.csv", CSV)), "outside"),
        (zipped((link("people.csv"), b"/etc/passwd")), "a link"),
        (zipped(("a.csv", CSV), ("b.csv", CSV)), "holds 2 files"),
        (zipped(("folder/", b"")), "holds 0 files"),
        (zipped(), "holds 0 files"),
        (zipped(*((f"{number}.csv", b"") for number in range(1_001))), "more than 1,000"),
        (gzip.compress(CSV)[:-12], "damaged"),
        (listing(30_000), "very long names"),
        (listing(30_000, large=True), "very long names"),
        (listing(30_000, hidden=True), "very long names"),
        (listing(30_000, large=True, elsewhere=True), "damaged"),
        (listing(30_000, large=True).replace(b"PK\6\6", b"PK\0\0"), "damaged"),
        (gzip.compress(CSV)[:20] + b"\xff\xff\xff\xff" + gzip.compress(CSV)[24:], "damaged"),
        (zipped(("people.csv", CSV))[:-10], "damaged"),
    ],
    ids=_named,
)
def test_an_archive_that_could_do_harm_is_refused(read: Read, data: bytes, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(data, "people.zip")
    assert says in refused.value.message
    assert refused.value.hint


def test_an_archive_with_a_password_is_refused(read: Read) -> None:
    data = bytearray(zipped(("people.csv", CSV)))
    data[6] |= 1
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(InvalidInput, match="password"):
        read(bytes(data), "people.zip")


WHOLE = {
    "csv": CSV * 20,
    "gz": gzip.compress(CSV * 20),
    "zip": zipped(("people.csv", CSV * 20)),
    "xlsx": workbook(sheet({0: ["email", "name"], 1: ["ada@example.com", 3.5]})),
    "parquet": parquet(pl.DataFrame({"email": ["ada@example.com"] * 20, "tags": [["a"]] * 20})),
}


@given(st.sampled_from(["csv", "gz", "zip", "xlsx", "parquet"]), st.integers(0, 10_000), st.binary(min_size=1, max_size=12), st.booleans())
def test_a_damaged_file_is_told_in_words_or_read(kind: str, place: int, what: bytes, cut: bool) -> None:
    whole = WHOLE[kind]
    at = place % len(whole)
    damaged = whole[:at] + what + (b"" if cut else whole[at + len(what) :])
    with tempfile.TemporaryDirectory() as folder, suppress(InvalidInput):
        assert stage(damaged, f"people.{kind}", None, Path(folder)).columns


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_python_unpacks_only_in_one_piece_is_refused_before_it_is(tmp_path: Path, packing: int) -> None:
    path = tmp_path / "people.zip"
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("people.csv", b"email\n" + b"0" * 1_000_000)
    for read in (lambda: unpacked(path, tmp_path), lambda: parts(path, "people.zip", tmp_path)):
        with pytest.raises(InvalidInput, match="uncommon way"):
            read()


def test_a_table_of_contents_as_long_as_a_book_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "people.zip"
    path.write_bytes(b"PK\x03\x04" + b"\0" * 40 + b"PK\x05\x06" + b"\0" * 4 + b"\1\0\1\0" + (1 << 26).to_bytes(4, "little") + b"\0" * 6)
    with pytest.raises(InvalidInput, match="more than 1,000 files"):
        unpacked(path, tmp_path)
