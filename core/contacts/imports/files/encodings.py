"""Finding out how a text file stands for letters, and making UTF-8 with lines ending in LF of it where it is something else."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.contacts.imports.files.bounds import MAX_LINE
from core.errors import InvalidInput

_SAVE_AS = "Save it as “CSV UTF-8” (comma separated), or say which encoding it has, and try again."
_ASSUMED = "The file doesn’t say how its letters are written; it was read as {}. Look at umlauts and accents before you go on."
_BLOCK = 4 << 20
_HEAD = 1 << 16
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_CONTROL = dict.fromkeys(set(range(32)) - {9, 10, 11, 12, 13, 26, 27})


class Encoding(StrEnum):
    """How the bytes of a file stand for letters."""

    UTF_8 = "utf-8"
    UTF_16 = "utf-16"
    WINDOWS_1252 = "cp1252"
    LATIN_1 = "latin-1"
    WINDOWS_1250 = "cp1250"
    WINDOWS_1251 = "cp1251"
    MAC_ROMAN = "mac-roman"
    SHIFT_JIS = "cp932"
    GB_18030 = "gb18030"


@dataclass(frozen=True)
class Text:
    """A file that holds UTF-8.

    Args:
        path: Where it is.
        start: How many bytes stand before the text (a mark).
        encoding: How it was written originally.
        note: What a person should know about that; empty where it is sure.
    """

    path: Path
    start: int
    encoding: Encoding
    note: str = ""


def as_utf8(path: Path, encoding: Encoding | None, folder: Path) -> Text:
    """Return a file as UTF-8 whose lines end in LF (or CRLF); the file itself where it is that already.

    Args:
        path: The file.
        encoding: How to read it; None finds out. A byte order mark wins.
        folder: Where to put a rewritten one.

    Raises:
        InvalidInput: If it is no text, or not in the encoding that was said; says what to do.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    mark = next((mark for mark in _MARKS if head.startswith(mark)), b"")
    codec = _MARKS.get(mark) or _wide(head, encoding) or (encoding.value if encoding else None)
    note = ""
    if codec is None:
        codec = _found_out(path)
        note = "" if codec == "utf-8" else _ASSUMED.format({"cp1252": "Windows-1252"}.get(codec, "Latin-1"))
    elif codec == "utf-8":
        _check_utf8(path, len(mark))
    begin = head[len(mark) :].decode(codec, "replace")
    if _is_binary(begin):
        raise InvalidInput("This is not a text file.", hint="Upload a CSV, XLSX or Parquet file.")
    known = Encoding.UTF_16 if codec.startswith("utf-16") else Encoding(codec)
    ending = _line_ending(begin)
    if codec == "utf-8" and ending in {"\n", "\r\n"}:
        return Text(path, len(mark), known, note)
    return Text(_rewritten(path, len(mark), codec, ending, folder), 0, known, note)


def _wide(head: bytes, encoding: Encoding | None) -> str | None:
    """Return which UTF-16 it is: text has a zero byte beside nearly every ASCII letter."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    enough = len(head) // 8
    if encoding not in {None, Encoding.UTF_16} or (encoding is None and max(even, odd) <= max(enough, 4)):
        return None
    if encoding is None and min(even, odd) > enough:
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


def _found_out(path: Path) -> str:
    try:
        _check_utf8(path, 0)
    except InvalidInput as error:
        if not isinstance(error.__cause__, UnicodeDecodeError) or _had_letters(path):
            raise
        return "cp1252" if _decodes(path, "cp1252") else "latin-1"
    return "utf-8"


def _had_letters(path: Path) -> bool:
    """Return whether a file that isn't UTF-8 throughout has letters beyond ASCII in UTF-8: then one part of it is damaged."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            try:
                if not decoder.decode(block).isascii():
                    return True
            except UnicodeDecodeError as error:
                good = error.object[: error.start]
                return not good.isascii()
    return False


def _decodes(path: Path, codec: str) -> bool:
    try:
        return all(True for _ in _decoded(path, 0, codec))
    except InvalidInput:
        return False


def _check_utf8(path: Path, start: int) -> None:
    for _ in _decoded(path, start, "utf-8"):
        pass


def _decoded(path: Path, start: int, codec: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(codec)()
    line = 1
    with path.open("rb") as file:
        file.seek(start)
        while True:
            block = file.read(_BLOCK)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                raise _not_in(codec, error, line) from error
            if text:
                yield text
            if not block:
                return
            line += text.count("\n")


def _not_in(codec: str, error: UnicodeDecodeError, line: int) -> InvalidInput:
    if codec.startswith("utf-16"):
        return InvalidInput("The file is not whole UTF-16: it was cut off, or parts of it are something else.", hint=_SAVE_AS)
    at = line + error.object.count(b"\n", 0, error.start)
    byte = error.object[error.start]
    return InvalidInput(f"The file is not in the encoding {codec}: line {at} holds the byte 0x{byte:02X}.", hint=_SAVE_AS)


def _is_binary(begin: str) -> bool:
    control = len(begin) - len(begin.translate(_CONTROL))
    return control > max(len(begin) // 10, 64) or begin.startswith(("%PDF", "\x89PNG", "SQLite format 3"))


def _line_ending(begin: str) -> str:
    """Return how the first line ends: LF, CRLF, CR, or CRs before an LF, which a program wrote that translated CRLF once more."""
    ending = re.search(r"\r*\n|\r", re.sub(r'"[^"]*"', "", begin))
    return ending[0] if ending else "\n"


def _rewritten(path: Path, start: int, codec: str, ending: str, folder: Path) -> Path:
    target, held_back = folder / "text", ""
    with target.open("w", encoding="utf-8", newline="") as out:
        for text in _decoded(path, start, codec):
            whole = held_back + text
            ready = whole if ending == "\r" else whole.rstrip("\r")
            held_back = whole[len(ready) :]
            if len(held_back) > MAX_LINE:  # each block would be added to all of them again
                message = f"The file has more than {MAX_LINE >> 20} million line ends with nothing between them."
                raise InvalidInput(message, hint="Check that the file is a table, and that its lines end.")
            out.write(ready if ending in {"\n", "\r\n"} else ready.replace(ending, "\n"))
        out.write(held_back)
    return target
