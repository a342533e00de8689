"""Segments are kept, and choose the contacts that are there now."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.contacts.consent.consent import ConsentStatus
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import Permission
from core.segments.operators import FieldType
from core.storage.event_words import EventKind
from tests.conftest import NOON
from tests.segments.conftest import World

GERMANS = {"field": "attribute.country", "operator": "equals", "value": "de"}


def test_a_segment_is_kept_changed_and_forgotten(world: World, clock: FrozenClock) -> None:
    world.contacts.save(world.by, "ada@example.com", attributes={"country": "DE"})
    made = world.segments.create(world.by, "  Germans ", GERMANS)
    assert (made.name, made.rules, made.created_at) == ("Germans", GERMANS, NOON)
    assert world.segments.get(world.by, made.id) == world.segments.by_name(world.by, "Germans") == made

    clock.advance(timedelta(hours=1))
    changed = world.segments.update(world.by, made.id, name="Everybody else", rules=GERMANS | {"operator": "not_equals"})
    assert changed == world.segments.get(world.by, made.id)
    assert (changed.name, changed.rules["operator"], changed.updated_at) == ("Everybody else", "not_equals", NOON + timedelta(hours=1))

    world.segments.delete(world.by, made.id)
    assert world.segments.all(world.by) == []
    with pytest.raises(NotFound):
        world.segments.get(world.by, made.id)
    with pytest.raises(NotFound):
        world.segments.delete(world.by, made.id)


def test_two_segments_cannot_have_one_name(world: World) -> None:
    rules = {"field": "email", "operator": "is_not_empty"}
    world.segments.create(world.by, "All", rules)
    other = world.segments.create(world.by, "Other", rules)
    with pytest.raises(Conflict, match="“All”"):
        world.segments.create(world.by, "All", rules)
    with pytest.raises(Conflict, match="“All”"):
        world.segments.update(world.by, other.id, name="All")
    assert [one.name for one in world.segments.all(world.by)] == ["All", "Other"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "a\0b"])
def test_a_segment_needs_a_name(small_world: World, name: str) -> None:
    with pytest.raises(InvalidInput, match="needs a name"):
        small_world.segments.create(small_world.by, name, {"field": "email", "operator": "is_empty"})


def test_rules_that_cannot_be_used_are_not_kept(small_world: World) -> None:
    with pytest.raises(InvalidInput, match="Rule 2 of “any”"):
        small_world.segments.create(small_world.by, "S", {"any": [{"field": "email", "operator": "is_empty"}, GERMANS]})
    assert small_world.segments.all(small_world.by) == []


def test_a_segment_chooses_by_what_is_known_agreed_and_listed(world: World) -> None:
    news = world.lists.create(world.by, "News")
    ada = world.contacts.save(
        world.by,
        "ada@example.com",
        first_name="Ada",
        attributes={"country": "DE", "visits": 5, "vip": True, "born": date(1990, 5, 1)},
        list_ids=[news.id],
    ).id
    bob = world.contacts.save(world.by, "bob@example.org", attributes={"country": "FR", "visits": 1, "vip": False}).id
    eve = world.contacts.save(world.by, "eve@example.com", consent=ConsentStatus.PENDING).id

    def chosen(*rule: object) -> list[int]:
        keys = ("field", "operator", "value")
        return world.segments.contact_ids(world.by, dict(zip(keys, rule, strict=False)))

    assert chosen("email", "ends_with", "@EXAMPLE.com") == [ada, eve]
    assert chosen("attribute.country", "is_one_of", ["fr", "it"]) == [bob]
    assert chosen("attribute.visits", "between", [1, 4]) == [bob]
    assert chosen("attribute.visits", "is_empty") == [eve]
    assert chosen("attribute.vip", "is_false") == [bob]
    assert chosen("attribute.born", "before", "1990-05-02") == [ada]
    assert chosen("created_at", "on", "2026-11-22") == [ada, bob, eve]
    assert chosen("consent", "not_equals", "subscribed") == [eve]
    assert chosen("list", "is_member", news.id) == [ada]
    assert chosen("list", "is_not_member", "News") == [bob, eve]


def test_a_segment_chooses_by_what_people_did(world: World, clock: FrozenClock) -> None:
    ada, bob = (world.contacts.save(world.by, f"{name}@example.com").id for name in ("ada", "bob"))
    world.event(EventKind.OPENED, ada, occurred_at=NOON - timedelta(days=3))
    world.event(EventKind.OPENED, ada, occurred_at=NOON - timedelta(days=40))
    world.event(EventKind.OPENED, bob, occurred_at=NOON - timedelta(days=3), actor="machine")
    often = {"field": "opened", "operator": "at_least", "value": 2}
    assert world.segments.contact_ids(world.by, often) == [ada]
    assert world.segments.contact_ids(world.by, often | {"days": 30}) == []
    assert world.segments.contact_ids(world.by, {"field": "opened", "operator": "never", "days": 30}) == [bob]
    clock.advance(timedelta(days=30))
    assert world.segments.count(world.by, {"field": "opened", "operator": "never", "days": 30}) == 2


def test_the_answer_is_of_now_also_where_there_is_a_snapshot(world: World) -> None:
    ada = world.contacts.save(world.by, "ada@example.com", attributes={"country": "DE"}).id
    bob = world.contacts.save(world.by, "bob@example.com", attributes={"country": "DE"}).id
    world.snapshots.refresh(world.by.workspace_id, min_changes=1)
    world.contacts.save(world.by, "bob@example.com", attributes={"country": "FR"})
    eve = world.contacts.save(world.by, "eve@example.com", attributes={"country": "DE"}).id
    assert world.segments.contact_ids(world.by, GERMANS) == [ada, eve]
    world.contacts.delete(world.by, ada)
    assert world.segments.contact_ids(world.by, GERMANS) == [eve]
    assert bob not in world.segments.contact_ids(world.by, GERMANS)


def test_those_who_may_be_mailed_are_counted_apart(world: World) -> None:
    for name in ("ada", "bob", "eve"):
        world.contacts.save(world.by, f"{name}@example.com")
    world.contacts.save(world.by, "dan@example.com", consent=ConsentStatus.UNSUBSCRIBED)
    world.contacts.save(world.by, "fay@example.com", consent=ConsentStatus.UNKNOWN)
    world.suppressions.add(world.by, "eve@example.com")
    everybody = {"field": "email", "operator": "is_not_empty"}
    assert (world.segments.count(world.by, everybody), world.segments.mailable_count(world.by, everybody)) == (5, 2)


def test_a_preview_shows_the_first_few(world: World) -> None:
    for number in range(3):
        world.contacts.save(world.by, f"p{number}@example.com", first_name="Pat", attributes={"country": "DE"})
    found = world.segments.preview(world.by, GERMANS, limit=2)
    assert [(one.email, one.first_name, one.consent, one.attributes) for one in found] == [
        ("p0@example.com", "Pat", "subscribed", {"country": "DE"}),
        ("p1@example.com", "Pat", "subscribed", {"country": "DE"}),
    ]


def test_a_list_is_kept_by_its_number_and_follows_its_name(world: World) -> None:
    news = world.lists.create(world.by, "News")
    made = world.segments.create(world.by, "S", {"any": [{"field": "list", "operator": "is_member", "value": "News"}]})
    assert made.rules == {"any": [{"field": "list", "operator": "is_member", "value": news.id}]}
    world.lists.rename(world.by, news.id, "Post")
    assert world.segments.describe(world.by, made.rules) == "Is on the list “Post”"


def test_a_deleted_list_is_said_and_chooses_nobody_by_mistake(world: World) -> None:
    news = world.lists.create(world.by, "News")
    rules = {"all": [{"field": "list", "operator": "is_not_member", "value": news.id}]}
    made = world.segments.create(world.by, "S", rules)
    world.lists.delete(world.by, news.id)
    with pytest.raises(InvalidInput, match="Rule 1 of “all”: there is no such list"):
        world.segments.contact_ids(world.by, made.rules)


def test_another_workspace_sees_nothing_of_it(world: World, clock: FrozenClock) -> None:
    made = world.segments.create(world.by, "S", {"field": "email", "operator": "is_not_empty"})
    news = world.lists.create(world.by, "News")
    world.contacts.save(world.by, "ada@example.com", attributes={"country": "DE"})
    stranger = replace(world.by, workspace_id=Workspaces(world.db, clock).create("Other").id)
    assert world.segments.all(stranger) == []
    assert world.segments.count(stranger, made.rules) == 0
    assert world.segments.create(stranger, "S", made.rules).id != made.id
    for act in (world.segments.get, world.segments.delete, world.segments.update):
        with pytest.raises(NotFound):
            act(stranger, made.id)
    for rules in (GERMANS, {"field": "list", "operator": "is_member", "value": news.id}):
        with pytest.raises(InvalidInput, match="there is no"):
            world.segments.count(stranger, rules)
    assert world.segments.get(world.by, made.id) == made


def test_fields_are_offered_with_operators_and_choices(world: World) -> None:
    world.contacts.save(world.by, "ada@example.com", attributes={"shoe_size": 39})
    news = world.lists.create(world.by, "News")
    offered = {field.key: field for field in world.segments.available_fields(world.by)}
    assert list(offered)[:3] == ["email", "first_name", "last_name"]
    assert (offered["attribute.shoe_size"].label, offered["attribute.shoe_size"].type) == ("shoe size", FieldType.NUMBER)
    assert "between" in [operator.key for operator in offered["attribute.shoe_size"].operators]
    assert offered["list"].choices == ((news.id, "News"),)
    assert ("pending", "pending") in offered["consent"].choices


def test_looking_and_changing_need_their_permissions(small_world: World) -> None:
    rules = {"field": "email", "operator": "is_not_empty"}
    segments, nobody = small_world.segments, replace(small_world.by, permissions=frozenset())
    viewer = replace(small_world.by, permissions=frozenset({Permission.SEGMENTS_VIEW}))
    made = segments.create(small_world.by, "S", rules)
    assert segments.count(viewer, rules) == 0
    for act in (
        lambda: segments.create(viewer, "T", rules),
        lambda: segments.update(viewer, made.id, name="T"),
        lambda: segments.delete(viewer, made.id),
        lambda: segments.preview(viewer, rules),
        lambda: segments.get(nobody, made.id),
        lambda: segments.by_name(nobody, "S"),
        lambda: segments.all(nobody),
        lambda: segments.count(nobody, rules),
        lambda: segments.mailable_count(nobody, rules),
        lambda: segments.describe(nobody, rules),
        lambda: segments.available_fields(nobody),
    ):
        with pytest.raises(Denied):
            act()
