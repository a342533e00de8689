"""What leaves the house can be read by others, and no spreadsheet runs it."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from core.analytics.exporting import EventFormat, report_csv, rows_csv, write_events
from core.analytics.metrics import METRICS, RATES
from core.analytics.models import Totals
from core.analytics.reports import Analytics
from core.clock import FrozenClock
from core.errors import InvalidInput
from core.links.registry import Links
from core.permissions import Principal
from core.storage.database import Database
from core.storage.event_schema import EVENT_SCHEMA
from tests.analytics.conftest import Put
from tests.analytics.happenings import event, sent
from tests.conftest import NOON


def test_a_report_is_one_table_with_a_number_a_line(
    analytics: Analytics, workspace: Principal, put: Put, sqlite_db: Database, clock: FrozenClock
) -> None:
    with sqlite_db.transaction() as connection:
        Links(sqlite_db, clock).register(connection, workspace.workspace_id, 1, ["https://a.example"], append_token=False)
    put(*sent(1, 2), event("opened", 1), event("converted", 1, value=9.5, currency="EUR"))
    rows = list(csv.DictReader(io.StringIO(report_csv(analytics.campaign_report(workspace, 1)))))
    told = {(row["section"], row["name"], row["metric"]): row["value"] for row in rows}
    assert told["totals", "", "sent"] == "2"
    assert told["totals", "", "open_rate"] == "0.5"
    assert told["totals", "", "click_to_open"] == "0.0"
    assert told["revenue", "EUR", "amount"] == "9.5"
    assert told["hour", "2026-11-22T12:00:00+00:00", "opens"] == "1"
    assert told["link", "https://a.example", "clicks"] == "0"


def test_every_metric_of_the_catalogue_is_a_number_of_a_report() -> None:
    assert {known.key for known in (*METRICS, *RATES)} <= vars(Totals()).keys()
    for known in (*METRICS, *RATES):
        assert known.label and known.help.endswith(".")


HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1"]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_is_a_formula(analytics: Analytics, workspace: Principal, put: Put, text: str) -> None:
    put(*sent(1), event("clicked", 1, link_id=5, url=text, user_agent=text, value=-3.5))
    out = io.BytesIO()
    write_events(analytics.event_rows(workspace, kind="clicked"), EventFormat.CSV, out)
    row = next(csv.DictReader(io.StringIO(out.getvalue().decode(), newline="")))
    assert (row["url"], row["user_agent"], row["value"]) == (f"'{text}", f"'{text}", "-3.5")
    assert f"link,{text}" not in report_csv(analytics.campaign_report(workspace, 1))


def test_events_come_in_order_of_time_and_only_those_asked_for(analytics: Analytics, workspace: Principal, put: Put) -> None:
    put(event("opened", 2, minutes=5), *sent(1, 2), event("opened", 1, minutes=1), *sent(3, campaign_id=2))

    def kinds(**asked: object) -> list[tuple[str, int]]:
        batches = analytics.event_rows(workspace, **asked)  # type: ignore[arg-type]
        return [(row["kind"], row["contact_id"]) for batch in batches for row in batch.to_pylist()]

    assert kinds(kind="opened") == [("opened", 1), ("opened", 2)]
    assert kinds(campaign_id=2) == [("sent", 3)]
    assert kinds(since=NOON + timedelta(minutes=2)) == [("opened", 2)]
    assert len(kinds()) == 5
    assert kinds(campaign_id=9) == []


def test_json_lines_leave_out_what_is_not_known(analytics: Analytics, workspace: Principal, put: Put) -> None:
    put(event("opened", 1, client="Thunderbird “é”"))
    out = io.BytesIO()
    assert write_events(analytics.event_rows(workspace), EventFormat.JSONL, out) == 1
    row = json.loads(out.getvalue())
    assert row["occurred_at"] == "2026-11-22T12:00:00Z"
    assert (row["kind"], row["client"]) == ("opened", "Thunderbird “é”")
    assert "url" not in row


@pytest.mark.parametrize("number", [0, 3])
def test_parquet_has_the_columns_of_the_lake(analytics: Analytics, workspace: Principal, put: Put, number: int) -> None:
    put(*sent(1, 2, 3))
    out = io.BytesIO()
    assert write_events(analytics.event_rows(workspace, campaign_id=1 if number else 9), EventFormat.PARQUET, out) == number
    table = pq.read_table(io.BytesIO(out.getvalue()))
    assert (table.schema, table.num_rows) == (EVENT_SCHEMA, number)


def test_csv_of_nothing_has_its_heading(analytics: Analytics, workspace: Principal) -> None:
    out = io.BytesIO()
    write_events(analytics.event_rows(workspace), EventFormat.CSV, out)
    assert out.getvalue().decode() == ",".join(EVENT_SCHEMA.names) + "\r\n"


def test_a_kind_that_does_not_exist_is_refused_at_once(analytics: Analytics, workspace: Principal) -> None:
    with pytest.raises(InvalidInput, match="Kinds: queued, sent"):
        analytics.event_rows(workspace, kind="' or 1=1 --")


def test_a_time_without_a_zone_is_refused_at_once(analytics: Analytics, workspace: Principal) -> None:
    with pytest.raises(InvalidInput, match="has no zone"):
        analytics.event_rows(workspace, since=NOON.replace(tzinfo=None))


def test_a_chart_s_rows_as_csv_cannot_be_run_by_a_spreadsheet() -> None:
    rows = [{"Day": "2026-11-22", "Opens": 5, "=1+1": "=cmd()"}, {"Day": "2026-11-23", "Opens": None, "=1+1": "-3"}]
    assert rows_csv(rows).splitlines() == ["Day,Opens,'=1+1", "2026-11-22,5,'=cmd()", "2026-11-23,,'-3"]
    assert rows_csv([]) == "\r\n"
