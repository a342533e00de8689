"""How often a mailbox was asked is no matter of the contact: deleting, erasing, merging or another spelling makes room for no mail."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from core.app import build
from core.clock import FrozenClock
from core.contacts.consent.consent import ConsentStatus
from core.contacts.forms import Forms
from core.contacts.hosted.design import FormDesign
from core.contacts.hosted.lines import Submission, line_of
from core.contacts.tables import opt_in_mails, opt_ins
from core.jobs.opt_in_mail import MOST_A_DAY, MOST_A_MONTH, OptInMail
from core.jobs.tidying import Tidying
from core.permissions import Principal
from core.providers.tables import connections
from core.storage.journal import JournalWriter
from tests.conftest import NOON
from tests.support.asking import FORM, Desk
from tests.support.waiting import wait_for

ADA = "ada@example.com"
AT_ONCE, A_MONTH = timedelta(0), timedelta(days=30)


def add(desk: Desk, email: str = ADA, by: Principal | None = None) -> int:
    return desk.services.contacts.save(by or desk.by, email, consent=ConsentStatus.PENDING).id


def delete(desk: Desk, email: str = ADA) -> None:
    if contact := desk.services.contacts.find(desk.by, email):
        desk.services.contacts.delete(desk.by, contact.id)


def erase(desk: Desk) -> None:
    """Erase Ada; an owner allows her address again, or she would not be asked at all."""
    desk.services.erasures.erase(desk.by, ADA, confirmed=ADA)
    while desk.services.erasing_work.step():
        pass
    desk.services.suppressions.remove(desk.by, ADA)


def merge(desk: Desk) -> None:
    contact = desk.services.contacts.find(desk.by, ADA)
    assert contact
    desk.services.merges.merge(desk.by, add(desk, "ada@home.example"), [contact.id])


def added_and_asked(desk: Desk, email: str = ADA) -> int:
    """Add an address, have it asked, and return how many mails were put on record."""
    desk.ask(desk.news, contact_id=add(desk, email))
    return OptInMail(desk.services).step()


@pytest.mark.parametrize("leave", [delete, erase, merge])
def test_added_again_nobody_is_asked_more_often_a_day(desk: Desk, leave: Callable[[Desk], None]) -> None:
    mails = 0
    for _time in range(6):
        mails += added_and_asked(desk)
        leave(desk)
        desk.clock.advance(timedelta(minutes=10))
    assert mails == MOST_A_DAY
    desk.clock.advance(timedelta(days=1))
    assert added_and_asked(desk) == 1


def test_deleted_and_added_every_day_somebody_has_some_mails_a_month_and_then_some_again(desk: Desk) -> None:
    found: list[timedelta] = []
    for _day in range(32):
        desk.ask(desk.news, contact_id=add(desk))
        found += desk.mails(days=1)
        delete(desk)
    assert sum(each < A_MONTH for each in found) == MOST_A_MONTH
    assert found[MOST_A_MONTH] == A_MONTH  # the first of them counts no more


@pytest.mark.parametrize("leave", [delete, erase])
def test_signed_up_again_by_the_form_nobody_is_asked_more_often(desk: Desk, leave: Callable[[Desk], None]) -> None:
    form = Forms(desk.services.db, desk.clock).create(desk.by, "Footer", FormDesign("News", "I agree to get news.", (desk.news,)))
    writer, mails = JournalWriter(desk.services.settings.journal_dir, "test"), 0
    for time in range(6):
        said = Submission(desk.clock.now(), desk.by.workspace_id, form.id, f"k{time}", ADA, {}, {}, (desk.news,), True, False, FORM)
        writer.append([line_of(said)])
        desk.services.ingester.catch_up()
        assert desk.services.contacts.find(desk.by, ADA)
        mails += OptInMail(desk.services).step()
        leave(desk)
        desk.clock.advance(timedelta(minutes=10))
    writer.close()
    assert mails == MOST_A_DAY


def test_however_an_address_is_spelt_its_mailbox_is_asked_no_more_often(small_desk: Desk) -> None:
    spelt = ("ada@example.com", "ADA@example.com", "ada+1@example.com", "ada+2@example.com", "ada+3@example.com")
    assert sum(added_and_asked(small_desk, each) for each in spelt) == MOST_A_DAY
    assert added_and_asked(small_desk, "bob@example.com") == 1


def test_another_workspace_asks_by_itself(desk: Desk) -> None:
    for _time in range(5):
        added_and_asked(desk)
        delete(desk)
    other = Principal.system(desk.services.workspaces.create("Other").id)
    theirs = add(desk, by=other)
    with desk.services.db.transaction() as connection:
        desk.services.opt_in.ask(connection, other.workspace_id, theirs, [], FORM)
    assert OptInMail(desk.services).step() == 1


def test_mails_from_before_they_were_counted_by_address_count_each_once(desk: Desk) -> None:
    for number in range(2):
        desk.ask(desk.news, evidence=replace(FORM, wording=f"Yes to {number}."))
    assert OptInMail(desk.services).step() == 2
    with desk.services.db.transaction() as connection:  # as the upgrade finds them
        connection.execute(sa.delete(opt_in_mails))
    found = 0
    for number in range(2, 5):
        desk.ask(desk.news, evidence=replace(FORM, wording=f"Yes to {number}."))
        found += OptInMail(desk.services).step()
    assert found == MOST_A_DAY - 2


def test_what_was_counted_under_a_key_of_before_still_counts(small_desk: Desk) -> None:
    assert [added_and_asked(small_desk) for _time in range(MOST_A_DAY)] == [1] * MOST_A_DAY
    delete(small_desk)
    old = small_desk.services.settings
    changed = old.model_copy(update={"secret_key": type(old.secret_key)("another-key-for-tests"), "previous_secret_keys": old.secret_key})
    services = build(changed, clock=small_desk.clock)
    assert added_and_asked(replace(small_desk, services=services)) == 0
    services.close()


def test_what_was_answered_counts_for_the_day_only_also_after_deleting(desk: Desk) -> None:
    for number in range(MOST_A_MONTH + 2):
        said = replace(FORM, wording=f"Yes to {number}.")
        desk.ask(desk.news, evidence=said, contact_id=add(desk))
        assert len(desk.mails(days=1)) == 1
        desk.answer(said)
        delete(desk)


def test_a_mail_that_could_not_be_written_counts_for_none(small_desk: Desk) -> None:
    services = small_desk.services
    default = services.connections.default(small_desk.by)

    def is_of(kind: str) -> None:
        with services.db.transaction() as connection:
            connection.execute(sa.update(connections).where(connections.c.id == default.id).values(kind=kind))

    is_of("generic")  # which takes reports only
    for _time in range(MOST_A_DAY + 1):
        assert added_and_asked(small_desk) == 0
        delete(small_desk)
    is_of(default.kind)
    assert added_and_asked(small_desk) == 1


def test_of_workers_at_once_no_two_take_the_same_room(desk: Desk) -> None:
    for number in range(12):
        desk.ask(desk.news, contact_id=add(desk, f"ada+{number}@example.com"))
    together = Barrier(4)

    def work(_number: int) -> int:
        job = OptInMail(desk.services)
        together.wait(timeout=30)
        return sum(job.step() for _round in range(2))

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(work, range(4))) == MOST_A_DAY


@pytest.mark.parametrize("db", ["postgresql"], indirect=True)
def test_a_worker_waits_for_another_that_is_just_counting(desk: Desk) -> None:
    """The second one does not know of the first one's question, which is too old by its clock, and has another to the same mailbox."""
    assert [added_and_asked(desk) for _time in range(MOST_A_DAY - 1)] == [1, 1]
    first, second = (add(desk, f"ada+{number}@example.com") for number in range(2))
    for contact_id in (first, second):
        desk.ask(desk.news, contact_id=contact_id)
    theirs, soon = opt_ins.c.contact_id == first, desk.clock.now() + timedelta(hours=1)
    with desk.services.db.transaction() as connection:
        connection.execute(sa.update(opt_ins).where(theirs).values(expires_at=soon))
    later = build(desk.services.settings, clock=FrozenClock(soon))
    with ThreadPoolExecutor(2) as threads:
        with desk.services.db.transaction() as connection:
            connection.execute(sa.select(opt_ins.c.id).where(theirs).with_for_update()).one()
            one = threads.submit(OptInMail(desk.services).step)
            wait_for(lambda: waiting(desk) == 1, "the first worker to have counted")
            other = threads.submit(OptInMail(later).step)
            wait_for(lambda: waiting(desk) == 2 or other.done(), "the second worker to wait or to be done")
        assert one.result() + other.result() == 1
    later.close()


def waiting(desk: Desk) -> int:
    """How many sessions of this database wait for another."""
    those = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    with desk.services.db.read() as connection:
        return int(connection.execute(sa.text(those)).scalar_one())


def test_it_is_kept_for_30_days_and_says_no_address(desk: Desk) -> None:
    tidying = Tidying(desk.services)
    added_and_asked(desk)
    desk.clock.advance(timedelta(days=1))
    added_and_asked(desk)
    delete(desk)

    def kept() -> list[timedelta]:
        with desk.services.db.read() as connection:
            rows = connection.execute(sa.select(opt_in_mails).order_by(opt_in_mails.c.created_at)).all()
        assert not any("example" in str(value) for row in rows for value in row)
        return [row.created_at - NOON for row in rows]

    desk.clock.advance(timedelta(days=28))
    tidying.step()
    assert kept() == [AT_ONCE, timedelta(days=1)]
    desk.clock.advance(timedelta(days=1))
    assert tidying.step() == 1
    assert kept() == [timedelta(days=1)]
    desk.clock.advance(timedelta(days=1))
    assert (tidying.step(), kept()) == (1, [])
