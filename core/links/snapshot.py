"""Where links lead, in a file beside the journal: what a receiver goes by that is started while the database is down."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson

from core.ids import random_name

_log = logging.getLogger(__name__)
_HEAD = b"postwright links 1 "

Rows = Mapping[int, tuple[str, bool]]


class LinkSnapshot:
    """A file that is replaced as a whole, so a reader sees the old one or the new one; several processes may write it.

    Args:
        path: The file; its folder is made if missing. Only its owner may read it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_failing = False

    def read(self) -> dict[int, tuple[str, bool]]:
        """Return the rows by id: the URL and whether the token is added; nothing where there is no file, or a damaged one."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            _log.warning("the snapshot of links can't be read: %s", error.strerror)
            return {}
        head, _, body = content.partition(b"\n")
        if head != _HEAD + _digest(body):
            _log.warning("the snapshot of links is damaged and not used")
            return {}
        return {number: (url, append_token) for number, url, append_token in orjson.loads(body)}

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let only one process at a time read, add and write.

        Raises:
            OSError: If the folder can't be written.
        """
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path.with_suffix(".lock"), os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def write(self, rows: Rows, *, add: bool) -> bool:
        """Write the rows and return whether that worked; a failure is logged once, and redirects go on without it.

        Args:
            rows: What is known.
            add: Whether rows of the file that are not known here stay in it: another process may have learnt them.
        """
        try:
            with self.writing():
                merged = {**self.read(), **rows} if add else rows
                self._replace([[number, url, append_token] for number, (url, append_token) in merged.items()])
        except OSError as error:
            if not self._is_failing:
                _log.warning("the snapshot of links can't be written: %s", error.strerror)
            self._is_failing = True
            return False
        self._is_failing = False
        return True

    def _replace(self, rows: Iterable[list[object]]) -> None:
        body = orjson.dumps(list(rows))
        temporary = self._path.with_name(f".{self._path.name}.{random_name()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_HEAD + _digest(body) + b"\n" + body)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
        except OSError:
            with suppress(OSError):
                temporary.unlink()
            raise


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).hexdigest().encode()
