import pytest

from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.contacts.lookup import list_contact_ids
from core.errors import Conflict, InvalidInput, NotFound
from core.permissions import Principal
from tests.contacts.conftest import People, on_sqlite


def test_a_list_is_made_once_and_found_by_its_name(people: People) -> None:
    news = people.lists.create(people.by, " News ")
    assert (news.name, news.size) == ("News", 0)
    assert news == people.lists.by_name(people.by, "News")
    with pytest.raises(Conflict):
        people.lists.create(people.by, "News")
    people.lists.create(people.by, "Autumn")
    assert [found.name for found in people.lists.all(people.by)] == ["Autumn", "News"]


@on_sqlite
@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "a\nb"])
def test_a_list_needs_a_name(people: People, name: str) -> None:
    with pytest.raises(InvalidInput):
        people.lists.create(people.by, name)


def test_a_list_can_be_renamed_but_not_to_a_name_that_is_taken(people: People) -> None:
    news = people.lists.create(people.by, "News")
    people.lists.create(people.by, "Offers")
    assert people.lists.rename(people.by, news.id, "Letters").name == "Letters"
    assert people.lists.rename(people.by, news.id, "Letters").name == "Letters"
    with pytest.raises(Conflict):
        people.lists.rename(people.by, news.id, "Offers")


def test_people_join_and_leave_a_list_once(people: People) -> None:
    news = people.lists.create(people.by, "News")
    ids = [people.contacts.save(people.by, f"p{number}@example.com").id for number in range(3)]
    assert people.lists.add(people.by, news.id, [*ids[:2], 999_999]) == 2
    assert people.lists.add(people.by, news.id, ids) == 1
    assert people.lists.remove(people.by, news.id, [ids[0], 999_999]) == 1
    assert people.lists.get(people.by, news.id).size == 2
    with people.db.read() as connection:
        assert list_contact_ids(connection, people.by.workspace_id, news.id) == ids[1:]


def test_deleting_a_list_keeps_the_people(people: People) -> None:
    news = people.lists.create(people.by, "News")
    people.contacts.save(people.by, "ada@example.com", list_ids=[news.id])
    people.lists.delete(people.by, news.id)
    assert people.emails() == ["ada@example.com"]
    with pytest.raises(NotFound):
        people.lists.get(people.by, news.id)


def test_another_workspace_cannot_reach_a_list(people: People, clock: FrozenClock) -> None:
    news = people.lists.create(people.by, "News")
    ada = people.contacts.save(people.by, "ada@example.com")
    other = Principal.system(Workspaces(people.db, clock).create("Other").id)
    for attempt in (
        lambda: people.lists.get(other, news.id),
        lambda: people.lists.rename(other, news.id, "Mine"),
        lambda: people.lists.delete(other, news.id),
        lambda: people.lists.add(other, news.id, [ada.id]),
        lambda: people.lists.by_name(other, "News"),
    ):
        with pytest.raises(NotFound):
            attempt()
    theirs = people.lists.create(other, "News")
    assert people.lists.add(other, theirs.id, [ada.id]) == 0
    assert people.lists.get(people.by, news.id).name == "News"


def test_who_is_asked_counts_and_is_asked_once(people: People) -> None:
    news = people.lists.create(people.by, "Asks")
    people.lists.set_opt_in(people.by, news.id, double_opt_in=True, from_email="news@example.com")
    ada = people.contacts.save(people.by, "ada@example.com")
    assert people.lists.add(people.by, news.id, [*range(-10_000, 0), ada.id]) == 1
