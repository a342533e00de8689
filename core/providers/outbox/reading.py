"""Read the outbox like a mailbox: newest first, a page at a time, one email with its parts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from core.errors import NotFound
from core.permissions import Permission, Principal

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SUFFIX = ".eml"
_HEAD_BYTES = 16_384
_TO = re.compile(rb"(?mi)^to:(.*)$")
_PARSER = BytesParser(policy=policy.default)


@dataclass(frozen=True)
class OutboxRow:
    """One email in the list.

    Args:
        key: The message key; names the email.
        to: The recipient.
        sender: The From value.
        subject: The subject.
        at: When it was written.
        size: Its size in bytes.
    """

    key: str
    to: str
    sender: str
    subject: str
    at: datetime
    size: int


@dataclass(frozen=True)
class OutboxPage:
    """Some rows, and how many there are altogether."""

    rows: list[OutboxRow]
    total: int


@dataclass(frozen=True)
class StoredMail:
    """One email, taken apart.

    Args:
        row: What the list shows of it.
        headers: Every header in order, decoded.
        html: The HTML part.
        text: The plain-text part.
        raw: The bytes as they were written.
    """

    row: OutboxRow
    headers: list[tuple[str, str]]
    html: str
    text: str
    raw: bytes


class Outbox:
    """The mailbox of everything the outbox provider kept.

    Args:
        root: The outbox folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def page(self, by: Principal, *, limit: int = 50, offset: int = 0, recipient: str = "") -> OutboxPage:
        """Return emails of this workspace, newest first.

        Args:
            by: Who asks.
            limit: How many rows at most.
            offset: How many to pass over.
            recipient: Only emails to addresses that contain this; empty for all.

        Raises:
            Denied: If `by` may not read the outbox, or is limited to some lists: it holds everybody's mail.
        """
        by.require(Permission.OUTBOX_VIEW)
        by.require_all_lists()  # files do not know which lists their reader is on
        entries = sorted(self._entries(by.workspace_id), reverse=True)
        if recipient:
            wanted = recipient.lower().encode()
            entries = [entry for entry in entries if self._is_to(by.workspace_id, entry[1], wanted)]
        rows = [self._row(by.workspace_id, key, at, size) for at, key, size in entries[offset : offset + limit]]
        return OutboxPage(rows, len(entries))

    def show(self, by: Principal, key: str) -> StoredMail:
        """Return one email with its headers and parts.

        Raises:
            Denied: If `by` may not read the outbox, or is limited to some lists.
            NotFound: If this workspace's outbox has no such email.
        """
        by.require(Permission.OUTBOX_VIEW)
        by.require_all_lists()  # files do not know which lists their reader is on
        path = self._path(by.workspace_id, key)
        try:
            raw, status = path.read_bytes(), path.stat()
        except FileNotFoundError as error:
            raise NotFound("This email is not in the outbox.") from error
        mail = _parse(raw)
        headers = [(name, str(value)) for name, value in mail.items()]
        row = _row_of(mail, key, status.st_mtime_ns, status.st_size)
        return StoredMail(row, headers, _content(mail, "html"), _content(mail, "plain"), raw)

    def _entries(self, workspace_id: int) -> Iterator[tuple[int, str, int]]:
        """Yield (time in ns, key, bytes); only the folder is read, no file is opened."""
        try:
            listing = os.scandir(self._root / str(workspace_id))
        except FileNotFoundError:
            return
        with listing:
            for entry in listing:
                if entry.name.endswith(_SUFFIX) and not entry.name.startswith("."):
                    status = entry.stat()
                    yield status.st_mtime_ns, entry.name.removesuffix(_SUFFIX), status.st_size

    def _is_to(self, workspace_id: int, key: str, wanted: bytes) -> bool:
        """Return whether an email's To line contains this, without parsing the email."""
        with self._path(workspace_id, key).open("rb") as file:
            found = _TO.search(file.read(_HEAD_BYTES))
        return found is not None and wanted in found[1].lower()

    def _row(self, workspace_id: int, key: str, at: int, size: int) -> OutboxRow:
        with self._path(workspace_id, key).open("rb") as file:
            head = file.read(_HEAD_BYTES).partition(b"\r\n\r\n")[0]
        return _row_of(_parse(head + b"\r\n\r\n"), key, at, size)

    def _path(self, workspace_id: int, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise NotFound("This email is not in the outbox.")
        return self._root / str(workspace_id) / f"{key}{_SUFFIX}"


def _parse(raw: bytes) -> EmailMessage:
    return _PARSER.parsebytes(raw)


def _row_of(mail: EmailMessage, key: str, at: int, size: int) -> OutboxRow:
    moment = datetime.fromtimestamp(at / 1e9, UTC)
    return OutboxRow(key, str(mail["To"] or ""), str(mail["From"] or ""), str(mail["Subject"] or ""), moment, size)


def _content(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""
