"""Many rows on standard output: JSON lines or CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from core.cli.answers import to_json
from core.formulas import unformula


class LineFormat(StrEnum):
    """How rows are written as text."""

    JSONL = "jsonl"
    CSV = "csv"


def lines(rows: Iterable[Mapping[str, Any]], form: LineFormat, columns: list[str]) -> Iterator[str]:
    """Yield each row as one line, for CSV with a heading first.

    Args:
        rows: The rows; other keys than `columns` are left out.
        form: JSON lines or CSV.
        columns: Which fields, in order.
    """
    if form is LineFormat.JSONL:
        for row in rows:
            yield to_json({column: row.get(column) for column in columns}) + "\n"
        return
    yield _csv_line(columns)
    for row in rows:
        yield _csv_line([_cell(row.get(column)) for column in columns])


def _csv_line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return unformula(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
