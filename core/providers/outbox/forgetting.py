"""Deleting somebody's emails from the outbox."""

from __future__ import annotations

from email import policy
from email.parser import BytesHeaderParser
from pathlib import Path

_HEAD_BYTES = 65_536
_PARSER = BytesHeaderParser(policy=policy.default)
_TO = ("to", "cc", "bcc", "delivered-to", "x-original-to")


def forget(root: Path, workspace_id: int, address: str) -> int:
    """Delete the emails to an address and return how many there were.

    Args:
        root: The outbox folder.
        workspace_id: Whose outbox.
        address: The address in its one spelling.
    """
    count = 0
    for path in (root / str(workspace_id)).glob("*.eml"):
        if _is_to(path, address):
            path.unlink(missing_ok=True)
            count += 1
    return count


def _is_to(path: Path, address: str) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES).partition(b"\r\n\r\n")[0]
    except FileNotFoundError:
        return False
    parsed = _PARSER.parsebytes(head + b"\r\n\r\n")
    return any(address in str(value).lower() for name in _TO for value in parsed.get_all(name, []))
