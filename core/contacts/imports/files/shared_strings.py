"""How much text the cells of a workbook become: a cell names a text by its number, and a long one named often is a bomb.

What is counted is never less than what the reader of workbooks makes: whatever can't be told apart counts as the longest text.
"""

from __future__ import annotations

import re
from array import array
from typing import Protocol

from core.contacts.imports.files.bounds import MAX_CELLS, MAX_SHARED, MAX_TEXT
from core.contacts.imports.files.tags import PREFIX, are_plain
from core.errors import InvalidInput

_ITEM = re.compile(rb"<(" + PREFIX + rb"si)(?=[\s/>])")
_CELL = re.compile(rb"<" + PREFIX + rb"c(?=[\s/>])")
# A cell with one value and nothing else in it; whatever else there is could be another value, and the last one counts.
_NUMBERED = re.compile(
    rb"<" + PREFIX + rb"""c(?=[\s/>])((?:[^<>"']|"[^"<]*"|'[^'<]*')*)>"""
    rb"(?:\s*<(" + PREFIX + rb"v)>([0-9]{1,9})</\2\s*>\s*</" + PREFIX + rb"c\s*>)?"
)
_KIND = re.compile(rb"""(?<![\w:.-])t\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_OTHER_KINDS = frozenset({b"n", b"b", b"e", b"d", b"str", b"inlineStr"})


class Readable(Protocol):
    """A file, as far as it is needed here."""

    def read(self, size: int) -> bytes:
        """Return the next bytes, no more than so many."""


class SharedTexts:
    """The texts that cells name, by how long they are at most; they have to be read before the cells are."""

    def __init__(self) -> None:
        self._lengths, self._longest = array("Q"), 0
        self._size, self._was_read = 0, False

    def read(self, source: Readable, size: int) -> None:
        """Take in the texts.

        Args:
            source: `sharedStrings.xml`.
            size: How long it claims to be.

        Raises:
            InvalidInput: If they are too much to hold, there are two files of them, or how long they are is hidden.
        """
        if size > MAX_SHARED:
            raise _too_much()
        text = source.read(size)
        if self._was_read or not are_plain(text):
            raise _unreadable()
        self._was_read = True
        start, name = 0, b""
        for found in _ITEM.finditer(text):
            self._take(text, start, found.start(), name)
            start, name = found.start(), found[1]
        self._take(text, start, len(text), name)
        self._longest = max(self._lengths, default=0)

    def _take(self, text: bytes, start: int, end: int, name: bytes) -> None:
        """Note how long the text is that begins at a place and ends before the next one."""
        if not name:  # before the first
            return
        if not _is_whole(text, start, end, name):
            raise _unreadable()
        if len(self._lengths) >= MAX_CELLS:
            raise _too_much()
        self._lengths.append(end - start)

    def look_at(self, cells: bytes) -> None:
        """Count the texts that some more of a sheet names; a cell that is cut off is counted as one that can't be told apart.

        Raises:
            InvalidInput: If they would be too much.
        """
        if not self._longest:
            return
        found = _NUMBERED.findall(cells)
        shared = [number for attributes, _, number in found if _is_shared(attributes)]
        unclear, known = len(_CELL.findall(cells)) - len(found) + shared.count(b""), len(self._lengths)
        named = [place for number in shared if number and (place := int(number)) < known]
        self._size += unclear * self._longest + sum(map(self._lengths.__getitem__, named))
        if self._size > MAX_TEXT:
            raise _too_much()


def _is_whole(text: bytes, start: int, end: int, name: bytes) -> bool:
    """Return whether a text ends before the next one: else the reader takes both for one, and its numbers are others than ours."""
    return text.find(b"</" + name + b">", start, end) > 0 or text.find(b"/>", start, end) == text.find(b">", start, end) - 1


def _is_shared(attributes: bytes) -> bool:
    if b"t" not in attributes:
        return False
    kinds = [double or single for double, single in _KIND.findall(attributes)]
    return bool(kinds) and not set(kinds) <= _OTHER_KINDS


def _unreadable() -> InvalidInput:
    return InvalidInput("This workbook can’t be read.", hint="Save it as .xlsx with your spreadsheet program, and try again.")


def _too_much() -> InvalidInput:
    message = f"The texts of this workbook are more than {MAX_TEXT >> 20} MB once it is unpacked."
    return InvalidInput(message, hint="Save it as “CSV UTF-8” or Parquet; those may be any size.")
