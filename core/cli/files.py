"""Files named on the command line: read and written with plain words when that fails."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from core.errors import InvalidInput, NotFound, StorageFull


def check(path: Path) -> None:
    """Refuse a path at which no file can be read.

    Raises:
        NotFound: If there is no such file.
        InvalidInput: If it can't be read.
    """
    try:
        path.open("rb").close()
    except FileNotFoundError as error:
        raise NotFound(f"There is no file “{path}”.", hint="Check the path.") from error
    except OSError as error:
        raise InvalidInput(
            f"The file “{path}” can't be read: {error.strerror}.", hint="Check that it is a file and who may read it."
        ) from error


def read(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        NotFound: If there is no such file.
        InvalidInput: If it can't be read.
    """
    check(path)
    return path.read_bytes()


def read_text(path: Path) -> str:
    """Return a file's text.

    Raises:
        NotFound: If there is no such file.
        InvalidInput: If it can't be read or is not UTF-8.
    """
    try:
        return read(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"The file “{path}” is not UTF-8 text.", hint="Save it as UTF-8 and try again.") from error


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """Yield a file to write, which afterwards is there whole or, after a failure, not at all.

    Raises:
        StorageFull: If it can't be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            yield file
        temporary.rename(path)
    except OSError as error:
        raise StorageFull(f"The file “{path}” can't be written: {error.strerror}.", hint="Choose another place.") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_csv(path: Path, pieces: Iterable[str]) -> int:
    """Write the pieces of a CSV file and return how many rows it has below the heading.

    Raises:
        StorageFull: If it can't be written; nothing is left of it.
    """
    with whole(path) as file:
        file.writelines(piece.encode() for piece in pieces)
    with path.open(encoding="utf-8", newline="") as written:
        return sum(1 for _ in csv.reader(written)) - 1
