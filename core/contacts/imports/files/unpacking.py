"""Taking the one file out of a `.gz` or `.zip`, and nothing that was packed to do harm.

Names inside an archive are read to refuse it, never to write to: what comes out goes under a name of ours.
"""

from __future__ import annotations

import gzip
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from core.contacts.imports.files.bounds import MAX_BYTES, MAX_ENTRIES, MAX_LISTING, MAX_RATIO, RATIO_COUNTS_FROM
from core.errors import InvalidInput

_ONE_FILE = "Pack one CSV, XLSX or Parquet file, or upload it unpacked."
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, struct.error, UnicodeError, ValueError)
_END_OF_ZIP = b"PK\x05\x06"
# Python's reader gives way while it unpacks these; what bzip2 or LZMA make of a few bytes comes out in one piece, however long it is.
_IN_PIECES = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_END, _LARGE_END, _LOCATOR = 22, 56, 20  # how long the records are that end an archive, and one of more than 4 GB
_BLOCK = 1 << 20


def unpacked(path: Path, folder: Path) -> Path:
    """Return the file itself: what is inside of an archive, or the path as it is if it is none.

    Args:
        path: What was uploaded.
        folder: Where to put what comes out.

    Raises:
        InvalidInput: If an archive is damaged, holds more or less than one file, or would become too much.
    """
    inside = folder / "unpacked"
    if is_gzip(path):
        with path.open("rb") as packed:
            _take(packed, inside, path.stat().st_size)
    elif is_zip(path) and not is_workbook(path):
        _unzip(path, inside)
    else:
        return path
    if is_gzip(inside) or (is_zip(inside) and not is_workbook(inside)):
        raise InvalidInput("There is an archive inside the archive.", hint=_ONE_FILE)
    return inside


def is_gzip(path: Path) -> bool:
    """Return whether a file begins as `.gz` does."""
    return _begins(path).startswith(b"\x1f\x8b")


def is_zip(path: Path) -> bool:
    """Return whether a file begins as `.zip` does, which every workbook is as well."""
    return _begins(path).startswith((b"PK\x03\x04", _END_OF_ZIP))


def is_workbook(path: Path) -> bool:
    """Return whether a `.zip` is what a workbook is made of."""
    with open_zip(path) as archive:
        return {"[Content_Types].xml", "xl/workbook.xml"} <= set(archive.namelist())


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a `.zip` whose table of contents has a sensible size.

    Raises:
        InvalidInput: If it is damaged or lists too many files.
    """
    with path.open("rb") as packed:
        check_listing(packed, MAX_ENTRIES, MAX_LISTING)
    try:
        archive = zipfile.ZipFile(path)
    except DAMAGED as error:
        raise _damaged() from error
    if len(archive.infolist()) > MAX_ENTRIES:
        archive.close()
        raise InvalidInput(f"The archive holds more than {MAX_ENTRIES:,} files.", hint=_ONE_FILE)
    try:
        check_packing(archive.infolist())
    except InvalidInput:
        archive.close()
        raise
    return archive


def check_listing(packed: IO[bytes], most: int, largest: int) -> None:
    """Refuse a `.zip` whose table of contents is too large, before Python's reader makes an object of every entry.

    Args:
        packed: The archive.
        most: How many files it may say that it holds.
        largest: How many bytes its table of contents may have: the number of files may be a lie, this is what will be read.

    Raises:
        InvalidInput: If so, or if its size is written in two ways.
    """
    begin = packed.seek(max(0, packed.seek(0, 2) - (1 << 16) - _END - _LARGE_END - _LOCATOR))
    tail = packed.read()
    plain = tail[-_END:].startswith(_END_OF_ZIP) and tail.endswith(b"\0\0")
    end = len(tail) - _END if plain else tail.rfind(_END_OF_ZIP)  # in the order in which Python's reader looks
    if end < 0 or len(tail) < end + _END:
        return  # none at all, as that reader will find as well
    files, size = struct.unpack("<HI", tail[end + 10 : end + 16])
    if tail[max(0, end - _LOCATOR) : end].startswith(b"PK\x06\x07"):
        before = max(0, end - _LOCATOR - _LARGE_END)
        large = tail[before : end - _LOCATOR]
        # Some versions of that reader look right before the locator, others where it points to.
        points_to = int.from_bytes(tail[end - 12 : end - 4], "little")
        if not large.startswith(b"PK\x06\x06") or len(large) < _LARGE_END or points_to != begin + before:
            raise _damaged()
        files, size = struct.unpack("<QQ", large[32:48])
    if files > most or size > largest:
        raise InvalidInput(f"The archive holds more than {most:,} files, or very long names.", hint=_ONE_FILE)


def check_packing(entries: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse what can't be unpacked piece by piece.

    Raises:
        InvalidInput: If there is some.
    """
    if any(entry.compress_type not in _IN_PIECES for entry in entries):
        raise InvalidInput("The archive is packed in an uncommon way.", hint="Pack it as an ordinary ZIP file (Deflate), or not at all.")


def check_growth(packed: int, size: int) -> None:
    """Refuse what is, or says it is, too big once it is unpacked.

    Raises:
        InvalidInput: If so.
    """
    if size > MAX_BYTES:
        raise InvalidInput(f"The file is larger than {MAX_BYTES >> 30} GB once it is unpacked.", hint="Split it into smaller files.")
    if size > RATIO_COUNTS_FROM and size > packed * MAX_RATIO:
        message = "The archive would become hundreds of times larger than it is; no list of people packs that well."
        raise InvalidInput(message, hint="Upload the file unpacked.")


def _begins(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)


def _unzip(path: Path, target: Path) -> None:
    with open_zip(path) as archive:
        entry = _only_file(archive)
        check_growth(min(max(entry.compress_size, 1), path.stat().st_size), entry.file_size)  # it may claim to be packed in more than all
        try:
            with archive.open(entry) as source, target.open("wb") as out:
                shutil.copyfileobj(source, out, _BLOCK)  # never reads more than the size that was just checked
        except DAMAGED as error:
            raise _damaged() from error


def _only_file(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    entries = archive.infolist()
    for entry in entries:
        name = entry.filename.replace("\\", "/")
        if ".." in PurePosixPath(name).parts or name.startswith("/") or name[1:2] == ":" or "\0" in entry.orig_filename:
            raise InvalidInput("The archive wants to write outside of its own folder.", hint=_ONE_FILE)
    files = [entry for entry in entries if not entry.is_dir() and not _left_by_a_system(entry.filename)]
    if len(files) != 1:
        raise InvalidInput(f"The archive holds {len(files):,} files; exactly one is expected.", hint=_ONE_FILE)
    if files[0].flag_bits & 1:
        raise InvalidInput("The archive is locked with a password.", hint="Pack it without one.")
    if stat.S_ISLNK(files[0].external_attr >> 16):
        raise InvalidInput("The archive holds a link instead of a file.", hint=_ONE_FILE)
    return files[0]


def _left_by_a_system(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or parts[-1:] in ((".DS_Store",), ("Thumbs.db",), ("desktop.ini",))


def _take(packed: IO[bytes], target: Path, size: int) -> None:
    written = 0
    try:
        with gzip.GzipFile(fileobj=packed) as source, target.open("wb") as out:
            while block := source.read(_BLOCK):
                written += len(block)
                check_growth(size, written)
                out.write(block)
    except DAMAGED as error:
        raise _damaged() from error


def _damaged() -> InvalidInput:
    return InvalidInput("The archive is damaged, or packed in a way that can't be read here.", hint="Pack it again as .zip or .gz.")
