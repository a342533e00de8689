"""A later no beats an earlier yes, in whatever order the two are read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from core.contacts.consent.consent import ConsentStatus
from core.contacts.consent.evidence import ConsentMethod, Evidence
from core.contacts.consent.stop_marks import mark
from core.contacts.hosted.applying import Applying
from core.contacts.hosted.lines import Choices, Preferences
from core.contacts.lookup import mailable
from core.contacts.tables import contacts, opt_ins, stop_marks
from core.contacts.uniting import Merges
from tests.contacts.conftest import People
from tests.contacts.test_opt_in import ask, confirm
from tests.support.waiting import wait_for

NO = Evidence(ConsentMethod.ONE_CLICK, "one-click")


def withdraw(people: People, contact_id: int) -> None:
    with people.db.transaction() as connection:
        people.consent.withdraw(connection, people.by.workspace_id, [contact_id], NO, said_at=people.clock.now())


def choose(people: People, contact_id: int, asked: Preferences) -> None:
    with people.db.transaction() as connection:
        Applying(people.db, people.suppressions).choose(connection, people.by.workspace_id, contact_id, asked)


def standing(people: People, contact_id: int) -> ConsentStatus:
    return people.contacts.get(people.by, contact_id).consent


def test_an_asking_is_closed_by_a_later_no(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com")
    token = ask(people, ada.id)
    people.clock.advance(timedelta(minutes=1))
    withdraw(people, ada.id)
    with people.db.read() as connection:
        assert connection.execute(sa.select(opt_ins.c.mail_due_at)).scalar_one() is None
    assert confirm(people, token) is None
    assert standing(people, ada.id) is ConsentStatus.UNSUBSCRIBED


def test_who_asks_anew_after_a_no_can_answer(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com")
    withdraw(people, ada.id)
    people.clock.advance(timedelta(minutes=1))
    assert confirm(people, ask(people, ada.id)) is not None
    assert standing(people, ada.id) is ConsentStatus.SUBSCRIBED


def test_coming_back_soon_after_a_no_that_was_read_late_counts(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com")
    people.clock.advance(timedelta(minutes=1))
    said = people.clock.now()
    people.clock.advance(timedelta(minutes=10))
    with people.db.transaction() as connection:
        people.consent.withdraw(connection, people.by.workspace_id, [ada.id], NO, said_at=said)
    back = Preferences(said + timedelta(seconds=30), 1, False, Evidence(), Choices(comes_back=True))
    choose(people, ada.id, back)
    assert standing(people, ada.id) is ConsentStatus.SUBSCRIBED


def test_a_mark_set_after_a_yes_outlives_it(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com", consent=ConsentStatus.UNSUBSCRIBED)
    people.clock.advance(timedelta(minutes=1))
    back = people.clock.now()
    people.clock.advance(timedelta(seconds=20))
    with people.db.transaction() as connection:
        mark(connection, contacts.c.id == ada.id, people.clock)
    choose(people, ada.id, Preferences(back, 1, False, Evidence(), Choices(comes_back=True)))
    with people.db.read() as connection:
        assert not list(mailable(connection, people.by.workspace_id, [ada.id], people.clock.now()).people)


def may_be_mailed(people: People, contact_id: int) -> bool:
    with people.db.read() as connection:
        return contact_id in mailable(connection, people.by.workspace_id, [contact_id], people.clock.now()).people


def say_no(people: People, contact_id: int) -> datetime:
    people.clock.advance(timedelta(minutes=1))
    with people.db.transaction() as connection:
        assert mark(connection, contacts.c.id == contact_id, people.clock)
    return people.clock.now()


def test_a_second_no_holds_while_what_was_said_before_it_is_read(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com").id
    first = say_no(people, ada)
    people.clock.advance(timedelta(minutes=1))
    back = people.clock.now()
    second = say_no(people, ada)
    people.clock.advance(timedelta(minutes=1))
    with people.db.transaction() as connection:
        people.consent.withdraw(connection, people.by.workspace_id, [ada], NO, said_at=first)
    choose(people, ada, Preferences(back, 1, False, Evidence(), Choices(comes_back=True)))
    assert standing(people, ada) is ConsentStatus.SUBSCRIBED
    assert not may_be_mailed(people, ada)
    with people.db.transaction() as connection:
        people.consent.withdraw(connection, people.by.workspace_id, [ada], NO, said_at=second)
    assert standing(people, ada) is ConsentStatus.UNSUBSCRIBED
    with people.db.read() as connection:
        assert connection.execute(sa.select(stop_marks)).all() == []


def test_of_people_who_are_merged_the_latest_no_holds(people: People) -> None:
    ada, bob, cid = (people.contacts.save(people.by, f"{name}@example.com").id for name in ("ada", "bob", "cid"))
    first, _, latest = (say_no(people, each) for each in (ada, bob, cid))
    Merges(people.db, people.clock, people.suppressions).merge(people.by, ada, [bob, cid])
    with people.db.transaction() as connection:
        people.consent.withdraw(connection, people.by.workspace_id, [ada], NO, said_at=first)
    with people.db.read() as connection:
        assert connection.execute(sa.select(stop_marks.c.contact_id, stop_marks.c.since)).all() == [(ada, latest)]


def test_a_merged_address_does_not_answer_for_one_that_said_no(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com")
    bob = people.contacts.save(people.by, "bob@example.com", consent=ConsentStatus.PENDING)
    withdraw(people, ada.id)
    token = ask(people, bob.id)
    Merges(people.db, people.clock, people.suppressions).merge(people.by, ada.id, [bob.id])
    people.clock.advance(timedelta(minutes=1))
    assert confirm(people, token) is None
    assert standing(people, ada.id) is ConsentStatus.UNSUBSCRIBED


@pytest.mark.parametrize("db", ["postgresql"], indirect=True)
def test_an_answer_waits_for_a_no_that_is_just_being_written_and_gives_way_to_it(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com", consent=ConsentStatus.PENDING)
    token = ask(people, ada.id)
    people.clock.advance(timedelta(minutes=1))
    with ThreadPoolExecutor(1) as thread:
        with people.db.transaction() as connection:
            people.consent.withdraw(connection, people.by.workspace_id, [ada.id], NO)
            answering = thread.submit(confirm, people, token)
            wait_for(lambda: is_waiting(people), "the answer to have found its question")
        assert answering.result() is None
    assert standing(people, ada.id) is ConsentStatus.UNSUBSCRIBED


def is_waiting(people: People) -> bool:
    """Whether a session of this database waits for another."""
    waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    with people.db.read() as connection:
        return connection.execute(sa.text(waiting)).first() is not None


def test_of_two_who_press_the_same_link_at_once_one_is_first(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com", consent=ConsentStatus.PENDING)
    token = ask(people, ada.id)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _number: confirm(people, token), range(4)))
    assert [each is None for each in found].count(False) == 1
    yes = [record for record in people.consent.history(people.by, ada.id) if record.state is ConsentStatus.SUBSCRIBED]
    assert len(yes) == 1
