"""The folder of an import that is going on: its file, laid out, and what its worker and whoever watches tell each other.

It is in files, not in the database: the worker's transaction is open until all is written, so nobody would see what it says in there,
and SQLite lets nobody else write meanwhile. The lock is the kernel's (flock): it ends with its process, however that ends, so what
a killed one left can be taken up at once.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from core.contacts.imports.files.tables import Broken
from core.contacts.imports.staged import Staged, kept
from core.errors import StorageFull
from core.ids import random_name

_ROWS, _FILE, _LOCK, _CANCEL, _PROGRESS = "rows.parquet", "file.json", "lock", "cancel", "progress"


@dataclass(frozen=True)
class Step:
    """How far an import is: what is being done, and how many rows of how many that is through with."""

    stage: str = ""
    done: int = 0
    total: int = 0


class ImportFolder:
    """The folder of one import.

    Args:
        path: Where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def make(cls, root: Path, lay: Callable[[ImportFolder], None]) -> ImportFolder:
        """Return a new folder with what `lay` puts into it.

        Raises:
            StorageFull: If the disk is full; nothing is left.
        """
        folder = cls(root / random_name())
        try:
            folder.path.mkdir(mode=0o700, parents=True)
            lay(folder)
        except OSError as error:
            folder.remove()
            raise StorageFull("The file could not be kept.", hint="Free some disk space and try again.") from error
        except BaseException:
            folder.remove()
            raise
        return folder

    def hold(self, staged: Staged) -> None:
        """Take over a file that is laid out."""
        rows = kept(staged, self.path / _ROWS).rows
        broken = [[one.line, one.text] for one in staged.broken]
        (self.path / _FILE).write_bytes(orjson.dumps({"columns": staged.columns, "rows": rows, "broken": broken}))

    def staged(self) -> Staged | None:
        """Return the file that `hold` took over, or None if it is not there any more."""
        try:
            held = orjson.loads((self.path / _FILE).read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return None
        broken = [Broken(line, text) for line, text in held["broken"]]
        return Staged(held["columns"], self.path / _ROWS, held["rows"], broken) if (self.path / _ROWS).is_file() else None

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Be the one who works on it; yield whether we are, which ends with the process at the latest."""
        try:
            descriptor = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:  # the folder is gone, and with it the work
            yield True
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            yield False
            return
        try:
            yield True
        finally:
            os.close(descriptor)

    def tell(self, step: Step) -> None:
        """Say how far it is."""
        beside = self.path / f".{_PROGRESS}"
        with suppress(OSError):  # only words: a full disk must not end the import here
            beside.write_bytes(orjson.dumps([step.stage, step.done, step.total]))
            beside.rename(self.path / _PROGRESS)

    def progress(self) -> Step:
        """Return how far it is, as far as was said."""
        try:
            return Step(*orjson.loads((self.path / _PROGRESS).read_bytes()))
        except (OSError, orjson.JSONDecodeError):
            return Step()

    def ask_to_stop(self) -> None:
        """Ask whoever works on it to leave it."""
        with suppress(OSError):
            (self.path / _CANCEL).touch()

    @property
    def is_to_stop(self) -> bool:
        """Whether somebody asked for that."""
        return (self.path / _CANCEL).exists()

    def remove(self) -> None:
        """Delete it."""
        shutil.rmtree(self.path, ignore_errors=True)
