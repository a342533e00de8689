"""Values that a spreadsheet would run as a formula, made harmless (CWE-1236) in a way that our import takes back."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

# The wide forms begin a formula in East Asian editions.
RUNS = r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_RUNS = re.compile(RUNS)


def unformula(value: str) -> str:
    """Return text that a spreadsheet shows and does not run: an apostrophe goes before what begins like a formula.

    A value that already begins with apostrophes before such a character gets one more, so that taking one off (the import
    does) gives back exactly what there was.
    """
    return f"'{value}" if _RUNS.match(value) else value


def csv_lines(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as lines of a CSV (RFC 4180), every value harmless."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([unformula(value) for value in row] for row in rows)
    return out.getvalue()
