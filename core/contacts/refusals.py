"""The refused rows of an import as a file that can be corrected and imported again."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import polars as pl

from core.contacts.attributes import MAX_TEXT
from core.contacts.reading import Sheet
from core.contacts.validating import RefusedRow
from core.formulas import unformula


def refused_csv(sheet: Sheet, refused: Sequence[RefusedRow]) -> bytes:
    """Return the refused rows as CSV: `line`, `reason`, then the file's own columns; values beyond 10,000 characters are cut."""
    rows = sheet.frame.filter(pl.col("line").is_in([row.line for row in refused]))
    texts = {line: values for line, _surplus, *values in rows.iter_rows()}
    texts |= {broken.line: [broken.text] for broken in sheet.broken}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["line", "reason", *map(unformula, sheet.columns)])
    for row in refused:
        writer.writerow([row.line, *(unformula(value[:MAX_TEXT]) for value in (row.reason, *texts[row.line]))])
    return out.getvalue().encode("utf-8-sig")
