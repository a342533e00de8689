"""How much text the cells of a workbook become: a cell names a text by its number, and a long one named often is a bomb.

What is counted is never less than what the reader of workbooks makes: whatever can't be told apart counts as the longest text.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import IO

from core.contacts.files.bounds import MAX_SHARED, MAX_TEXT
from core.errors import InvalidInput

_BLOCK = 1 << 20
_NAME = rb"<(?:[^<>\s:/]+:)?"
_ITEM = re.compile(_NAME + rb"si(?=[\s/>])")
_TAG = re.compile(rb"""<(?:[^<>"'!]|"[^"<>]*"|'[^'<>]*')*>""")
_CELL = re.compile(_NAME + rb"c(?=[\s/>])")
_NUMBERED = re.compile(_NAME + rb"""c(?=[\s/>])((?:[^<>"']|"[^"<>]*"|'[^'<>]*')*)>(?:""" + _NAME + rb"v>([0-9]{1,9})<)?")
_KIND = re.compile(rb"""(?<![\w:.-])t\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_OTHER_KINDS = frozenset({b"n", b"b", b"e", b"d", b"str", b"inlineStr"})


class SharedTexts:
    """The texts that cells name, by how long they are at most."""

    def __init__(self) -> None:
        self._lengths: list[int] = []
        self._named: Counter[int] = Counter()
        self._unclear, self._was_read = 0, False

    def read(self, source: IO[bytes], size: int) -> None:
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
        tags = sum(1 for _ in _TAG.finditer(text))
        if text.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in text or tags != text.count(b"<") or self._was_read:
            raise InvalidInput("This workbook can’t be read.", hint="Save it as .xlsx with your spreadsheet program, and try again.")
        self._was_read = True
        starts = [found.start() for found in _ITEM.finditer(text)]
        self._lengths += [end - start for start, end in zip(starts, [*starts[1:], len(text)], strict=False)]

    def look_at(self, cells: bytes) -> None:
        """Count the texts that some more of a sheet names; a cell that is cut off is counted as one that can't be told apart."""
        found = _NUMBERED.findall(cells)
        self._unclear += len(_CELL.findall(cells)) - len(found)
        shared = [number for attributes, number in found if _is_shared(attributes)]
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


def _is_shared(attributes: bytes) -> bool:
    if b"t" not in attributes:
        return False
    kinds = [double or single for double, single in _KIND.findall(attributes)]
    return bool(kinds) and not set(kinds) <= _OTHER_KINDS


def _too_much() -> InvalidInput:
    message = f"The texts of this workbook are more than {MAX_TEXT >> 20} MB once it is unpacked."
    return InvalidInput(message, hint="Save it as “CSV UTF-8” or Parquet; those may be any size.")
