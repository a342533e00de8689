"""How much text the cells of a workbook become: a cell names a text by its number, and a long one named often is a bomb.

What is counted is never less than what the reader of workbooks makes: whatever can't be told apart counts as the longest text.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from typing import Protocol

from core.contacts.files.bounds import MAX_SHARED, MAX_TEXT
from core.contacts.files.tags import PREFIX, are_plain
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
    """The texts that cells name, by how long they are at most."""

    def __init__(self) -> None:
        self._lengths: list[int] = []
        self._named: Counter[int] = Counter()
        self._unclear, self._was_read = 0, False

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
        items = [(found.start(), found[1]) for found in _ITEM.finditer(text)]
        ends = [*(start for start, _ in items[1:]), len(text)]
        if self._was_read or not are_plain(text) or not all(map(partial(_is_whole, text), items, ends)):
            raise InvalidInput("This workbook can’t be read.", hint="Save it as .xlsx with your spreadsheet program, and try again.")
        self._was_read = True
        self._lengths += [end - start for (start, _), end in zip(items, ends, strict=False)]

    def look_at(self, cells: bytes) -> None:
        """Count the texts that some more of a sheet names; a cell that is cut off is counted as one that can't be told apart."""
        found = _NUMBERED.findall(cells)
        self._unclear += len(_CELL.findall(cells)) - len(found)
        shared = [number for attributes, _, number in found if _is_shared(attributes)]
        self._unclear += shared.count(b"")
        self._named.update(int(number) for number in shared if number)

    def check(self) -> None:
        """Refuse cells whose texts would be too much.

        Raises:
            InvalidInput: If so.
        """
        known = len(self._lengths)
        size = sum(self._lengths[number] * times for number, times in self._named.items() if number < known)
        if size + self._unclear * max(self._lengths, default=0) > MAX_TEXT:
            raise _too_much()


def _is_whole(text: bytes, item: tuple[int, bytes], end: int) -> bool:
    """Return whether a text ends before the next one: else the reader takes both for one, and its numbers are others than ours."""
    start, name = item
    return text.find(b"</" + name + b">", start, end) > 0 or text.find(b"/>", start, end) == text.find(b">", start, end) - 1


def _is_shared(attributes: bytes) -> bool:
    if b"t" not in attributes:
        return False
    kinds = [double or single for double, single in _KIND.findall(attributes)]
    return bool(kinds) and not set(kinds) <= _OTHER_KINDS


def _too_much() -> InvalidInput:
    message = f"The texts of this workbook are more than {MAX_TEXT >> 20} MB once it is unpacked."
    return InvalidInput(message, hint="Save it as “CSV UTF-8” or Parquet; those may be any size.")
