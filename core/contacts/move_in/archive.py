"""An export of another tool as files on the disk: the one that was uploaded, or the CSV files in a ZIP archive of them.

They are unpacked within bounds and read by the readers of all imports, each once somebody wants its rows.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath

from core.contacts.imports.files.staging import heading, stage
from core.contacts.imports.files.unpacking import DAMAGED, check_listing, check_packing, is_zip, unpacked
from core.contacts.imports.staged import Staged
from core.errors import InvalidInput, StorageFull

MAX_FILES = 20_000
MAX_BYTES = 1 << 30
_MAX_LISTING = 8 << 20
_MOST_PACKED = 200  # text packs to a tenth; what packs to less than this is made to fill a disk
_SMALL, _BLOCK = 1 << 20, 1 << 20
_UNREADABLE = "One of these files can't be read."
_BESIDE = ("__MACOSX/", "._")  # what a Mac puts into an archive beside each file, under the same name
_AGAIN = "Download the export again and leave its files as they are."


class Part:
    """One file of an export.

    Args:
        path: Its name, with its folder in the archive.
        file: Where it is.
        folder: A private folder for what is made of it.
        staged: Its rows, where they are laid out already.
    """

    def __init__(self, path: str, file: Path, folder: Path, staged: Staged | None = None) -> None:
        self.path, self.file, self.room = path, file, folder
        self._staged = staged

    @property
    def name(self) -> str:
        """Its name without the folder."""
        return PurePosixPath(self.path).name

    @property
    def folder(self) -> str:
        """The folder it is in, "" for none."""
        return str(PurePosixPath(self.path).parent).removeprefix(".")

    @cached_property
    def columns(self) -> list[str]:
        """The names in its heading; none where it has no heading that can be read."""
        return [] if isinstance(self._heading, InvalidInput) else self._heading

    @cached_property
    def _heading(self) -> list[str] | InvalidInput:
        if self._staged is not None:
            return self._staged.columns
        try:
            return heading(self.file, self.room)
        except InvalidInput as error:
            return error

    def check(self) -> None:
        """See to it that it is known what the file is: who is in one that is damaged may have said no there.

        Raises:
            InvalidInput: If something stands in it that can't be read.
        """
        if isinstance(self._heading, InvalidInput) and not _is_blank(self.file):
            raise InvalidInput(_UNREADABLE, hint=f"{self.name}: {self._heading} {_AGAIN}") from self._heading

    @cached_property
    def staged(self) -> Staged:
        """Its rows.

        Raises:
            InvalidInput: If it can't be read whole: a row that can't be told apart may be somebody's no.
            StorageFull: If there is no room for it.
        """
        if self._staged is not None:
            return self._staged
        found = stage(self.file, self.name, None, self.room, may_be_empty=True)
        if found.broken:
            hint = f"The quotation marks of the row on line {found.broken[0].line} don’t match. Correct them, or download the export again."
            raise InvalidInput(_UNREADABLE, hint=hint)
        return found

    def rows(self) -> Iterator[dict[str, str]]:
        """Yield its rows by column.

        Raises:
            InvalidInput: If it can't be read whole.
        """
        keys = [self.staged.key(column) for column in self.staged.columns]
        for some in self.staged.slices(keys):
            for values in some.iter_rows():
                yield dict(zip(self.staged.columns, values, strict=True))


def parts(source: Path | bytes, file_name: str, folder: Path) -> list[Part]:
    """Return the files of an export, each in a folder of its own.

    Args:
        source: What was uploaded, or its bytes.
        file_name: What it is called.
        folder: A private folder for this export alone; the caller removes it.

    Raises:
        InvalidInput: If an archive can't be read, is encrypted, or unpacks to far more than it should.
        StorageFull: If there is no room for it.
    """
    try:
        if isinstance(source, bytes):
            (folder / "upload").write_bytes(source)
            source = folder / "upload"
        if not is_zip(source):
            room = _room(folder, 0)
            return [Part(file_name, unpacked(source, room), room)] if source.stat().st_size else []
    except OSError as error:
        raise StorageFull("There is no room to read the file.", hint="Free some disk space and try again.") from error
    try:
        with source.open("rb") as packed:
            check_listing(packed, MAX_FILES, _MAX_LISTING)
        with zipfile.ZipFile(source) as archive:
            files = [info for info in archive.infolist() if not info.is_dir() and _is_csv(info.filename)]
            _check(files, source.stat().st_size)
            check_packing(files)
            return [_unpacked(archive, info, _room(folder, number)) for number, info in enumerate(files) if info.file_size]
    except DAMAGED as error:
        raise InvalidInput("The archive can't be read.", hint="Download it again, or unpack it and import its files.") from error


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, room: Path) -> Part:
    target = room / "file"
    with archive.open(info) as packed, target.open("wb") as out:
        shutil.copyfileobj(packed, out, _BLOCK)  # never more than the size it claims, which was added up
    return Part(info.filename, target, room)


def _is_csv(path: str) -> bool:
    return path.lower().endswith(".csv") and not path.startswith(_BESIDE[0]) and not PurePosixPath(path).name.startswith(_BESIDE[1])


def _is_blank(file: Path) -> bool:
    with file.open("rb") as opened:
        return not opened.read(_SMALL).strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")


def _room(folder: Path, number: int) -> Path:
    room = folder / str(number)
    room.mkdir()
    return room


def _check(files: list[zipfile.ZipInfo], whole: int) -> None:
    size = sum(info.file_size for info in files)
    packed = min(sum(info.compress_size for info in files), whole)  # each may claim what it likes, or what another one claims
    if len(files) > MAX_FILES or size > MAX_BYTES or (size > _SMALL and size > packed * _MOST_PACKED):
        raise InvalidInput("The archive unpacks to more than can be read at once.", hint="Unpack it and import its files one by one.")
