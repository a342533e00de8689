from dataclasses import replace

import pytest
import sqlalchemy as sa

from core.clock import FrozenClock
from core.contacts.changes import next_change
from core.contacts.choosing import Choice
from core.contacts.consent.consent import ConsentStatus
from core.contacts.consent.evidence import ConsentMethod, Evidence
from core.contacts.consent.list_choices import leave_list
from core.contacts.directory import Directory
from core.contacts.lookup import mailable
from core.contacts.notes import Notes
from core.contacts.person_tables import contact_aliases
from core.contacts.profile import Profiles
from core.contacts.suppression.address_hashes import AddressHashes
from core.contacts.suppression.everywhere import SuppressedEverywhere
from core.contacts.suppression.suppression import SuppressionReason
from core.contacts.tags import Tags
from core.contacts.uniting import MOST, Merges
from core.errors import Denied, InvalidInput, NotFound
from core.settings import Settings
from core.storage.lake import Lake
from tests.contacts.conftest import People, on_sqlite


@pytest.fixture
def merges(people: People, clock: FrozenClock) -> Merges:
    return Merges(people.db, clock, people.suppressions)


def two(people: People, **second: object) -> tuple[int, int]:
    ann = people.contacts.save(people.by, "ann@example.com", first_name="Ann", attributes={"city": "Bonn"})
    other = people.contacts.save(people.by, "ann@work.example", last_name="Lee", attributes={"city": "Ulm", "size": 3}, **second)  # type: ignore[arg-type]
    return ann.id, other.id


def test_two_become_one_with_the_fields_lists_tags_and_notes_of_both(people: People, merges: Merges, clock: FrozenClock) -> None:
    ann, other = two(people)
    news, offers = (people.lists.create(people.by, name) for name in ("News", "Offers"))
    people.lists.add(people.by, news.id, [ann, other])
    people.lists.add(people.by, offers.id, [other])
    tags, notes = Tags(people.db, clock), Notes(people.db, clock)
    tags.add(people.by, [other], "VIP")
    notes.add(people.by, other, "Likes tea")
    shown = merges.preview(people.by, ann, [other])
    assert shown.fields["attributes.city"] == {ann: "Bonn", other: "Ulm"}
    assert shown.chosen == {"first_name": ann, "last_name": other, "attributes.city": ann, "attributes.size": other}
    assert (shown.lists, shown.tags, shown.consent, shown.suppressed) == (("News", "Offers"), ("VIP",), ConsentStatus.SUBSCRIBED, False)
    assert people.emails() == ["ann@example.com", "ann@work.example"]

    merged = merges.merge(people.by, ann, [other], {"attributes.city": other})

    assert people.emails() == ["ann@example.com"]
    assert (merged.first_name, merged.last_name, merged.attributes) == ("Ann", "Lee", {"city": "Ulm", "size": 3})
    profile = Profiles(people.db, clock).get(people.by, other)
    assert profile.contact.id == ann
    assert ([one.name for one in profile.lists], list(profile.tags.values()), profile.merged) == (["News", "Offers"], ["VIP"], (other,))
    assert [one.text for one in notes.all(people.by, ann)] == ["Likes tea"]
    assert len(people.consent.history(people.by, ann)) == 2


@pytest.mark.parametrize(
    ("first", "second", "result"),
    [
        ("subscribed", "unsubscribed", "unsubscribed"),
        ("unsubscribed", "subscribed", "unsubscribed"),
        ("subscribed", "unknown", "unknown"),
        ("subscribed", "pending", "pending"),
        ("pending", "unknown", "pending"),
        ("subscribed", "subscribed", "subscribed"),
    ],
)
@on_sqlite
def test_the_strictest_consent_counts(people: People, merges: Merges, first: str, second: str, result: str) -> None:
    ann = people.contacts.save(people.by, "ann@example.com", consent=ConsentStatus(first)).id
    other = people.contacts.save(people.by, "ann@work.example", consent=ConsentStatus(second)).id
    assert merges.preview(people.by, ann, [other]).consent == result
    assert merges.merge(people.by, ann, [other]).consent == result
    states = [record.state for record in people.consent.history(people.by, ann)]
    assert (states[-1] == result) if first != result else (len(states) == 2)
    assert people.suppressions.contains(people.by, "ann@work.example") == (second == "unsubscribed")


def test_a_list_that_one_of_them_left_is_left(people: People, merges: Merges, clock: FrozenClock) -> None:
    ann, other = two(people)
    news = people.lists.create(people.by, "News").id
    people.lists.add(people.by, news, [ann, other])
    with people.db.transaction() as connection:
        change = next_change(connection, people.by.workspace_id)
        leave_list(connection, people.by.workspace_id, other, news, change, Evidence(ConsentMethod.PREFERENCES, "page"), clock.now())
    assert merges.preview(people.by, ann, [other]).lists == ()
    merges.merge(people.by, ann, [other])
    assert Profiles(people.db, clock).get(people.by, ann).lists == ()
    people.lists.add(people.by, news, [ann])
    assert Profiles(people.db, clock).get(people.by, ann).lists == ()


def test_a_suppressed_address_suppresses_the_one_that_stays(people: People, merges: Merges) -> None:
    ann, other = two(people)
    people.suppressions.add(people.by, "ann@work.example", SuppressionReason.COMPLAINT)
    assert merges.preview(people.by, ann, [other]).suppressed
    merges.merge(people.by, ann, [other])
    found = {one.email: one.reason for one in people.suppressions.page(people.by).rows}
    assert found == dict.fromkeys(("ann@example.com", "ann@work.example"), SuppressionReason.COMPLAINT)


def test_what_is_suppressed_everywhere_is_so_wherever_it_is_looked_for(people: People, merges: Merges, settings: Settings) -> None:
    clock = people.clock
    ann, other = two(people)
    SuppressedEverywhere(people.db, clock, AddressHashes(b"a key")).add_all(people.by, "ann@work.example", "by court order")
    profile = Profiles(people.db, clock).get(people.by, other)
    assert profile.suppressed and (profile.suppressed.source, profile.suppressed.is_everywhere) == ("by court order", True)
    written = b"".join(people.exports.stream(people.by, columns=["email", "suppressed"])).decode().splitlines()
    assert sorted(written[1:]) == ["ann@example.com,false", "ann@work.example,true"]
    directory = Directory(people.db, clock, Lake(settings.lake_dir, people.db, clock), people.engine)
    for suppressed, email in ((True, "ann@work.example"), (False, "ann@example.com")):
        found = directory.page(people.by, Choice(suppressed=suppressed)).rows
        assert [(row.contact.email, row.suppressed) for row in found] == [(email, suppressed)]

    assert merges.preview(people.by, ann, [other]).suppressed
    merges.merge(people.by, ann, [other])
    with people.db.read() as connection:
        assert mailable(connection, people.by.workspace_id, [ann]).reasons == {ann: "suppressed"}


def test_a_no_to_an_old_message_reaches_whom_its_reader_became(people: People, merges: Merges) -> None:
    ann, other = two(people)
    third = people.contacts.save(people.by, "ann@home.example").id
    merges.merge(people.by, other, [third])
    merges.merge(people.by, ann, [other])
    with people.db.transaction() as connection:
        assert people.consent.withdraw(
            connection, people.by.workspace_id, [third, other], Evidence(ConsentMethod.ONE_CLICK, "one-click")
        ) == [ann]
    assert people.contacts.get(people.by, ann).consent is ConsentStatus.UNSUBSCRIBED
    people.contacts.delete(people.by, ann)
    with people.db.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(contact_aliases)).scalar_one() == 0


def test_what_cannot_be_merged_is_refused_and_nothing_changes(people: People, merges: Merges) -> None:
    ann, other = two(people)
    for others in ([], [ann], list(range(10_000, 10_000 + MOST + 1))):
        with pytest.raises(InvalidInput):
            merges.merge(people.by, ann, others)
    with pytest.raises(NotFound):
        merges.merge(people.by, ann, [999_999])
    with pytest.raises(InvalidInput):
        merges.merge(people.by, ann, [other], {"attributes.size": ann})
    mine, theirs = (people.lists.create(people.by, name).id for name in ("Mine", "Theirs"))
    people.lists.add(people.by, mine, [ann, other])
    people.lists.add(people.by, theirs, [other])
    with pytest.raises(Denied):
        merges.merge(replace(people.by, lists=frozenset({mine})), ann, [other])
    assert len(people.emails()) == 2
