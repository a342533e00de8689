"""Somebody limited to some lists: what belongs to the whole workspace is not theirs to make, and of other lists they hear nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from core.contacts.attributes import AttributeType
from core.contacts.changes import next_change
from core.contacts.consent.evidence import ConsentMethod, Evidence
from core.contacts.consent.list_choices import join_list, leave_list
from core.contacts.fields import Fields
from core.contacts.tags import Tags
from core.errors import Denied
from core.permissions import Principal
from tests.conftest import NOON
from tests.contacts.conftest import People, on_sqlite

pytestmark = on_sqlite
TOLD = Evidence(ConsentMethod.PREFERENCES, "preferences", "192.0.2.7")


@dataclass(frozen=True)
class Limited:
    """A workspace, and somebody who sees one of its lists."""

    people: People
    by: Principal
    fields: Fields
    tags: Tags

    def take_in(self, text: str, *, dry_run: bool = False) -> int:
        data = text.encode()
        return self.people.imports.run(self.by, data, "people.csv", list_name="Mine", dry_run=dry_run).created


@pytest.fixture
def limited(people: People) -> Limited:
    mine = people.lists.create(people.by, "Mine")
    by = replace(people.by, lists=frozenset({mine.id}))
    return Limited(people, by, Fields(people.db, people.clock), Tags(people.db, people.clock))


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(("column", "word"), [("shoe size", "fields"), ("tags", "tags")])
def test_an_import_makes_no_fields_and_tags_for_the_whole_workspace(limited: Limited, column: str, word: str, dry_run: bool) -> None:
    with pytest.raises(Denied, match=f"You can use the {word} there are") as refusal:
        limited.take_in(f"email,{column}\nann@example.com,secret-plan\n", dry_run=dry_run)
    assert "secret-plan" not in str(refusal.value)
    assert (limited.fields.all(limited.people.by), limited.tags.all(limited.people.by), limited.people.emails()) == ([], [], [])


def test_an_import_uses_the_fields_and_tags_there_are(limited: Limited) -> None:
    limited.fields.add(limited.people.by, "Shoe size", AttributeType.NUMBER)
    limited.tags.create(limited.people.by, "VIP")
    assert limited.take_in("email,shoe size,tags\nann@example.com,41,vip\n") == 1
    assert [(tag.name, tag.size) for tag in limited.tags.all(limited.by)] == [("VIP", 1)]


def test_saving_somebody_makes_no_field(limited: Limited) -> None:
    [mine] = limited.by.lists or ()
    with pytest.raises(Denied, match="You can use the fields there are"):
        limited.people.contacts.save(limited.by, "ann@example.com", attributes={"town": "Oslo"}, list_ids=[mine])
    limited.fields.add(limited.people.by, "Town", AttributeType.TEXT)
    ann = limited.people.contacts.save(limited.by, "ann@example.com", attributes={"town": "Oslo"}, list_ids=[mine])
    assert ann.attributes == {"town": "Oslo"}


def test_what_somebody_said_about_a_list_out_of_sight_is_not_told(limited: Limited) -> None:
    people, [mine] = limited.people, limited.by.lists or ()
    theirs = people.lists.create(people.by, "Theirs")
    ann = people.contacts.save(people.by, "ann@example.com", list_ids=[mine, theirs.id])
    with people.db.transaction() as connection:
        change = next_change(connection, people.by.workspace_id)
        for list_id in (mine, theirs.id):
            assert leave_list(connection, people.by.workspace_id, ann.id, list_id, change, TOLD, NOON)
            assert join_list(connection, people.by.workspace_id, ann.id, list_id, change, TOLD, NOON)
    told = [{one.list_id for one in people.consent.history(by, ann.id)} for by in (people.by, limited.by)]
    assert told == [{None, mine, theirs.id}, {None, mine}]
