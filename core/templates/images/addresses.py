"""Where pictures are: the path of their address, and the file behind it. The receiver reads this, so nothing heavy is needed here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif"}
_TYPES = {ending: media_type for media_type, ending in ENDINGS.items()}
# A file is what its bytes say, never only what its address says.
_BEGINNINGS = {"image/jpeg": (b"\xff\xd8\xff",), "image/png": (b"\x89PNG\r\n\x1a\n",), "image/gif": (b"GIF87a", b"GIF89a")}
_PATH = re.compile(r"/i/([1-9][0-9]{0,17})/([0-9a-f]{64})\.(jpg|png|gif)", re.ASCII)


@dataclass(frozen=True)
class PictureFile:
    """A picture as the receiver serves it.

    Args:
        path: The file.
        key: The SHA-256 of its bytes.
        media_type: What it has to be.
    """

    path: Path
    key: str
    media_type: str

    def begins_with(self, data: bytes) -> bool:
        """Return whether a file that begins like this is what it has to be."""
        return begins_as(self.media_type, data)


def begins_as(media_type: str, data: bytes) -> bool:
    """Return whether bytes begin as a picture of a type does."""
    return data.startswith(_BEGINNINGS[media_type])


def path_of(workspace_id: int, key: str, media_type: str) -> str:
    """Return the path of a picture's address."""
    return f"/i/{workspace_id}/{key}.{ENDINGS[media_type]}"


def file_at(folder: Path, path: str) -> PictureFile | None:
    """Return the file that an address names, or None where no picture can be there.

    Args:
        folder: Of all pictures and of nothing else.
        path: Of the address; anything.
    """
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    workspace, key, ending = match.groups()
    return PictureFile(folder / workspace / key[:2] / key, key, _TYPES[ending])
