from dataclasses import replace

import pytest

from core.clock import FrozenClock
from core.contacts import bulk
from core.contacts.bulk import BulkAction, BulkChange, BulkChanges
from core.contacts.consent.consent import ConsentStatus
from core.contacts.lookup import list_contact_ids
from core.contacts.tables import contacts
from core.contacts.tags import Tags
from core.errors import NotFound
from core.storage.database import insert_or_ignore
from tests.conftest import NOON
from tests.contacts.conftest import People, on_sqlite


@pytest.fixture
def changes(people: People, clock: FrozenClock) -> BulkChanges:
    return BulkChanges(people.db, clock, people.suppressions)


def test_many_people_are_changed_at_once(people: People, changes: BulkChanges, clock: FrozenClock) -> None:
    ids = [people.contacts.save(people.by, f"p{number}@example.com").id for number in range(4)]
    news, tags = people.lists.create(people.by, "News"), Tags(people.db, clock)
    everybody = [*ids, 999_999]

    def run(change: BulkChange) -> tuple[int, int]:
        done = changes.run(people.by, everybody, change)
        again = changes.run(people.by, everybody, change)
        return done.changed, again.changed

    assert run(BulkChange(BulkAction.ADD_TO_LIST, list_id=news.id)) == (4, 0)
    assert run(BulkChange(BulkAction.TAG, tag="VIP")) == (4, 0)
    assert run(BulkChange(BulkAction.UNTAG, tag_id=tags.all(people.by)[0].id)) == (4, 0)
    assert run(BulkChange(BulkAction.REMOVE_FROM_LIST, list_id=news.id)) == (4, 0)
    assert run(BulkChange(BulkAction.UNSUBSCRIBE)) == (4, 0)
    assert {one.consent for one in people.everybody()} == {ConsentStatus.UNSUBSCRIBED}
    assert run(BulkChange(BulkAction.SUPPRESS)) == (4, 0)
    assert people.suppressions.page(people.by).total == 4
    assert run(BulkChange(BulkAction.DELETE)) == (4, 0)
    assert people.contacts.count(people.by) == 0
    with pytest.raises(NotFound):
        changes.run(people.by, ids, BulkChange(BulkAction.ADD_TO_LIST, list_id=999_999))


@on_sqlite
def test_chunks_tell_how_far_they_are(people: People, changes: BulkChanges) -> None:
    same = {"workspace_id": people.by.workspace_id, "first_name": "", "last_name": "", "attributes": {}, "consent": "subscribed"}
    same |= {"source": "", "created_at": NOON, "updated_at": NOON, "updated_seq": 1}
    with people.db.transaction() as connection:
        insert_or_ignore(connection, contacts, [{"email": f"p{number}@example.com", **same} for number in range(bulk.CHUNK + 10)])
        ids = connection.execute(contacts.select().with_only_columns(contacts.c.id)).scalars().all()
    told: list[tuple[int, int]] = []
    done = changes.run(people.by, ids, BulkChange(BulkAction.UNSUBSCRIBE), lambda at, total: told.append((at, total)))
    assert (done.asked, done.changed) == (bulk.CHUNK + 10, bulk.CHUNK + 10)
    assert told == [(bulk.CHUNK, bulk.CHUNK + 10), (bulk.CHUNK + 10, bulk.CHUNK + 10)]


def test_whoever_is_limited_to_lists_changes_the_people_on_them_only(people: People, changes: BulkChanges) -> None:
    inside, shared, outside = (people.contacts.save(people.by, f"{name}@example.com").id for name in ("inside", "shared", "outside"))
    mine, theirs = (people.lists.create(people.by, name).id for name in ("Mine", "Theirs"))
    people.lists.add(people.by, mine, [inside, shared])
    people.lists.add(people.by, theirs, [shared, outside])
    by, everybody = replace(people.by, lists=frozenset({mine})), [inside, shared, outside]
    assert changes.run(by, everybody, BulkChange(BulkAction.UNSUBSCRIBE)).changed == 2
    assert changes.run(by, everybody, BulkChange(BulkAction.SUPPRESS)).changed == 2
    assert changes.run(by, everybody, BulkChange(BulkAction.REMOVE_FROM_LIST, list_id=mine)).changed == 2
    people.lists.add(people.by, mine, [inside, shared])
    assert changes.run(by, everybody, BulkChange(BulkAction.DELETE)).changed == 1
    assert people.emails() == ["outside@example.com", "shared@example.com"]
    with people.db.read() as connection:
        assert list_contact_ids(connection, people.by.workspace_id, theirs) == [shared, outside]
