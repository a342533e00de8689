"""A lake file counts once committed, is pruned by its ranges, and goes only after the grace period."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from core.clock import FrozenClock
from core.errors import StorageFull
from core.permissions import Principal
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine
from core.storage.event_schema import EVENT_SCHEMA
from core.storage.lake import GRACE_PERIOD, Dataset, Lake, StagedFile
from tests.conftest import NOON


@pytest.fixture
def lake(tmp_path: Path, db: Database, clock: FrozenClock) -> Lake:
    return Lake(tmp_path / "lake", db, clock)


def events(workspace_id: int, *campaigns: int | None, at: timedelta = timedelta()) -> pa.Table:
    empty = dict.fromkeys(EVENT_SCHEMA.names)
    rows = [
        empty | {"event_id": n, "workspace_id": workspace_id, "kind": "clicked", "occurred_at": NOON + at, "campaign_id": campaign}
        for n, campaign in enumerate(campaigns)
    ]
    return pa.Table.from_pylist(rows, schema=EVENT_SCHEMA)


def stage(lake: Lake, by: Principal, table: pa.Table) -> StagedFile:
    return lake.stage(
        table, workspace_id=by.workspace_id, dataset=Dataset.EVENTS, event_class="engaged", month="2026-11", order_by=("kind",)
    )


def test_a_staged_file_does_not_count_until_committed(lake: Lake, db: Database, workspace: Principal) -> None:
    staged = stage(lake, workspace, events(workspace.workspace_id, 1))
    engine = AnalyticsEngine(lake, db)
    with engine.session(workspace.workspace_id) as session:
        assert session.value("select count(*) from events") == 0
    with db.transaction() as connection:
        lake.commit(connection, [staged])
    with engine.session(workspace.workspace_id) as session:
        assert session.value("select count(*) from events") == 1


def test_the_manifest_prunes_by_campaign_and_time(lake: Lake, db: Database, workspace: Principal) -> None:
    old = stage(lake, workspace, events(workspace.workspace_id, 1, 2, at=-timedelta(days=9)))
    new = stage(lake, workspace, events(workspace.workspace_id, 3))
    unknown = stage(lake, workspace, events(workspace.workspace_id, None))
    with db.transaction() as connection:
        lake.commit(connection, [old, new, unknown])
    with db.read() as connection:

        def rows(**where: object) -> int:
            return sum(file.rows for file in lake.files(connection, workspace.workspace_id, Dataset.EVENTS, **where))  # type: ignore[arg-type]

        assert rows() == 4
        assert rows(campaign_id=3) == 2, "a file with rows of no campaign is never pruned"
        assert rows(since=NOON - timedelta(days=1)) == 2
        assert rows(until=NOON) == 2


def test_another_workspace_sees_nothing(lake: Lake, db: Database, workspace: Principal) -> None:
    with db.transaction() as connection:
        lake.commit(connection, [stage(lake, workspace, events(workspace.workspace_id, 1))])
    with AnalyticsEngine(lake, db).session(workspace.workspace_id + 1) as session:
        assert session.value("select count(*) from events") == 0


def test_a_replaced_file_stays_readable_for_the_grace_period(lake: Lake, db: Database, clock: FrozenClock, workspace: Principal) -> None:
    with db.transaction() as connection:
        lake.commit(connection, [stage(lake, workspace, events(workspace.workspace_id, 1))])
    with db.read() as connection:
        first = lake.files(connection, workspace.workspace_id, Dataset.EVENTS)[0]
    with db.transaction() as connection:
        lake.commit(connection, [stage(lake, workspace, events(workspace.workspace_id, 1))], replaced=[first.id])
    lake.sweep()
    assert first.path.exists()
    clock.advance(GRACE_PERIOD + timedelta(seconds=1))
    lake.sweep()
    assert not first.path.exists()
    with db.read() as connection:
        (live,) = lake.files(connection, workspace.workspace_id, Dataset.EVENTS)
    assert live.path.exists()


def test_a_file_no_commit_followed_is_swept_away(lake: Lake, clock: FrozenClock, workspace: Principal, tmp_path: Path) -> None:
    stage(lake, workspace, events(workspace.workspace_id, 1))
    clock.advance(timedelta(days=36500))  # its age is told by the file's own time
    assert lake.sweep() == 1
    assert not list((tmp_path / "lake").rglob("*.parquet"))


def test_what_the_lake_did_not_write_is_never_swept(lake: Lake, clock: FrozenClock, tmp_path: Path) -> None:
    strangers = [
        tmp_path / "lake" / name for name in ("report.pdf", "sub/thesis.docx", "workspace=1/notes.txt", "workspace=1/events/mine.parquet")
    ]
    for path in strangers:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("not ours")
    clock.advance(timedelta(days=36500))
    assert lake.sweep() == 0
    assert all(path.exists() for path in strangers)


def test_a_lake_that_cannot_be_written_says_so(db: Database, clock: FrozenClock, workspace: Principal, tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("a file where the folder should be")
    with pytest.raises(StorageFull, match="stay in the journal"):
        stage(Lake(tmp_path / "lake", db, clock), workspace, events(workspace.workspace_id, 1))
