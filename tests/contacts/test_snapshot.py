from __future__ import annotations

import dataclasses
import json
from datetime import date

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.contacts.consent.consent import ConsentStatus
from core.contacts.consent.evidence import Evidence
from core.contacts.tables import contact_tombstones, contacts, list_members, suppressions
from core.ids import random_name
from core.permissions import Principal
from core.settings import Settings
from core.storage.database import Database
from core.storage.lake import Dataset
from core.storage.tables import lake_files
from tests.contacts.conftest import People
from tests.support.lists import list_called

NAMES = ("ada", "bob", "eve", "sue")


def relation(
    people: People, columns: str = "id, email, domain, first_name, consent, suppressed, list_ids, created_at, attributes"
) -> list[tuple]:
    with people.engine.session(people.by.workspace_id) as session:
        people.snapshots.add_to(session, people.by.workspace_id)
        rows = session.rows(f"select {columns} from contacts order by id")
    for row in rows:
        row |= {"attributes": json.loads(row["attributes"])} if "attributes" in row else {}
    return [tuple(row.values()) for row in rows]


def truth(people: People) -> list[tuple]:
    """The same rows, read from the tables one contact at a time."""
    with people.db.read() as connection:
        mine = connection.execute(
            sa.select(contacts).where(contacts.c.workspace_id == people.by.workspace_id).order_by(contacts.c.id)
        ).all()
        stopped = set(
            connection.execute(sa.select(suppressions.c.email).where(suppressions.c.workspace_id == people.by.workspace_id)).scalars()
        )
        return [
            (
                *(row.id, row.email, row.email.partition("@")[2], row.first_name, row.consent, row.email in stopped),
                sorted(connection.execute(sa.select(list_members.c.list_id).where(list_members.c.contact_id == row.id)).scalars()),
                *(row.created_at, row.attributes),
            )
            for row in mine
        ]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("save"), st.sampled_from(NAMES), st.sampled_from(["", "A", "B"]), st.none() | st.integers(0, 3)),
        st.tuples(st.sampled_from(["delete", "withdraw", "suppress", "allow", "join", "leave"]), st.sampled_from(NAMES)),
        st.tuples(st.sampled_from(["drop_list", "refresh", "import"])),
    ),
    max_size=25,
)


def take(people: People, step: tuple) -> None:
    """Do one random thing; what can't be done at this point is passed over."""
    by, action = people.by, step[0]
    email = f"{step[1]}@example.com" if len(step) > 1 else ""
    known = people.contacts.find(by, email) if email else None
    if action == "save":
        people.contacts.save(by, email, first_name=step[2], attributes={"size": step[3]})
    elif action == "refresh":
        people.snapshots.refresh(by.workspace_id, min_changes=1)
    elif action == "import":
        people.take_in("email,size,city\nada@example.com,2,Rome\nnew@example.com,,Bonn\n")
    elif action == "drop_list":
        people.lists.delete(by, list_called(people.lists, by, "News").id)
    elif action == "suppress":
        people.suppressions.add(by, email)
    elif action == "allow" and people.suppressions.contains(by, email):
        people.suppressions.remove(by, email)
    elif known is not None:
        change_known(people, action, known.id)


def change_known(people: People, action: str, contact_id: int) -> None:
    news = list_called(people.lists, people.by, "News").id
    if action == "delete":
        people.contacts.delete(people.by, contact_id)
    elif action == "join":
        people.lists.add(people.by, news, [contact_id])
    elif action == "leave":
        people.lists.remove(people.by, news, [contact_id])
    elif action == "withdraw":
        with people.db.transaction() as connection:
            people.consent.withdraw(connection, people.by.workspace_id, [contact_id], Evidence(source="test"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_whatever_happens_the_relation_equals_the_database(people: People, clock: FrozenClock, taken: list[tuple]) -> None:
    fresh = Principal.system(Workspaces(people.db, clock).create(random_name()).id)
    in_fresh = dataclasses.replace(people, by=fresh)
    for step in taken:
        take(in_fresh, step)
    assert relation(in_fresh) == truth(in_fresh)


def test_each_change_after_a_snapshot_is_seen_at_once(people: People) -> None:
    news = people.lists.create(people.by, "News")
    ids = {name: people.contacts.save(people.by, f"{name}@example.com", list_ids=[news.id]).id for name in NAMES}
    assert people.snapshots.refresh(people.by.workspace_id, min_changes=1)
    people.contacts.delete(people.by, ids["ada"])
    people.suppressions.add(people.by, "bob@example.com")
    people.lists.remove(people.by, news.id, [ids["eve"]])
    people.contacts.save(people.by, "sue@example.com", consent=ConsentStatus.UNSUBSCRIBED)
    assert relation(people, "id, suppressed, list_ids, consent") == [
        (ids["bob"], True, [news.id], "subscribed"),
        (ids["eve"], False, [], "subscribed"),
        (ids["sue"], False, [news.id], "unsubscribed"),
    ]
    people.lists.delete(people.by, news.id)
    assert {tuple(row[0]) for row in relation(people, "list_ids")} == {()}


@pytest.mark.parametrize("with_snapshot", [False, True])
def test_declared_attributes_are_typed_columns(people: People, with_snapshot: bool) -> None:
    given = {"age": 36, "share": 0.5, "vip": True, "born": date(1815, 12, 10), "zip": "007"}
    people.contacts.save(people.by, "ada@example.com", attributes=given)
    people.contacts.save(people.by, "bob@example.com")
    if with_snapshot:
        people.snapshots.refresh(people.by.workspace_id, min_changes=1)
        people.contacts.save(people.by, "eve@example.com", attributes={"later": "x"})
    found = relation(people, "attr_age, attr_share, attr_vip, attr_born, attr_zip")
    assert found[:2] == [(36.0, 0.5, True, date(1815, 12, 10), "007"), (None,) * 5]
    with people.engine.session(people.by.workspace_id) as session:
        people.snapshots.add_to(session, people.by.workspace_id)
        kinds = {row["column_name"]: row["column_type"] for row in session.rows("describe contacts")}
    assert [kinds[f"attr_{name}"] for name in given] == ["DOUBLE", "DOUBLE", "BOOLEAN", "DATE", "VARCHAR"]
    assert (kinds["id"], kinds["list_ids"], kinds["created_at"]) == ("BIGINT", "BIGINT[]", "TIMESTAMP WITH TIME ZONE")
    if with_snapshot:
        assert relation(people, "attr_later") == [(None,), (None,), ("x",)]


def test_a_workspace_without_contacts_has_an_empty_relation(people: People) -> None:
    assert relation(people) == []
    assert not people.snapshots.refresh(people.by.workspace_id, min_changes=1)


def test_a_snapshot_is_written_only_when_enough_changed_and_replaces_the_old_one(people: People, db: Database) -> None:
    workspace_id = people.by.workspace_id
    people.take_in("email\n" + "".join(f"p{number}@example.com\n" for number in range(20)))
    assert not people.snapshots.refresh(workspace_id)
    assert not people.snapshots.refresh(workspace_id, min_changes=21)
    assert people.snapshots.refresh(workspace_id, min_changes=20)
    assert not people.snapshots.refresh(workspace_id, min_changes=1)
    people.contacts.save(people.by, "new@example.com")
    assert people.snapshots.refresh(workspace_id, min_changes=1)
    with db.read() as connection:
        live = sa.select(sa.func.count()).select_from(lake_files)
        wanted = live.where(lake_files.c.dataset == Dataset.CONTACTS.value, lake_files.c.dead_at.is_(None))
        assert connection.execute(wanted).scalar() == 1
    assert len(relation(people, "id")) == 21


def test_deletions_are_remembered_until_no_snapshot_in_use_needs_them(people: People, db: Database) -> None:
    ids = [people.contacts.save(people.by, f"{name}@example.com").id for name in NAMES]
    workspace_id = people.by.workspace_id
    people.snapshots.refresh(workspace_id, min_changes=1)
    people.contacts.delete(people.by, ids[0])

    def remembered() -> list[int]:
        with db.read() as connection:
            return list(connection.execute(sa.select(contact_tombstones.c.contact_id)).scalars())

    people.snapshots.refresh(workspace_id, min_changes=1)
    assert remembered() == [ids[0]]
    people.contacts.delete(people.by, ids[1])
    people.snapshots.refresh(workspace_id, min_changes=1)
    assert remembered() == [ids[1]]
    assert [row[0] for row in relation(people, "id")] == ids[2:]


def test_somebody_deleted_leaves_the_snapshot_with_the_next_look(people: People, db: Database, settings: Settings) -> None:
    ids = [people.contacts.save(people.by, f"{name}@example.com").id for name in NAMES]
    workspace_id = people.by.workspace_id
    people.contacts.delete(people.by, ids[0])
    assert not people.snapshots.refresh(workspace_id)  # there is no file to be in yet
    people.snapshots.refresh(workspace_id, min_changes=1)
    people.contacts.delete(people.by, ids[1])
    assert people.snapshots.refresh(workspace_id)
    assert not people.snapshots.refresh(workspace_id)
    live = sa.select(lake_files.c.path).where(lake_files.c.dataset == Dataset.CONTACTS.value, lake_files.c.dead_at.is_(None))
    with db.read() as connection:
        path = connection.execute(live).scalar_one()
    assert pq.read_table(settings.lake_dir / path)["id"].to_pylist() == ids[2:]
    for contact_id in ids[2:]:
        people.contacts.delete(people.by, contact_id)
    assert people.snapshots.refresh(workspace_id)
    assert relation(people) == []


def test_another_workspace_is_not_in_the_relation(people: People, clock: FrozenClock) -> None:
    people.contacts.save(people.by, "ada@example.com")
    people.snapshots.refresh(people.by.workspace_id, min_changes=1)
    other = dataclasses.replace(people, by=Principal.system(Workspaces(people.db, clock).create("Other").id))
    assert relation(other) == []
