"""Keep emails as files: `<folder>/<workspace>/<key>.eml`, each one whole and on the disk before it counts as accepted."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Sequence
from pathlib import Path

from core.errors import InvalidInput, Unavailable
from core.ids import random_name
from core.providers.base import Idempotence, Outcome, OutgoingMessage, SendResult, Trouble
from core.providers.mime import to_bytes
from core.providers.progress import UNNOTED, Progress
from core.storage.database import chunked
from core.storage.syncing import sync

BATCH_SIZE = 500
# Synced together and then closed: many systems allow a process 1,024 open files, and several campaigns may be sent at once.
_OPEN_FILES = 64
_TOO_MANY_FILES = (errno.EMFILE, errno.ENFILE)
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class OutboxProvider:
    """Writes messages below a folder; the same key is the same file, so sending again changes nothing.

    Args:
        folder: The outbox folder; made when first needed.
    """

    kind = "outbox"
    batch_size = BATCH_SIZE
    idempotence = Idempotence.ALWAYS
    tells_progress = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, messages: Sequence[OutgoingMessage], progress: Progress = UNNOTED) -> list[SendResult]:
        """Write messages, sync them together, then give them their names; a full disk makes them wait."""
        return [result for group in chunked(messages, _OPEN_FILES) for result in self._send_together(group)]

    def _send_together(self, messages: Sequence[OutgoingMessage]) -> list[SendResult]:
        results: list[SendResult] = []
        written: list[_Written] = []
        for message in messages:
            kept = self._write(message)
            if isinstance(kept, SendResult):
                results.append(kept)
            else:
                written.append(kept)
        return results + _publish(written)

    def check(self) -> None:
        """Do nothing if the folder can be written.

        Raises:
            Unavailable: If not.
        """
        probe = self._folder / f".check-{random_name()}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"ok")
            probe.unlink()
        except OSError as error:
            raise Unavailable("The outbox folder can't be written.", hint="Free some disk space or correct its permissions.") from error

    def close(self) -> None:
        """Nothing is held open."""

    def _write(self, message: OutgoingMessage) -> _Written | SendResult:
        try:
            path, data = self._path(message), to_bytes(message, allows_utf8=True)
        except InvalidInput as error:
            return SendResult(message.message_id, Outcome.REFUSED, str(error))
        if path.exists():
            return SendResult(message.message_id, Outcome.ACCEPTED, provider_message_id=message.key)
        try:
            return _Written(message, path, data)
        except OSError as error:
            return _cannot_write(message, error)

    def _path(self, message: OutgoingMessage) -> Path:
        if not _KEY.fullmatch(message.key):
            raise InvalidInput("The message has a key that can't be the name of a file.")
        return self._folder / str(message.workspace_id) / f"{message.key}.eml"


class _Written:
    """A message under a temporary name, not yet synced."""

    def __init__(self, message: OutgoingMessage, path: Path, data: bytes) -> None:
        self.message, self.path = message, path
        self.temporary = path.with_name(f".{message.key}.{random_name()}")
        self.descriptor = self._open()
        try:
            with memoryview(data) as view:
                done = 0
                while done < len(data):
                    done += os.write(self.descriptor, view[done:])
        except OSError:
            self.discard()
            raise

    def discard(self) -> None:
        """Close the file and remove it."""
        os.close(self.descriptor)
        self.temporary.unlink(missing_ok=True)

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            return os.open(self.temporary, flags, 0o600)
        except FileNotFoundError:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self.temporary, flags, 0o600)


def _publish(written: Sequence[_Written]) -> list[SendResult]:
    """Sync and rename; the order (file, name, folder) makes a file under its final name whole after any crash."""
    for file in written if hasattr(os, "posix_fadvise") else ():
        # Starts the writing of all files before the first fsync waits: one disk commit then serves the whole batch.
        os.posix_fadvise(file.descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    results = [_publish_one(file) for file in written]
    for folder in {file.path.parent for file in written}:
        try:
            sync(folder)
        except OSError as error:
            # The names may not survive a power cut. Sending again writes the same files: waiting is safe.
            return [_cannot_write(file.message, error) for file in written]
    return results


def _publish_one(file: _Written) -> SendResult:
    try:
        os.fsync(file.descriptor)
        file.temporary.rename(file.path)
    except OSError as error:
        file.discard()
        return _cannot_write(file.message, error)
    os.close(file.descriptor)
    return SendResult(file.message.message_id, Outcome.ACCEPTED, provider_message_id=file.message.key)


def _cannot_write(message: OutgoingMessage, error: OSError) -> SendResult:
    advice = "close other programs or raise the limit of open files" if error.errno in _TOO_MANY_FILES else "free some disk space"
    reason = f"The outbox folder can't be written ({error.strerror}); {advice}."
    return SendResult(message.message_id, Outcome.RETRY, reason, attempted=False, trouble=Trouble.CONNECTION)
