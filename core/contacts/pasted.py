"""Addresses somebody pastes or brings in a file: one a line, or the first column of a CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.contacts.addresses import normalise
from core.errors import InvalidInput

MOST = 100_000
_LONGEST = 20_000_000
_SHOWN = 100


@dataclass(frozen=True)
class Pasted:
    """What became of pasted addresses.

    Args:
        addresses: Those that can be used, each once, in their one spelling.
        refused: The first of the others: the line and why; no more of what stood there.
        refused_count: How many others there were.
        added: How many of the addresses were new.
    """

    addresses: tuple[str, ...]
    refused: tuple[tuple[int, str], ...]
    refused_count: int
    added: int = 0

    def counted(self, added: int) -> Pasted:
        """Return the same with how many were new."""
        return replace(self, added=added)


def read_pasted(text: str) -> Pasted:
    """Return the addresses of a text; a heading is passed over.

    Raises:
        InvalidInput: If there are too many, or none.
    """
    if len(text) > _LONGEST:
        raise InvalidInput("The list is too large.", hint=f"Bring at most {MOST:,} addresses at once.")
    found: dict[str, None] = {}
    refused: list[tuple[int, str]] = []
    for number, given in enumerate(_first_column(text.lstrip("\ufeff").splitlines()), start=1):
        if not given or (number == 1 and "@" not in given):
            continue
        try:
            found[normalise(given.removeprefix("'"), allows_utf8=True)] = None
        except InvalidInput as error:
            refused.append((number, error.message))
    if not found and not refused:
        raise InvalidInput("There is no address in it.", hint="Write one address on each line.")
    if len(found) > MOST:
        raise InvalidInput(f"These are more than {MOST:,} addresses.", hint="Bring them in several parts.")
    return Pasted(tuple(found), tuple(refused[:_SHOWN]), len(refused))


def _first_column(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        if '"' not in line:
            yield line.replace(";", ",").replace("\t", ",").partition(",")[0].strip()
            continue
        try:
            row = next(csv.reader([line]), [])
        except csv.Error:
            row = [line]
        yield row[0].strip() if row else ""
