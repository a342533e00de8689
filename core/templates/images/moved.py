"""Addresses of pictures that no reader can reach: made while the installation had no address of its own on the web yet."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.links.urls import is_public_host

# Not as a part of another address: what a proxy is told to fetch is that proxy's to find.
_ADDRESS = re.compile(
    r"(?<![/?&%\w])https?://(\[[0-9a-f:.]+\]|[\w.-]+)(?::\d{1,5})?(?:/[\w.~-]+)*?"
    r"(/i/([1-9][0-9]{0,17})/([0-9a-f]{64})\.(?:jpg|png|gif))",
    re.ASCII | re.IGNORECASE,
)

_GAP = re.compile(r"[\s\"'<>()]")
_FAR = 2_000  # characters of another address that are looked at


def is_reachable(url: str) -> bool:
    """Return whether an address may be one that readers reach: neither this machine's own nor a private network's."""
    return is_public_host(urlsplit(url).hostname or "")


@dataclass(frozen=True)
class NewAddress:
    """Where the pictures of a workspace are now.

    Args:
        public_url: What their addresses begin with; readers reach it.
        workspace_id: Whose.
        keys: The keys of those that are there; another installation's are not ours to move.
    """

    public_url: str
    workspace_id: int
    keys: Collection[str]

    def of(self, text: str) -> str:
        """Return a text with the pictures in it at their new address, where readers can't reach the one it names."""
        return _ADDRESS.sub(self._of_one, text)

    def _of_one(self, match: re.Match[str]) -> str:
        host, path, workspace, key = match.groups()
        is_ours = int(workspace) == self.workspace_id and key in self.keys
        if not is_ours or is_public_host(host.strip("[]")) or _is_asked_for(match.string, match.start()):
            return match[0]
        return self.public_url + path


def _is_asked_for(text: str, start: int) -> bool:
    """Return whether an address stands behind a `=` of another one's query; behind that of an attribute it may."""
    before = text[max(0, start - _FAR) : start]
    return before.endswith("=") and bool({"?", "&"} & set(_GAP.split(before)[-1]))
