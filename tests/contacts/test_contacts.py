from datetime import date, timedelta

import pytest

from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.contacts.attributes import AttributeType
from core.contacts.consent.consent import ConsentStatus
from core.contacts.consent.evidence import Evidence
from core.contacts.consent.records import About
from core.errors import Denied, InvalidInput, NotFound
from core.permissions import ROLE_PERMISSIONS, Principal, Role
from tests.contacts.conftest import People, on_sqlite


def test_a_saved_contact_is_found_in_any_spelling(people: People) -> None:
    news = people.lists.create(people.by, "News")
    saved = people.contacts.save(people.by, " Ada@Example.com", first_name=" Ada ", last_name="Lovelace", list_ids=[news.id])
    assert (saved.email, saved.first_name, saved.consent) == ("ada@example.com", "Ada", ConsentStatus.SUBSCRIBED)
    assert people.contacts.find(people.by, "ADA@example.COM") == saved == people.contacts.get(people.by, saved.id)
    assert people.lists.get(people.by, news.id).size == 1
    assert people.contacts.find(people.by, "bob@example.com") is None


def test_attributes_are_declared_by_their_first_value_and_keep_their_type(people: People) -> None:
    given = {"age": 36, "vip": True, "born": date(1815, 12, 10), "zip": "007", "nothing": None, "empty": ""}
    saved = people.contacts.save(people.by, "ada@example.com", attributes=given)
    assert saved.attributes == {"age": 36, "vip": True, "born": "1815-12-10", "zip": "007"}
    assert people.contacts.attributes(people.by) == {
        "age": AttributeType.NUMBER,
        "born": AttributeType.DATE,
        "vip": AttributeType.BOOLEAN,
        "zip": AttributeType.TEXT,
    }
    with pytest.raises(InvalidInput, match="age"):
        people.contacts.save(people.by, "bob@example.com", attributes={"age": "old"})
    assert people.emails() == ["ada@example.com"]
    assert people.contacts.save(people.by, "bob@example.com", attributes={"age": "36.5", "zip": 7}).attributes == {"age": 36.5, "zip": "7"}


def test_saving_again_adds_what_is_given_and_keeps_the_rest(people: People, clock: FrozenClock) -> None:
    first = people.contacts.save(people.by, "ada@example.com", first_name="Ada", attributes={"age": 36, "city": "London"})
    clock.advance(timedelta(hours=1))
    again = people.contacts.save(people.by, "ADA@example.com", last_name="Lovelace", attributes={"city": "Paris", "age": None})
    assert (again.id, again.first_name, again.last_name) == (first.id, "Ada", "Lovelace")
    assert again.attributes == {"age": 36, "city": "Paris"}
    assert again.updated_at > again.created_at == first.created_at


def test_saving_never_subscribes_somebody_again(people: People) -> None:
    saved = people.contacts.save(people.by, "ada@example.com")
    assert people.contacts.save(people.by, "ada@example.com", consent=ConsentStatus.UNSUBSCRIBED).consent is ConsentStatus.UNSUBSCRIBED
    assert people.contacts.save(people.by, "ada@example.com", first_name="Ada").consent is ConsentStatus.UNSUBSCRIBED
    states = [record.state for record in people.consent.history(people.by, saved.id)]
    assert states == [ConsentStatus.SUBSCRIBED, ConsentStatus.UNSUBSCRIBED]


@on_sqlite
@pytest.mark.parametrize(
    "wrong", [{"first_name": "A\nB"}, {"last_name": "x" * 201}, {"attributes": {"Bad Name": 1}}, {"attributes": {"x": []}}]
)
def test_what_cannot_be_kept_is_refused_and_nothing_is_saved(people: People, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        people.contacts.save(people.by, "ada@example.com", **wrong)  # type: ignore[arg-type]
    assert people.contacts.count(people.by) == 0


@on_sqlite
def test_a_workspace_has_at_most_a_hundred_attributes(people: People) -> None:
    people.contacts.save(people.by, "ada@example.com", attributes={f"a{number}": number for number in range(100)})
    with pytest.raises(InvalidInput, match="100 attributes"):
        people.contacts.save(people.by, "ada@example.com", attributes={"one_more": 1})


@on_sqlite
def test_whoever_came_last_is_found(people: People) -> None:
    assert people.contacts.newest(people.by) is None
    people.contacts.save(people.by, "ada@example.com")
    bob = people.contacts.save(people.by, "bob@example.com")
    assert people.contacts.newest(people.by) == bob


def test_a_deleted_contact_is_gone_from_everywhere(people: People) -> None:
    news = people.lists.create(people.by, "News")
    saved = people.contacts.save(people.by, "ada@example.com", list_ids=[news.id])
    people.contacts.delete(people.by, saved.id)
    assert people.contacts.find(people.by, "ada@example.com") is None
    assert people.lists.get(people.by, news.id).size == 0
    assert not people.suppressions.contains(people.by, "ada@example.com")
    with pytest.raises(NotFound):
        people.contacts.delete(people.by, saved.id)
    assert people.contacts.save(people.by, "ada@example.com").id != saved.id


def test_of_somebody_deleted_only_the_bare_proof_of_consent_stays(people: People) -> None:
    saved = people.contacts.save(people.by, "ada@example.com")
    with people.db.transaction() as connection:
        told, about = Evidence(source="one-click", user_agent="Firefox"), About(ip_prefix="192.0.2.0/24")
        people.consent.withdraw(connection, people.by.workspace_id, [saved.id], told, about=about)
    people.contacts.delete(people.by, saved.id)
    history = people.consent.history(people.by, saved.id)
    assert [(record.state, record.ip_prefix, record.user_agent) for record in history] == [
        (ConsentStatus.SUBSCRIBED, "", ""),
        (ConsentStatus.UNSUBSCRIBED, "", ""),
    ]


def test_deleting_somebody_who_unsubscribed_does_not_forget_the_no(people: People) -> None:
    saved = people.contacts.save(people.by, "ada@example.com", consent=ConsentStatus.UNSUBSCRIBED)
    people.contacts.delete(people.by, saved.id)
    assert people.suppressions.contains(people.by, "ada@example.com")


def test_another_workspace_sees_and_touches_nothing(people: People, clock: FrozenClock) -> None:
    news = people.lists.create(people.by, "News")
    saved = people.contacts.save(people.by, "ada@example.com", attributes={"age": 36}, list_ids=[news.id])
    other = Principal.system(Workspaces(people.db, clock).create("Other").id)
    assert people.contacts.count(other) == 0
    assert people.contacts.attributes(other) == {}
    assert people.contacts.find(other, "ada@example.com") is None
    for forbidden in (people.contacts.get, people.contacts.delete):
        with pytest.raises(NotFound):
            forbidden(other, saved.id)
    with pytest.raises(NotFound):
        people.contacts.save(other, "eve@example.com", list_ids=[news.id])
    assert people.contacts.count(other) == 0
    assert people.contacts.get(people.by, saved.id) == saved


@on_sqlite
def test_an_analyst_may_look_but_not_change(people: People) -> None:
    saved = people.contacts.save(people.by, "ada@example.com")
    analyst = Principal(people.by.workspace_id, "person:1", ROLE_PERMISSIONS[Role.ANALYST])
    nobody = Principal(people.by.workspace_id, "person:2", frozenset())
    assert people.contacts.get(analyst, saved.id) == saved
    with pytest.raises(Denied):
        people.contacts.save(analyst, "bob@example.com")
    with pytest.raises(Denied):
        people.contacts.delete(analyst, saved.id)
    with pytest.raises(Denied):
        people.contacts.newest(nobody)
