"""The refused rows of an import as a file that can be corrected and imported again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import polars as pl

from core.contacts.attributes import MAX_TEXT
from core.contacts.imports.judging import chosen
from core.contacts.imports.staged import Staged
from core.formulas import unformula


def refused_csv(staged: Staged, refused: pl.DataFrame) -> bytes:
    """Return the refused rows as CSV: `line`, `reason`, then the file's own columns; values beyond 10,000 characters are cut.

    Args:
        staged: The file.
        refused: By line, `line` and `reason`.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["line", "reason", *map(unformula, staged.columns)])
    values, broken = _values(staged, refused), {one.line: one.text for one in staged.broken}
    for line, reason in refused.select("line", "reason").iter_rows():
        texts = [broken[line]] if line in broken else next(values)
        writer.writerow([line, *(unformula(text[:MAX_TEXT]) for text in (reason, *texts))])
    return out.getvalue().encode("utf-8-sig")


def _values(staged: Staged, refused: pl.DataFrame) -> Iterator[tuple[str, ...]]:
    keys = [staged.key(column) for column in staged.columns]
    for rows in chosen(staged, refused, ["line", *keys]):
        yield from rows.select(keys).iter_rows()
