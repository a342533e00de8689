"""Blobs: files of any kind, named by their content, so that the same file is kept once and never changes."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from core.errors import NotFound, StorageFull
from core.ids import random_name


class Blobs:
    """A folder per workspace, a file per content.

    Args:
        root: The folder of all blobs.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, workspace_id: int, data: bytes) -> str:
        """Keep bytes and return their key; putting the same bytes again returns the same key.

        Raises:
            StorageFull: If the disk is full; nothing was kept.
        """
        key = self.key_of(data)
        path = self._path(workspace_id, key)
        if path.exists():
            return key
        temporary = path.with_name(f".{random_name()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(path)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink()
            raise StorageFull("The file could not be kept.", hint="Free some disk space and try again.") from error
        return key

    @staticmethod
    def key_of(data: bytes) -> str:
        """Return the key that bytes have, or would have."""
        return hashlib.sha256(data).hexdigest()

    def get(self, workspace_id: int, key: str) -> bytes:
        """Return the bytes of a key.

        Raises:
            NotFound: If this workspace has no such blob.
        """
        try:
            return self._path(workspace_id, key).read_bytes()
        except FileNotFoundError as error:
            raise NotFound("This file is not there any more.") from error

    def has(self, workspace_id: int, key: str) -> bool:
        """Return whether this workspace has the blob of a key."""
        return self._path(workspace_id, key).is_file()

    def delete(self, workspace_id: int, key: str) -> None:
        """Delete a blob; nothing happens where there is none. Whoever calls this has looked that nobody names it any more."""
        self._path(workspace_id, key).unlink(missing_ok=True)

    def _path(self, workspace_id: int, key: str) -> Path:
        if len(key) != 64 or not key.isalnum():
            raise NotFound("This is not the key of a file.")
        return self.root / str(workspace_id) / key[:2] / key
