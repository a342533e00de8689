from dataclasses import replace

import pytest

from core.clock import FrozenClock
from core.contacts.notes import MAX_TEXT, Notes
from core.contacts.profile import Profiles
from core.errors import Denied, InvalidInput, NotFound
from tests.contacts.conftest import People, on_sqlite


@pytest.fixture
def profiles(people: People, clock: FrozenClock) -> Profiles:
    return Profiles(people.db, clock)


@pytest.fixture
def notes(people: People, clock: FrozenClock) -> Notes:
    return Notes(people.db, clock)


def test_fields_are_set_to_what_is_given_and_emptied(people: People, profiles: Profiles) -> None:
    ann = people.contacts.save(people.by, "ann@example.com", first_name="Ann", attributes={"city": "Bonn", "size": 3, "vip": True}).id
    changed = profiles.change(people.by, ann, first_name="", last_name="Lee", attributes={"city": "", "size": "4"})
    assert (changed.first_name, changed.last_name, changed.attributes) == ("", "Lee", {"vip": True, "size": 4})
    moment = changed.updated_at
    assert profiles.change(people.by, ann, first_name="", last_name="Lee", attributes={"vip": True}).updated_at == moment
    for wrong in ({"size": "many"}, {"shoe": "x"}):
        with pytest.raises(InvalidInput):
            profiles.change(people.by, ann, first_name="", last_name="", attributes=wrong)


def test_a_profile_tells_lists_suppression_and_where_somebody_came_from(people: People, profiles: Profiles) -> None:
    mine, theirs = (people.lists.create(people.by, name).id for name in ("Mine", "Theirs"))
    ann = people.contacts.save(people.by, "ann@example.com", list_ids=[mine, theirs], source="form:1").id
    assert profiles.get(people.by, ann).suppressed is None
    people.suppressions.add(people.by, "ann@example.com", source="asked by phone")
    profile = profiles.get(people.by, ann)
    assert profile.suppressed
    assert (profile.source, profile.suppressed.source, [one.name for one in profile.lists]) == (
        "form:1",
        "asked by phone",
        ["Mine", "Theirs"],
    )
    limited = replace(people.by, lists=frozenset({mine}))
    assert [one.name for one in profiles.get(limited, ann).lists] == ["Mine"]
    with pytest.raises(NotFound):
        profiles.get(replace(people.by, lists=frozenset({999})), ann)


def test_notes_are_written_by_somebody_and_deleted_by_nobody_else(people: People, notes: Notes) -> None:
    ann = people.contacts.save(people.by, "ann@example.com").id
    first = notes.add(people.by, ann, " Likes tea ")
    grace = replace(people.by, label="person:7")
    notes.add(grace, ann, "Not on Mondays")
    assert [(one.text, one.written_by) for one in notes.all(people.by, ann)] == [
        ("Not on Mondays", "person:7"),
        ("Likes tea", people.by.label),
    ]
    with pytest.raises(Denied):
        notes.delete(grace, first.id)
    notes.delete(people.by, first.id)
    with pytest.raises(NotFound):
        notes.delete(people.by, first.id)
    for who in (replace(people.by, lists=frozenset({999})),):
        with pytest.raises(NotFound):
            notes.add(who, ann, "x")
    people.contacts.delete(people.by, ann)
    with pytest.raises(NotFound):
        notes.all(people.by, ann)


@on_sqlite
@pytest.mark.parametrize("text", ["", "  ", "x" * (MAX_TEXT + 1), "a\0b"])
def test_a_note_needs_words(people: People, notes: Notes, text: str) -> None:
    ann = people.contacts.save(people.by, "ann@example.com").id
    with pytest.raises(InvalidInput):
        notes.add(people.by, ann, text)
