"""Nobody is reminded twice of the same thing, nor of what they have answered; and no mail asks who has said no."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from core.contacts.consent.consent import ConsentStatus
from core.contacts.consent.evidence import Evidence
from core.contacts.consent.list_choices import join_list
from core.contacts.consent.records import add_records
from core.contacts.consent.stop_marks import mark
from core.contacts.tables import contacts, opt_ins
from core.jobs.opt_in_mail import MOST_A_MONTH, OptInMail
from tests.contacts.kits import exports
from tests.support.asking import OTHER, SAID, Desk

AT_ONCE, REMINDED = timedelta(0), timedelta(days=2)


def test_two_questions_about_one_list_are_reminded_of_once(desk: Desk) -> None:
    desk.ask(desk.news)
    desk.ask(desk.news, evidence=OTHER)
    assert desk.mails() == [AT_ONCE, AT_ONCE, REMINDED]


def test_who_asks_twice_is_not_reminded_twice(desk: Desk) -> None:
    desk.ask(desk.news)
    assert desk.mails(days=1) == [AT_ONCE]
    desk.ask(desk.news)
    desk.ask(desk.news, desk.offers)  # overlaps with what is asked already
    assert len(desk.mails()) == 2


def test_two_workers_at_once_remind_once(desk: Desk) -> None:
    people = [desk.services.contacts.save(desk.by, f"p{n}@example.com", consent=ConsentStatus.PENDING).id for n in range(12)]
    for contact_id in people:
        desk.ask(desk.news, contact_id=contact_id)
        desk.ask(desk.news, evidence=OTHER, contact_id=contact_id)
    assert len(desk.mails(days=1)) == 2 * len(people)
    desk.clock.advance(timedelta(days=1))
    together = Barrier(3)

    def work(_number: int) -> int:
        job = OptInMail(desk.services)
        together.wait(timeout=30)
        return sum(job.step() for _round in range(3))

    with ThreadPoolExecutor(3) as threads:
        assert sum(threads.map(work, range(3))) <= len(people)
    desk.clock.advance(timedelta(hours=1))
    desk.mails(days=1)
    with desk.services.db.read() as connection:
        assert connection.execute(sa.select(sa.func.sum(opt_ins.c.mails))).scalar_one() == 3 * len(people)


def test_questions_about_different_lists_have_a_reminder_each(small_desk: Desk) -> None:
    small_desk.ask(small_desk.news)
    small_desk.ask(small_desk.offers)
    assert small_desk.mails() == [AT_ONCE, AT_ONCE, REMINDED, REMINDED]


def test_a_question_about_no_list_is_reminded_of_once(small_desk: Desk) -> None:
    small_desk.ask()
    small_desk.ask(evidence=OTHER)
    assert small_desk.mails() == [AT_ONCE, AT_ONCE, REMINDED]


def test_a_reminder_of_long_ago_is_none_of_this_one(small_desk: Desk) -> None:
    small_desk.ask(small_desk.news)
    assert small_desk.mails(days=30) == [AT_ONCE, REMINDED]
    small_desk.ask(small_desk.news)
    assert small_desk.mails() == [timedelta(days=30), timedelta(days=32)]


@pytest.mark.parametrize("how", ["by the other mail", "on the page of choices"])
def test_no_reminder_after_a_yes(desk: Desk, how: str) -> None:
    desk.ask(desk.news)
    desk.ask(desk.news, evidence=OTHER)
    assert desk.mails(days=1) == [AT_ONCE, AT_ONCE]
    if how == "by the other mail":
        desk.answer(OTHER)
    else:
        desk.services.consent.give(desk.by, desk.ada, "by letter")
        desk.choose(desk.news, join_list)
    assert desk.mails() == []


def test_a_yes_to_one_list_does_not_answer_for_another(small_desk: Desk) -> None:
    small_desk.ask(small_desk.news)
    small_desk.ask(small_desk.offers, evidence=OTHER)
    assert small_desk.mails(days=1) == [AT_ONCE, AT_ONCE]
    small_desk.answer(OTHER)
    assert small_desk.mails() == [REMINDED]


def test_who_is_on_a_list_and_had_left_everything_is_reminded_of_what_they_asked_for(small_desk: Desk) -> None:
    small_desk.services.consent.give(small_desk.by, small_desk.ada, "by letter")
    small_desk.choose(small_desk.news, join_list)
    with small_desk.services.db.transaction() as connection:
        small_desk.services.consent.withdraw(connection, small_desk.by.workspace_id, [small_desk.ada], SAID)
    small_desk.clock.advance(timedelta(hours=6))
    small_desk.ask(small_desk.news)
    assert len(small_desk.mails()) == 2


def everything(desk: Desk) -> None:
    with desk.services.db.transaction() as connection:
        desk.services.consent.withdraw(connection, desk.by.workspace_id, [desk.ada], SAID)


def the_list(desk: Desk) -> None:
    desk.choose(desk.news)


def unread(desk: Desk) -> None:
    """The no is marked; nothing has read it yet."""
    with desk.services.db.transaction() as connection:
        assert mark(connection, contacts.c.id == desk.ada, desk.clock)


def on_record(desk: Desk) -> None:
    """A no that another way put on record, which knows nothing of what is asked."""
    with desk.services.db.transaction() as connection:
        add_records(connection, desk.by.workspace_id, [desk.ada], ConsentStatus.UNSUBSCRIBED, SAID, desk.clock.now())


def moved_in(desk: Desk) -> None:
    """A no that they said at another tool, where it is that of somebody unsubscribed here already."""
    with desk.services.db.transaction() as connection:
        connection.execute(sa.update(contacts).where(contacts.c.id == desk.ada).values(consent=ConsentStatus.UNSUBSCRIBED.value))
    said = f"{desk.clock.now():%Y-%m-%d %H:%M:%S}"
    row = {"Email Address": desk.services.contacts.get(desk.by, desk.ada).email, "LEID": "1", "UNSUB_TIME": said}
    desk.clock.advance(timedelta(seconds=1))
    export = exports.written(exports.MAILCHIMP_UNSUBSCRIBED, [row])
    desk.services.move_ins.run(desk.by, export, "unsubscribed.csv", list_name="Moved")


def of_somebody_they_were_merged_with(desk: Desk) -> None:
    other = desk.services.contacts.save(desk.by, "ada@home.example", consent=ConsentStatus.PENDING).id
    desk.choose(desk.news, contact_id=other)
    desk.services.merges.merge(desk.by, desk.ada, [other])


@pytest.mark.parametrize("no", [everything, the_list, unread, on_record, moved_in, of_somebody_they_were_merged_with])
@pytest.mark.parametrize("asked_before", [0, 1])
def test_no_mail_asks_who_has_said_no(desk: Desk, no: Callable[[Desk], None], asked_before: int) -> None:
    desk.ask(desk.news)
    desk.ask(desk.news, evidence=OTHER)
    if asked_before:
        assert desk.mails(days=1) == [AT_ONCE, AT_ONCE]
    desk.clock.advance(timedelta(hours=1))
    no(desk)
    assert desk.mails() == []


@pytest.mark.parametrize("no", [everything, the_list, unread, on_record, moved_in])
def test_who_asks_after_a_no_is_asked(small_desk: Desk, no: Callable[[Desk], None]) -> None:
    no(small_desk)
    small_desk.clock.advance(timedelta(hours=1))
    small_desk.ask(small_desk.news)
    assert len(small_desk.mails()) == 2


@pytest.mark.parametrize("no", [everything, the_list, on_record, moved_in, of_somebody_they_were_merged_with])
def test_a_mail_of_before_the_no_confirms_nothing(desk: Desk, no: Callable[[Desk], None]) -> None:
    desk.ask(desk.news)
    token = desk.token()
    desk.clock.advance(timedelta(minutes=1))
    no(desk)
    desk.clock.advance(timedelta(minutes=1))
    with desk.services.db.transaction() as connection:
        assert desk.services.opt_in.peek(connection, token) is None
        assert desk.services.opt_in.confirm(connection, token, Evidence()) is None
    assert desk.services.contacts.get(desk.by, desk.ada).consent is not ConsentStatus.SUBSCRIBED
    assert desk.services.lists.get(desk.by, desk.news).size == 0


def test_who_was_merged_with_somebody_who_left_a_list_confirms_the_other(desk: Desk) -> None:
    desk.ask(desk.news, desk.offers)
    token = desk.token()
    desk.clock.advance(timedelta(minutes=1))
    of_somebody_they_were_merged_with(desk)
    desk.clock.advance(timedelta(minutes=1))
    with desk.services.db.transaction() as connection:
        assert desk.services.opt_in.confirm(connection, token, Evidence())
    assert [desk.services.lists.get(desk.by, each).size for each in (desk.news, desk.offers)] == [0, 1]


def test_whose_address_is_typed_again_and_again_has_some_mails_a_month(desk: Desk) -> None:
    found: list[timedelta] = []
    for _day in range(45):
        desk.ask(desk.news)
        desk.ask(desk.offers, evidence=OTHER)
        found += desk.mails(days=1)
    first, second = (sum(start <= each < start + timedelta(days=30) for each in found) for start in (timedelta(0), timedelta(days=15)))
    assert (first, second <= MOST_A_MONTH) == (MOST_A_MONTH, True)
    assert found[-1] > timedelta(days=30)


def test_who_has_answered_may_be_asked_anew(small_desk: Desk) -> None:
    for number in range(MOST_A_MONTH + 2):
        said = replace(SAID, wording=f"Yes to {number}.")
        small_desk.ask(evidence=said)
        assert len(small_desk.mails(days=1)) == 1
        small_desk.answer(said)
