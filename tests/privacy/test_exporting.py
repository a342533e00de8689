"""All about a person, in a file."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pyarrow as pa
import pytest

from core.audit.actions import AuditAction
from core.audit.log import AuditFilter
from core.errors import Conflict, Denied, NotFound, StorageFull
from core.events.lake_rows import ORDER
from core.permissions import ROLE_PERMISSIONS, Principal, Role
from core.privacy.due import RequestKind
from core.storage.event_schema import EVENT_SCHEMA
from core.storage.lake import Dataset
from tests.privacy.conftest import ADA, BOB, FIREFOX, NAME, SPELT, World


def exported(world: World, path: Path, email: str = ADA) -> dict[str, list[dict[str, Any]]]:
    world.services.person_exports.export(world.by, email, path)
    with ZipFile(path) as archive:
        assert archive.testzip() is None
        names = [name.removesuffix(".json") for name in archive.namelist() if name.endswith(".json")]
        found = {name: json.loads(archive.read(f"{name}.json")) for name in names}
        for name, rows in found.items():
            assert len(list(csv.reader(io.StringIO(archive.read(f"{name}.csv").decode("utf-8-sig"))))) == len(rows) + 1, name
    return found


def test_everything_about_her_is_in_it_and_nothing_about_others(world: World, tmp_path: Path) -> None:
    found = exported(world, tmp_path / "ada.zip")
    [profile] = found["profile"]
    assert (profile["email"], profile["first_name"], profile["attributes"], profile["consent"]) == (
        ADA,
        "Ada",
        {"note": "friend"},
        "unsubscribed",
    )
    assert [row["list"] for row in found["lists"]] == ["Readers"]
    assert ([row["tag"] for row in found["tags"]], [row["text"] for row in found["notes"]]) == (["Friend"], [f"Calls herself {ADA}"])
    assert len(found["former_numbers"]) == 1
    assert {row["state"] for row in found["consent"]} == {"subscribed", "unsubscribed"}
    assert {row["campaign"] for row in found["messages"]} == {"Spring", None}
    assert [row["reason"] for row in found["suppression"]] == ["manual"]
    assert {row["subject"] for row in found["single_emails"]} == {f"Your order, {ADA}"}
    assert {row["kind"] for row in found["events"]} >= {"sent", "opened"}
    assert [row["user_agent"] for row in found["events"] if row["kind"] == "opened"] == [FIREFOX]
    [refused] = found["import_rows_refused"]
    assert refused["row"]["note"] == f"write to {SPELT}"
    assert BOB not in json.dumps(found)


def test_it_says_in_words_what_it_is(small_world: World, tmp_path: Path) -> None:
    exported(small_world, tmp_path / "ada.zip", SPELT)
    words = ZipFile(tmp_path / "ada.zip").read("README.txt").decode()
    assert f"All that is kept about {ADA}" in words
    assert "consent (" in words and "Proof of consent" in words and "supervisory authority" in words
    assert (tmp_path / "ada.zip").stat().st_mode & 0o077 == 0


def test_a_spreadsheet_runs_none_of_it(small_world: World, tmp_path: Path) -> None:
    small_world.services.contacts.save(small_world.by, ADA, first_name="=1+1", attributes={"note": "@SUM(1)"})
    exported(small_world, tmp_path / "ada.zip")
    text = ZipFile(tmp_path / "ada.zip").read("profile.csv").decode("utf-8-sig")
    assert "'=1+1" in text


def test_it_is_on_record_without_the_address(small_world: World, tmp_path: Path) -> None:
    services, by = small_world.services, small_world.by
    asked = services.privacy_requests.open(by, ADA, RequestKind.ACCESS)
    services.person_exports.export(by, ADA, tmp_path / "ada.zip", request_id=asked.id)
    assert services.privacy_requests.get(by, asked.id).exported_at == small_world.clock.now()
    [entry] = services.audit.page(by, AuditFilter(actions=frozenset({AuditAction.PERSONAL_DATA_EXPORTED}))).rows
    assert entry.target == f"contact:{small_world.contact_id()}"
    assert NAME not in repr(entry)
    bobs = services.privacy_requests.open(by, BOB, RequestKind.ACCESS)
    with pytest.raises(Conflict, match="somebody else"):
        services.person_exports.export(by, ADA, tmp_path / "other.zip", request_id=bobs.id)
    assert not (tmp_path / "other.zip").exists()


def test_of_somebody_unknown_there_is_nothing(small_world: World, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="Nothing is known"):
        small_world.services.person_exports.export(small_world.by, "nobody@example.com", tmp_path / "x.zip")
    with pytest.raises(StorageFull):
        small_world.services.person_exports.export(small_world.by, ADA, tmp_path / "nowhere" / "x.zip")
    assert list(tmp_path.glob("*.zip*")) == [] and list(tmp_path.glob(".*")) == []


def test_only_who_may_look_after_privacy(small_world: World, tmp_path: Path) -> None:
    workspace_id = small_world.by.workspace_id
    for by in (
        Principal(workspace_id, "person:1", ROLE_PERMISSIONS[Role.ANALYST]),
        Principal(workspace_id, "person:1", ROLE_PERMISSIONS[Role.ADMIN], lists=frozenset({1})),
    ):
        with pytest.raises(Denied):
            small_world.services.person_exports.export(by, ADA, tmp_path / "x.zip")


def test_somebody_with_a_hundred_thousand_events(small_world: World, tmp_path: Path) -> None:
    rows, now, ada = 100_000, small_world.clock.now(), small_world.contact_id()
    columns = {name: pa.nulls(rows, EVENT_SCHEMA.field(name).type) for name in EVENT_SCHEMA.names}
    same = {"workspace_id": small_world.by.workspace_id, "kind": "opened", "contact_id": ada, "user_agent": FIREFOX}
    columns |= {name: pa.array([value] * rows, EVENT_SCHEMA.field(name).type) for name, value in same.items()}
    moments = [now - timedelta(seconds=number) for number in range(rows)]
    columns |= {name: pa.array(moments, EVENT_SCHEMA.field(name).type) for name in ("occurred_at", "received_at")}
    columns["event_id"] = pa.array(range(rows), pa.int64())
    table = pa.table(columns, schema=EVENT_SCHEMA)
    shelf = {"dataset": Dataset.EVENTS, "event_class": "engaged", "month": "2026-11", "order_by": ORDER}
    staged = small_world.services.lake.stage(table, workspace_id=small_world.by.workspace_id, **shelf)
    with small_world.services.db.transaction() as connection:
        small_world.services.lake.commit(connection, [staged])
    written = small_world.services.person_exports.export(small_world.by, ADA, tmp_path / "ada.zip")
    assert written.counts["events"] > rows
    with ZipFile(tmp_path / "ada.zip") as archive:
        assert sum(1 for _ in archive.open("events.csv")) == written.counts["events"] + 1
