"""ZIP files of templates: a few files in memory, never written to a path that a file names."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping

from core.errors import InvalidInput

MOST_FILES, LARGEST, LARGEST_IN_ALL = 201, 15_000_000, 60_000_000
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1
# Begins what the end of a ZIP says of each file.
_ENTRY = b"PK\x01\x02"
_AGAIN = "Export the template again."


def packed(files: Mapping[str, bytes]) -> bytes:
    """Return a ZIP, the same for the same files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED if name.endswith(".json") else zipfile.ZIP_STORED
            archive.writestr(info, data)
    return made.getvalue()


def unpacked(data: bytes) -> dict[str, bytes]:
    """Return what is in a ZIP.

    Raises:
        InvalidInput: If it is none, holds too much, or a name in it leads elsewhere.
    """
    # Reading a million names takes long. More than there may be, for a picture may hold such bytes by chance.
    if data.count(_ENTRY) > 2 * MOST_FILES:
        raise _too_much()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            _check(infos)
            return {info.filename: _bytes(archive, info) for info in infos}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise InvalidInput("This ZIP file is damaged.", hint=_AGAIN) from error


def _check(infos: list[zipfile.ZipInfo]) -> None:
    names = [info.filename for info in infos]
    if len(infos) > MOST_FILES or sum(info.file_size for info in infos) > LARGEST_IN_ALL:
        raise _too_much()
    if len(set(names)) < len(names) or any(_leads_elsewhere(name) for name in names):
        raise InvalidInput("This ZIP file holds names that no exported template has.", hint=_AGAIN)
    if any(info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS for info in infos):
        raise InvalidInput("This ZIP file is encrypted, or packed in a way that is not supported.", hint=_AGAIN)


def _leads_elsewhere(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ":" in name or any(part in {"", ".", ".."} for part in name.split("/"))


def _bytes(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    # What a file says about its size is not believed: only so much is unpacked.
    with archive.open(info) as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise _too_much()
    return data


def _too_much() -> InvalidInput:
    return InvalidInput("There is too much in this ZIP file.", hint=_AGAIN)
