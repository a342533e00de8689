"""Whom others have asked by mail, by an import for one: nobody who has said no, whenever that is read; and not many times over."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.contacts.changes import next_change
from core.contacts.consent.consent import Consent, ConsentStatus
from core.contacts.consent.list_choices import leave_list
from core.contacts.consent.stop_marks import mark
from core.contacts.tables import contacts
from core.jobs.opt_in_mail import MOST_A_DAY, OptInMail
from tests.support.asking import SAID, Desk

ADA = b"email\nada@example.com\n"


def import_onto_news(desk: Desk) -> int:
    done = desk.services.imports.run(desk.by, ADA, "people.csv", list_name="News")
    assert done.import_id is not None
    return done.import_id


def subscribed(desk: Desk) -> datetime:
    desk.services.consent.give(desk.by, desk.ada, "by letter")
    desk.clock.advance(timedelta(minutes=1))
    return desk.clock.now()


def is_read(desk: Desk, said: datetime) -> None:
    with desk.services.db.transaction() as connection:
        Consent(desk.services.db, desk.clock).withdraw(connection, desk.by.workspace_id, [desk.ada], SAID, said_at=said)


def test_an_import_asks_nobody_whose_no_is_only_marked(desk: Desk) -> None:
    said = subscribed(desk)
    with desk.services.db.transaction() as connection:
        assert mark(connection, contacts.c.id == desk.ada, desk.clock)
    desk.clock.advance(timedelta(seconds=1))
    import_onto_news(desk)
    assert OptInMail(desk.services).step() == 0
    is_read(desk, said)
    assert desk.mails() == []
    assert desk.services.lists.get(desk.by, desk.news).size == 0


def test_who_said_no_before_an_import_and_is_heard_of_after_it_is_not_reminded(desk: Desk) -> None:
    said = subscribed(desk)
    desk.clock.advance(timedelta(hours=1))
    import_onto_news(desk)
    assert len(desk.mails(days=1)) == 1
    is_read(desk, said)
    assert desk.services.contacts.get(desk.by, desk.ada).consent is ConsentStatus.UNSUBSCRIBED
    assert desk.mails() == []


def test_who_left_the_list_before_an_import_and_is_heard_of_after_it_is_not_reminded(small_desk: Desk) -> None:
    said = subscribed(small_desk)
    small_desk.clock.advance(timedelta(hours=1))
    import_onto_news(small_desk)
    assert len(small_desk.mails(days=1)) == 1
    with small_desk.services.db.transaction() as connection:
        change = next_change(connection, small_desk.by.workspace_id)
        assert leave_list(connection, small_desk.by.workspace_id, small_desk.ada, small_desk.news, change, SAID, said)
    assert small_desk.mails() == []


def test_who_has_asked_since_their_no_is_reminded_of_that_alone(small_desk: Desk) -> None:
    said = subscribed(small_desk)
    small_desk.clock.advance(timedelta(hours=1))
    import_onto_news(small_desk)
    small_desk.ask(small_desk.news)
    assert len(small_desk.mails(days=1)) == 2
    is_read(small_desk, said)
    assert len(small_desk.mails()) == 1


def test_an_import_that_is_taken_back_and_done_again_sends_no_more_mails_a_day_than_any(desk: Desk) -> None:
    subscribed(desk)
    mails = 0
    for _time in range(12):
        number = import_onto_news(desk)
        mails += OptInMail(desk.services).step()
        desk.clock.advance(timedelta(minutes=1))
        desk.services.imports.undo(desk.by, number)
    assert mails == MOST_A_DAY
    assert desk.mails() == []  # what was taken back is not asked any more
