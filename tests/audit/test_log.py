"""Reading the log: who may, which entries, in which order, and as a file that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.accounts.people import People
from core.audit.actions import AuditAction, actions_called
from core.audit.log import AuditFilter, AuditLog
from core.audit.recording import record
from core.clock import FrozenClock
from core.contacts.lists import Lists
from core.errors import Denied, InvalidInput
from core.permissions import ROLE_PERMISSIONS, Principal, Role
from core.storage.database import Database
from tests.audit.conftest import Write, without_triggers
from tests.conftest import NOON


def test_only_who_may_see_it_reads_it(log: AuditLog, ada: Principal) -> None:
    marketer = Principal(1, "person:2", ROLE_PERMISSIONS[Role.MARKETER], person_id=2)
    for read in (log.page, log.actors, log.stream_csv, log.check):
        with pytest.raises(Denied, match=r"audit\.view"):
            read(marketer)
    assert log.page(ada).rows == []
    limited = replace(ada, lists=frozenset({7}))
    for read in (log.page, log.actors, log.stream_csv, log.check):
        with pytest.raises(Denied, match="lists you may see"):
            read(limited)


def test_pages_follow_each_other_without_a_hole_while_the_log_grows(log: AuditLog, write: Write, ada: Principal) -> None:
    write(ada, 7)
    write(Principal.system(2), 3)
    first = log.page(ada, limit=3)
    write(ada)
    second = log.page(ada, before=first.before, limit=3)
    last = log.page(ada, before=second.before, limit=3)
    assert [[row.sequence for row in page.rows] for page in (first, second, last)] == [[7, 6, 5], [4, 3, 2], [1]]
    assert last.before is None


def test_filters_narrow_it_down(log: AuditLog, write: Write, ada: Principal, clock: FrozenClock) -> None:
    bob = Principal.system(1, "person:2")
    write(ada, 2)
    write(bob, 1, AuditAction.CAMPAIGN_LAUNCHED, "campaign:3")
    write(bob, 1, AuditAction.LIST_DELETED, "list:9")

    def found(**wanted: object) -> list[int]:
        return [row.sequence for row in log.page(ada, AuditFilter(**wanted)).rows]  # type: ignore[arg-type]

    assert found(actor="person:2") == [4, 3]
    assert found(actions=actions_called("list")) == [4, 2, 1]
    assert found(target="campaign:3") == [3]
    assert found(since=NOON + timedelta(seconds=1), until=NOON + timedelta(seconds=3)) == [3, 2]
    assert found(actor="person:1", target="campaign:3") == []
    with pytest.raises(InvalidInput, match="zone"):
        AuditFilter(since=NOON.replace(tzinfo=None))


def test_names_are_those_of_now_and_none_is_stored(log: AuditLog, db: Database, clock: FrozenClock, workspace: Principal) -> None:
    people, lists = People(db, clock, rounds=4), Lists(db, clock)
    grace = people.add(workspace, "grace@example.com", "Grace Hopper", "correct horse battery", Role.ADMIN)
    by = people.principal(grace.id, workspace.workspace_id)
    made = lists.create(by, "Readers")
    lists.rename(by, made.id, "Friends")
    assert [(row.actor_name, row.target_name) for row in log.page(by).rows[:2]] == [("Grace Hopper", "Friends")] * 2
    assert {actor.name for actor in log.actors(by)} == {"Grace Hopper", "Postwright"}
    with db.read() as connection:
        assert "Grace" not in repr(connection.execute(sa.text("select * from audit_log")).all())
    lists.delete(by, made.id)
    assert log.page(by).rows[0].target_name == ""
    assert log.page(by).rows[0].before == {"name": "Friends", "people": 0}


def test_a_list_of_the_same_number_in_another_workspace_gives_no_name(
    log: AuditLog, db: Database, clock: FrozenClock, workspace: Principal, write: Write
) -> None:
    theirs = Lists(db, clock).create(workspace, "Secret")
    other = Principal.system(workspace.workspace_id + 1, "person:5")
    write(other, 1, AuditAction.LIST_DELETED, f"list:{theirs.id}")
    assert [row.target_name for row in log.page(other).rows] == [""]


def test_everybody_who_did_something_is_listed_once(log: AuditLog, write: Write, ada: Principal) -> None:
    write(ada, 3)
    write(Principal.system(1, "cli"), 2)
    write(Principal.system(2, "person:9"), 1)
    assert [(actor.label, actor.name) for actor in log.actors(ada)] == [("cli", "Command line"), ("person:1", "person:1")]


def test_a_csv_holds_all_that_was_asked_for_and_is_on_record_itself(log: AuditLog, write: Write, ada: Principal) -> None:
    write(ada, 3)
    write(ada, 1, AuditAction.CAMPAIGN_LAUNCHED, "campaign:3")
    text = "".join(log.stream_csv(ada, AuditFilter(actions=actions_called("list"))))
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["sequence"] for row in rows] == ["3", "2", "1"]
    assert (rows[0]["actor"], rows[0]["action"], rows[0]["target"]) == ("person:1", "list.renamed", "list:7")
    newest = log.page(ada).rows[0]
    assert (newest.action, newest.target) == (AuditAction.AUDIT_EXPORTED, "workspace:1")
    assert "list.renamed" in newest.after["filters"]["actions"]


def test_no_cell_of_a_csv_is_a_formula(log: AuditLog, db: Database, clock: FrozenClock) -> None:
    by = Principal(1, "=cmd()", frozenset(ROLE_PERMISSIONS[Role.ADMIN]), via="+1", origin="@x")
    with db.transaction() as connection:
        record(connection, clock.now(), by, AuditAction.LIST_CREATED, "-2", after={"name": "=HYPERLINK()"})
    cells = [cell for row in csv.reader(io.StringIO("".join(log.stream_csv(by)), newline="")) for cell in row]
    assert "'=cmd()" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_what_somebody_broke_is_shown_as_it_is(log: AuditLog, db: Database, write: Write, ada: Principal) -> None:
    write(ada)
    without_triggers(db)
    with db.transaction() as connection:
        connection.execute(sa.text("update audit_log set before = 'nonsense', after = '[1]', action = 'from.later'"))
    (row,) = log.page(ada).rows
    assert (row.before, row.after, row.action) == ({"unreadable": "nonsense"}, {"unreadable": "[1]"}, "from.later")
    assert not log.check(ada).is_whole
