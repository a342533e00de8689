from dataclasses import replace

import pytest

from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.contacts.tagging import MAX_NAME, tag_in
from core.contacts.tags import Tags
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import Principal
from tests.conftest import NOON
from tests.contacts.conftest import People, on_sqlite


@pytest.fixture
def tags(people: People, clock: FrozenClock) -> Tags:
    return Tags(people.db, clock)


def some(people: People, count: int = 3) -> list[int]:
    return [people.contacts.save(people.by, f"p{number}@example.com").id for number in range(count)]


def test_a_tag_is_one_in_any_spelling_and_shown_as_it_was_first_written(people: People, tags: Tags) -> None:
    ids = some(people)
    assert tags.add(people.by, ids[:2], " Big  spender ") == 2
    assert tags.add(people.by, ids, "BIG SPENDER") == 1
    assert [(one.name, one.size) for one in tags.all(people.by)] == [("Big spender", 3)]
    assert [one.name for one in tags.of(people.by, ids[0])] == ["Big spender"]


def test_many_tags_are_put_on_many_at_once_by_an_import(people: People, tags: Tags) -> None:
    ids = some(people)
    with people.db.transaction() as connection:
        assert tag_in(connection, people.by.workspace_id, [*ids, 999_999], ["VIP", "vip", "New"], NOON) == 6
        assert tag_in(connection, people.by.workspace_id, ids, ["vip"], NOON) == 0
        assert tag_in(connection, people.by.workspace_id, ids, [], NOON) == 0
    assert [(one.name, one.size) for one in tags.all(people.by)] == [("New", 3), ("VIP", 3)]


def test_a_tag_can_be_made_renamed_and_deleted(people: People, tags: Tags) -> None:
    ids = some(people)
    vip = tags.create(people.by, "VIP")
    with pytest.raises(Conflict):
        tags.create(people.by, "vip")
    other = tags.create(people.by, "New")
    with pytest.raises(Conflict):
        tags.rename(people.by, other.id, "Vip")
    assert tags.rename(people.by, vip.id, "vip").name == "vip"
    tags.add(people.by, ids, "vip")
    assert tags.remove(people.by, [ids[0], 999_999], vip.id) == 1
    assert tags.remove(people.by, [ids[0]], vip.id) == 0
    tags.delete(people.by, vip.id)
    assert [one.name for one in tags.all(people.by)] == ["New"]
    assert tags.of(people.by, ids[1]) == []
    with pytest.raises(NotFound):
        tags.delete(people.by, vip.id)
    assert tags.create(people.by, "vip").id > vip.id


@on_sqlite
@pytest.mark.parametrize("name", ["", "  ", "x" * (MAX_NAME + 1), "a,b", "a\0b"])
def test_what_can_be_no_tag_is_refused(people: People, tags: Tags, name: str) -> None:
    with pytest.raises(InvalidInput):
        tags.add(people.by, some(people, 1), name)


def test_tags_stay_in_their_workspace(people: People, tags: Tags, clock: FrozenClock) -> None:
    other = Principal.system(Workspaces(people.db, clock).create("Other").id)
    ids = some(people)
    vip = tags.create(people.by, "VIP")
    assert tags.add(other, ids, "VIP") == 0
    assert [one.size for one in tags.all(other)] == [0]
    for act in (lambda: tags.rename(other, vip.id, "X"), lambda: tags.delete(other, vip.id), lambda: tags.remove(other, ids, vip.id)):
        with pytest.raises(NotFound):
            act()


def test_whoever_is_limited_to_lists_tags_the_people_on_them_with_what_there_is(people: People, tags: Tags) -> None:
    ids = some(people)
    mine = people.lists.create(people.by, "Mine")
    people.lists.add(people.by, mine.id, ids[:1])
    limited = replace(people.by, lists=frozenset({mine.id}))
    with pytest.raises(Denied):
        tags.add(limited, ids, "VIP")
    vip = tags.create(people.by, "VIP")
    tags.add(people.by, ids[1:], "VIP")
    assert tags.add(limited, ids, "VIP") == 1
    assert [one.size for one in tags.all(limited)] == [1]
    assert [one.size for one in tags.all(people.by)] == [3]
    assert tags.of(limited, ids[1]) == []
    assert tags.remove(limited, ids, vip.id) == 1
    with pytest.raises(Denied):
        tags.delete(limited, vip.id)


def test_a_snapshot_follows_tags_and_tags_leave_with_their_person(people: People, tags: Tags) -> None:
    ids = some(people)
    people.snapshots.refresh(people.by.workspace_id, min_changes=1)
    tags.add(people.by, ids[:2], "VIP")
    people.contacts.delete(people.by, ids[0])
    [vip] = tags.all(people.by)
    with people.engine.session(people.by.workspace_id, since=NOON) as session:
        people.snapshots.add_to(session, people.by.workspace_id)
        rows = session.table("select id, tag_ids from contacts order by id").to_pylist()
    assert rows == [{"id": ids[1], "tag_ids": [vip.id]}, {"id": ids[2], "tag_ids": []}]
    assert vip.size == 1
