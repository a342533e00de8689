"""A form with one file, as browsers and `curl -F` send it: the file is taken out of it while it arrives, and nothing is kept in memory."""

from __future__ import annotations

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from core.api.problems import Refusal

_LONGEST_HEADERS = 8 * 1024
_HINT = "Send one file and nothing else, as `curl -F file=@lake.jpg` does; everything else belongs in the address."


class FormWithFile:
    """Takes the one file out of a `multipart/form-data` body, piece by piece.

    Args:
        content_type: The header with the boundary.

    Raises:
        Refusal: If there is no boundary.
    """

    def __init__(self, content_type: str) -> None:
        _, options = parse_options_header(content_type)
        self.file_name = ""
        self._found: list[bytes] = []
        self._name, self._value, self._headers = bytearray(), bytearray(), 0
        self._files, self._is_file, self._is_over = 0, False, False
        callbacks = {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header(self._name, data[start:end]),
            "on_header_value": lambda data, start, end: self._header(self._value, data[start:end]),
            "on_header_end": self._header_is_over,
            "on_headers_finished": self._headers_are_over,
            "on_part_data": lambda data, start, end: self._found.append(data[start:end]),
            "on_end": self._end,
        }
        try:
            self._parser = MultipartParser(options.get(b"boundary", b""), callbacks)  # type: ignore[arg-type]
        except FormParserError as error:
            raise _unreadable() from error
        if b"boundary" not in options:
            raise _unreadable()

    def feed(self, chunk: bytes) -> bytes:
        """Return what of the file is in the next piece of the body.

        Raises:
            Refusal: If it can't be read, or holds something else than one file.
        """
        self._found.clear()
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _unreadable() from error
        return b"".join(self._found)

    def close(self) -> None:
        """Look whether the form is there whole.

        Raises:
            Refusal: If it ends too soon, or has no file.
        """
        if not self._is_over or not self._files:
            raise _unreadable()

    def _begin(self) -> None:
        self._headers, self._is_file = 0, False

    def _header(self, place: bytearray, data: bytes) -> None:
        self._headers += len(data)
        if self._headers > _LONGEST_HEADERS:
            raise _unreadable()
        place += data

    def _header_is_over(self) -> None:
        if self._name.lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._value))
            self._is_file = b"filename" in options
            self.file_name = options.get(b"filename", b"").decode("utf-8", "replace")
        self._name.clear()
        self._value.clear()

    def _headers_are_over(self) -> None:
        self._files += self._is_file
        if not self._is_file or self._files > 1:
            raise Refusal("invalid", "The form holds something else than one file.", hint=_HINT)

    def _end(self) -> None:
        self._is_over = True


def _unreadable() -> Refusal:
    return Refusal("malformed", "The form can’t be read: it is not whole, or it is no form.", hint=_HINT)
