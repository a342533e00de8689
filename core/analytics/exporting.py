"""Reports and events as files that other programs read."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Any, BinaryIO

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from core.analytics.metrics import METRICS, RATES
from core.analytics.models import CampaignReport, Totals
from core.analytics.progress import PARTS
from core.formulas import unformula
from core.storage.event_schema import EVENT_SCHEMA

REPORT_COLUMNS = ("section", "name", "metric", "value")


class EventFormat(StrEnum):
    """How events are written."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


def report_csv(report: CampaignReport) -> str:
    """Return a report as one tidy table, a number a line: section, name, metric, value."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(REPORT_COLUMNS)
    lines.writerows([_cell(value) for value in row] for row in _report_rows(report))
    return text.getvalue()


def rows_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows with the same keys as CSV that no spreadsheet runs; the keys are its first line."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow([_cell(name) for name in (rows[0] if rows else ())])
    lines.writerows([_cell(value) for value in row.values()] for row in rows)
    return text.getvalue()


def write_events(batches: Iterable[pa.RecordBatch], format: EventFormat, out: BinaryIO) -> int:
    """Write events to a file and return how many; what is held in memory is one batch.

    Args:
        batches: Events with the columns of `EVENT_SCHEMA`.
        format: JSON lines (times as ISO 8601, empty fields left out), CSV that no spreadsheet runs, or Parquet.
        out: An open binary file.
    """
    return _WRITERS[EventFormat(format)](batches, out)


def _report_rows(report: CampaignReport) -> Iterator[tuple[Any, ...]]:
    yield from (("totals", "", key, value) for key, value in _totals(report.totals))
    yield from (("revenue", money.currency, "amount", money.amount) for money in report.totals.revenues)
    for point in report.hourly:
        yield from (("hour", point.hour.isoformat(), key, value) for key, value in asdict(point).items() if key != "hour")
    for link in report.links:
        yield from (("link", link.url, key, value) for key, value in asdict(link).items() if key != "url")
    for arm in report.arms:
        yield from (("arm", arm.key, key, value) for key, value in asdict(arm).items() if key not in {"key", "clicks_compared"})


def _totals(totals: Totals) -> Iterator[tuple[str, Any]]:
    for key in ("recipients", *PARTS, *(metric.key for metric in METRICS), *(rate.key for rate in RATES)):
        yield key, getattr(totals, key)


def _cell(value: Any) -> Any:
    """Return a value as a cell; only text can be a formula, a negative number is one."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    return unformula(value) if isinstance(value, str) else value


def _write_jsonl(batches: Iterable[pa.RecordBatch], out: BinaryIO) -> int:
    rows = 0
    for batch in batches:
        filled = ({name: value for name, value in row.items() if value is not None} for row in batch.to_pylist())
        out.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z) for row in filled)
        rows += batch.num_rows
    return rows


def _write_csv(batches: Iterable[pa.RecordBatch], out: BinaryIO) -> int:
    rows = 0
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(EVENT_SCHEMA.names)
    for batch in batches:
        lines.writerows([_cell(value) for value in row.values()] for row in batch.to_pylist())
        rows += batch.num_rows
    text.detach()
    return rows


def _write_parquet(batches: Iterable[pa.RecordBatch], out: BinaryIO) -> int:
    rows = 0
    with closing(pq.ParquetWriter(out, EVENT_SCHEMA, compression="zstd")) as file:
        for batch in batches:
            file.write_batch(batch.cast(EVENT_SCHEMA))
            rows += batch.num_rows
    return rows


_WRITERS: dict[EventFormat, Callable[[Iterable[pa.RecordBatch], BinaryIO], int]] = {
    EventFormat.JSONL: _write_jsonl,
    EventFormat.CSV: _write_csv,
    EventFormat.PARQUET: _write_parquet,
}
