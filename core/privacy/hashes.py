"""Whom requests and erasures are about, as keyed hashes, and texts without their addresses."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from urllib.parse import quote, unquote

from core.contacts.addresses import comparable
from core.contacts.keyed_hashes import KeyedHashes

# Whatever can be an address in words, a line of a mail server, or a link. What stands before the @ may begin at any of the signs that
# an address may hold and that words and links put before one (`o'brien@…`, `?email=ada@…`): each is tried.
ADDRESS = re.compile(r"([^\s<>@,;:\"()\[\]]{1,200})(@|%40)([\w.-]+\w)", re.IGNORECASE)
_BEGINS = re.compile(r"(?<=['/?&=%{|}`!#$*^~])")
GONE = "…"
_PURPOSE = b"postwright-privc"


class SubjectHashes(KeyedHashes):
    """Recognises the people that requests and erasures are about, in whatever spelling.

    Args:
        key: The installation's secret key.
        previous: Secret keys of before.
    """

    def __init__(self, key: bytes, previous: Sequence[bytes] = ()) -> None:
        super().__init__(_PURPOSE, key, previous)

    def all(self, workspace_id: int, address: str) -> list[str]:
        """Return all hashes an address may be kept under, that of now first."""
        return super().all(workspace_id, comparable(address))

    def is_one(self, workspace_id: int, email: str, known: Collection[str]) -> bool:
        """Return whether an address is one of those whose hashes are known."""
        return any(each in known for each in self.all(workspace_id, email))

    def without(self, workspace_id: int, text: str, known: Collection[str]) -> str:
        """Return a text without those addresses whose hashes are known; capitals and how links write them make no difference."""
        return ADDRESS.sub(lambda found: self._left_of(workspace_id, found, known), text)

    def _left_of(self, workspace_id: int, found: re.Match[str], known: Collection[str]) -> str:
        local, at, domain = found.groups()
        for start in (0, *(begin.start() for begin in _BEGINS.finditer(local))):
            written = f"{local[start:]}{at}{domain}"
            if any(self.is_one(workspace_id, spelt, known) for spelt in {written, unquote(written)} if "@" in spelt):
                return f"{local[:start]}{GONE}"
        return found[0]


def spellings(email: str) -> tuple[str, ...]:
    """Return how an address may stand in words and in links, in small letters."""
    return tuple(dict.fromkeys((email, email.replace("@", "%40"), quote(email, safe="").lower())))


def without_address(text: str, email: str) -> str:
    """Return a text without an address, however it is written."""
    return re.sub("|".join(map(re.escape, spellings(email))), GONE, text, flags=re.IGNORECASE)
