from dataclasses import replace

import pytest

from core.clock import FrozenClock
from core.contacts.attributes import AttributeType
from core.contacts.fields import MAX_LABEL, Fields
from core.errors import Conflict, Denied, InvalidInput, NotFound
from tests.conftest import NOON
from tests.contacts.conftest import People, on_sqlite


@pytest.fixture
def fields(people: People, clock: FrozenClock) -> Fields:
    return Fields(people.db, clock)


def test_a_field_is_added_described_and_keeps_its_name(people: People, fields: Fields) -> None:
    made = fields.add(people.by, "Schuhgröße", AttributeType.NUMBER, "In Europe")
    assert (made.name, made.label, made.type, made.description) == ("schuhgroe", "Schuhgröße", AttributeType.NUMBER, "In Europe")
    with pytest.raises(Conflict):
        fields.add(people.by, "Schuhgröße", AttributeType.TEXT)
    renamed = fields.describe(people.by, made.name, "Shoe size", "")
    assert (renamed.name, renamed.label, renamed.description) == (made.name, "Shoe size", "")
    people.contacts.save(people.by, "ann@example.com", attributes={"city": "Bonn"})
    assert [(one.name, one.label) for one in fields.all(people.by)] == [("city", "City"), (made.name, "Shoe size")]


@on_sqlite
@pytest.mark.parametrize("label", ["", " ", "x" * (MAX_LABEL + 1), "a\0b", "Email", "!!"])
def test_what_can_be_no_field_is_refused(people: People, fields: Fields, label: str) -> None:
    with pytest.raises(InvalidInput):
        fields.add(people.by, label, AttributeType.TEXT)


def test_a_type_changes_where_every_value_fits_and_segments_see_the_new_one(people: People, fields: Fields) -> None:
    people.contacts.save(people.by, "ann@example.com", attributes={"size": "42", "when": "2026-11-22", "member": True})
    people.contacts.save(people.by, "bob@example.com", attributes={"city": "Bonn"})
    people.snapshots.refresh(people.by.workspace_id, min_changes=1)
    assert fields.retype(people.by, "size", AttributeType.NUMBER) == 1
    assert fields.retype(people.by, "size", AttributeType.NUMBER) == 0
    assert fields.retype(people.by, "when", AttributeType.DATE) == 1
    assert fields.retype(people.by, "member", AttributeType.TEXT) == 1
    with pytest.raises(Conflict, match="not a number"):
        fields.retype(people.by, "city", AttributeType.NUMBER)
    ann = people.contacts.find(people.by, "ann@example.com")
    assert ann
    assert ann.attributes == {"size": 42, "when": "2026-11-22", "member": "true"}
    with people.engine.session(people.by.workspace_id, since=NOON) as session:
        people.snapshots.add_to(session, people.by.workspace_id)
        rows = session.rows("select attr_size, attr_member from contacts where attr_size > 41")
    assert rows == [{"attr_size": 42.0, "attr_member": "true"}]


def test_a_deleted_field_takes_everybodys_values_along(people: People, fields: Fields) -> None:
    for name in ("ann", "bob"):
        people.contacts.save(people.by, f"{name}@example.com", attributes={"city": "Bonn", "size": 3})
    people.contacts.save(people.by, "cy@example.com")
    assert fields.delete(people.by, "city") == 2
    assert [one.name for one in fields.all(people.by)] == ["size"]
    ann = people.contacts.find(people.by, "ann@example.com")
    assert ann
    assert ann.attributes == {"size": 3}
    with pytest.raises(NotFound):
        fields.delete(people.by, "city")


def test_fields_are_changed_by_those_who_see_everybody(people: People, fields: Fields) -> None:
    people.contacts.save(people.by, "ann@example.com", attributes={"city": "Bonn"})
    limited = replace(people.by, lists=frozenset({1}))
    assert [one.name for one in fields.all(limited)] == ["city"]
    for act in (
        lambda: fields.add(limited, "Size", AttributeType.TEXT),
        lambda: fields.describe(limited, "city", "Town"),
        lambda: fields.retype(limited, "city", AttributeType.TEXT),
        lambda: fields.delete(limited, "city"),
    ):
        with pytest.raises(Denied):
            act()
