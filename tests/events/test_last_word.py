"""Of all that somebody says outside, a no is the last word: in whatever order it is read, and whatever is still asked of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from core.contacts.consent.consent import ConsentStatus
from core.contacts.consent.opt_in import OptIn
from core.contacts.consent.stop_marks import mark
from core.contacts.hosted.lines import Choices, Confirmation, Preferences
from core.contacts.hosted.public_lists import PublicLists
from core.contacts.suppression.suppression import Suppressions
from core.contacts.tables import contacts, list_members, opt_ins
from core.contacts.uniting import Merges
from core.storage.event_words import EventKind
from tests.events.conftest import World
from tests.events.test_outside import ANSWER, CHOSEN, TOLD, Outside

OTHER_WORDS = replace(TOLD, wording="I agree to everything.", wording_version=2)


@pytest.fixture
def outside(world: World) -> Outside:
    return opened(Outside(world))


@pytest.fixture
def small(small_world: World) -> Outside:
    return opened(Outside(small_world))


def opened(outside: Outside) -> Outside:
    for one in (outside.news, outside.offers):
        PublicLists(outside.db, outside.world.clock).present(outside.by, one, is_public=True, description="")
    return outside


def tokens(outside: Outside) -> list[str]:
    """The tokens of a mail for each question, the oldest first."""
    with outside.db.transaction() as connection:
        numbers = connection.execute(sa.select(opt_ins.c.id).order_by(opt_ins.c.id)).scalars().all()
        return [OptIn(outside.db, outside.world.clock).issue(connection, each, outside.by.workspace_id) for each in numbers]


def confirm(outside: Outside, token: str) -> None:
    outside.ask(Confirmation(outside.now, token, False, ANSWER))


def on(outside: Outside) -> set[int]:
    return {row.list_id for row in outside.world.rows(list_members)}


def later(outside: Outside, seconds: float = 60) -> None:
    outside.world.clock.advance(timedelta(seconds=seconds))


def no_to_all(outside: Outside, message_id: int) -> None:
    outside.world.journal(outside.world.record(EventKind.UNSUBSCRIBED, message_id))
    outside.ingester.catch_up()


def test_unticking_a_list_one_is_only_asked_about_closes_the_question(outside: Outside) -> None:
    outside.ask(outside.submission())
    message, [token] = outside.world.message_to(outside.contact().id), tokens(outside)
    later(outside)
    outside.choose(message, Choices(left=(outside.news,)))
    [asked] = outside.world.rows(opt_ins)
    assert (asked.expires_at, asked.mail_due_at) == (asked.asked_at, None)
    [record] = [each for each in outside.consent.history(outside.by, outside.contact().id) if each.state is ConsentStatus.UNSUBSCRIBED]
    assert (record.list_id, record.message_id) == (outside.news, message)
    later(outside)
    confirm(outside, token)
    assert (outside.contact().consent, on(outside)) == (ConsentStatus.PENDING, set())


def test_unticking_a_list_takes_it_out_of_every_open_question(outside: Outside) -> None:
    outside.ask(
        outside.submission(),
        outside.submission(key="k2", evidence=OTHER_WORDS),
        outside.submission(key="k3", list_ids=(outside.news, outside.offers)),
    )
    message, [first, second, both] = outside.world.message_to(outside.contact().id), tokens(outside)
    later(outside)
    outside.choose(message, Choices(left=(outside.news,)))
    assert [row.mail_due_at is None for row in outside.world.rows(opt_ins)] == [True, True, False]
    for token in (first, second):
        confirm(outside, token)
        assert outside.contact().consent is ConsentStatus.PENDING
    confirm(outside, both)
    assert (outside.contact().consent, on(outside)) == (ConsentStatus.SUBSCRIBED, {outside.offers})


def test_choices_are_carried_out_in_the_order_they_were_said(outside: Outside) -> None:
    message = outside.world.message("ada@example.com")
    said = [
        Preferences(outside.now + timedelta(seconds=second), message, False, CHOSEN, choices)
        for second, choices in enumerate(
            [Choices(joined=(outside.news,)), Choices(left=(outside.news,)), Choices(joined=(outside.news, outside.offers))]
        )
    ]
    outside.ask(*reversed(said))  # as several journals are read
    assert on(outside) == {outside.news, outside.offers}
    states = [record.state for record in outside.consent.history(outside.by, outside.contact().id) if record.list_id == outside.news]
    assert states == [ConsentStatus.SUBSCRIBED, ConsentStatus.UNSUBSCRIBED, ConsentStatus.SUBSCRIBED]


@pytest.mark.parametrize("apart", [False, True])
def test_a_no_to_a_list_wins_over_a_yes_said_before_it_in_whatever_order_they_are_read(outside: Outside, apart: bool) -> None:
    message = outside.world.message("ada@example.com")
    outside.lists.add(outside.by, outside.news, [outside.contact().id])
    yes = Preferences(outside.now, message, False, CHOSEN, Choices(joined=(outside.news, outside.offers)))
    later(outside)
    no = replace(yes, at=outside.now, choices=Choices(left=(outside.news,)))
    for batch in ([no], [yes]) if apart else ([no, yes],):
        outside.ask(*batch)
    assert on(outside) == {outside.offers}


def test_a_no_to_a_list_that_is_heard_of_late_does_not_undo_a_yes_since(outside: Outside) -> None:
    message = outside.world.message("ada@example.com")
    outside.lists.add(outside.by, outside.news, [outside.contact().id])
    first, *_ = said = [outside.now + timedelta(minutes=each) for each in range(3)]
    late = Preferences(said[1], message, False, CHOSEN, Choices(left=(outside.news,)))
    outside.ask(replace(late, at=first))
    outside.ask(replace(late, at=said[2], choices=Choices(joined=(outside.news,))))
    outside.ask(late)
    assert on(outside) == {outside.news}


@pytest.mark.parametrize("asks", [True, False])
@pytest.mark.parametrize("what", ["everything", "the list"])
def test_a_form_that_is_read_after_a_no_said_later_asks_nobody(outside: Outside, what: str, asks: bool) -> None:
    message = outside.world.message("ada@example.com")
    outside.lists.add(outside.by, outside.news, [outside.contact().id])
    form = outside.submission(double_opt_in=asks)
    later(outside)
    if what == "everything":
        no_to_all(outside, message)
    else:
        outside.choose(message, Choices(left=(outside.news,)))
    before = outside.contact().consent
    outside.ask(form)
    assert not outside.world.rows(opt_ins)
    assert (outside.contact().consent, on(outside)) == (before, {outside.news} if what == "everything" else set())
    outside.ask(outside.submission(key="k2"))  # who asks after the no is asked
    assert [row.list_ids for row in outside.world.rows(opt_ins)] == [[outside.news]]


def test_a_form_that_does_without_asks_who_has_just_said_no(outside: Outside) -> None:
    """Their no is marked and not read yet: whoever types their address in the meantime may be anybody."""
    message = outside.world.message("ada@example.com")
    no = outside.world.record(EventKind.UNSUBSCRIBED, message)
    with outside.db.transaction() as connection:
        assert mark(connection, contacts.c.id == outside.contact().id, outside.world.clock)
    later(outside, 1)
    outside.ask(outside.submission(double_opt_in=False))
    assert (len(outside.world.rows(opt_ins)), on(outside)) == (1, set())
    assert not any(record.state is ConsentStatus.SUBSCRIBED for record in outside.consent.history(outside.by, outside.contact().id))
    outside.world.journal(no)
    outside.ingester.catch_up()
    assert outside.contact().consent is ConsentStatus.UNSUBSCRIBED
    [token] = tokens(outside)  # asked for after the no, so it may be answered
    confirm(outside, token)
    assert outside.contact().consent is ConsentStatus.SUBSCRIBED


def test_an_answer_that_is_read_after_a_no_said_later_confirms_nothing(outside: Outside) -> None:
    outside.ask(outside.submission())
    message, [token] = outside.world.message_to(outside.contact().id), tokens(outside)
    later(outside)
    answer = Confirmation(outside.now, token, False, ANSWER)
    later(outside)
    no = outside.world.record(EventKind.UNSUBSCRIBED, message)
    later(outside)
    outside.ask(outside.submission(key="k2"))  # the same once more, after the no: this question is open still
    outside.world.journal(no)
    outside.ingester.catch_up()
    outside.ask(answer)
    assert (outside.contact().consent, on(outside)) == (ConsentStatus.UNSUBSCRIBED, set())
    later(outside)
    confirm(outside, token)
    assert outside.contact().consent is ConsentStatus.SUBSCRIBED


@pytest.mark.parametrize("how", ["by choice", "by the browser"])
def test_that_nothing_is_sold_wins_over_a_permission_said_before_it(outside: Outside, how: str) -> None:
    message = outside.world.message("ada@example.com")
    outside.choose(message, Choices(do_not_sell=True))
    outside.choose(message, Choices(do_not_sell=False))
    later(outside)
    allowed = Preferences(outside.now, message, False, CHOSEN, Choices(do_not_sell=False))
    later(outside)
    outside.choose(message, Choices(do_not_sell=True) if how == "by choice" else Choices(), has_gpc=how == "by the browser")
    outside.ask(allowed)
    assert outside.column(outside.contact().id, "do_not_sell") is True
    later(outside)
    outside.choose(message, Choices(do_not_sell=False))
    assert outside.column(outside.contact().id, "do_not_sell") is False


def test_the_link_of_an_address_that_was_merged_away_only_ever_asks_for_less_mail(outside: Outside) -> None:
    own = outside.world.message("ada@example.com")
    ada = outside.contact().id
    old = outside.world.message("ada@work.example")
    Merges(outside.db, outside.world.clock, Suppressions(outside.db, outside.world.clock)).merge(
        outside.by, ada, [outside.contact("ada@work.example").id]
    )

    def pace() -> tuple[object, object]:
        return outside.column(ada, "frequency"), outside.column(ada, "paused_until")

    def after(days: int) -> datetime:
        moment: datetime = outside.now + timedelta(days=days)
        return moment

    outside.choose(own, Choices(frequency="weekly", pause_days=30))
    outside.choose(old, Choices(frequency="all", pause_days=0))
    assert pace() == ("weekly", after(30))
    outside.choose(old, Choices(frequency="monthly", pause_days=90))
    assert pace() == ("monthly", after(90))
    outside.choose(old, Choices(frequency="weekly", pause_days=7))
    assert pace() == ("monthly", after(90))
    outside.choose(own, Choices(frequency="all", pause_days=0))  # their own link may ask for more
    assert pace() == ("all", None)


def test_the_link_of_an_address_that_was_merged_away_can_say_no_but_not_yes(outside: Outside) -> None:
    """Its mailbox may be somebody else's by now: it does not agree for the address that stays."""
    outside.world.message("ada@example.com")
    ada = outside.contact().id
    old = outside.world.message("ada@work.example")
    outside.lists.add(outside.by, outside.news, [ada])
    Merges(outside.db, outside.world.clock, Suppressions(outside.db, outside.world.clock)).merge(
        outside.by, ada, [outside.contact("ada@work.example").id]
    )
    outside.choose(old, Choices(joined=(outside.offers,), do_not_sell=True, frequency="weekly"))
    assert (on(outside), outside.column(ada, "do_not_sell"), outside.column(ada, "frequency")) == ({outside.news}, True, "weekly")
    outside.choose(old, Choices(left=(outside.news,), do_not_sell=False))
    assert (on(outside), outside.column(ada, "do_not_sell")) == (set(), True)
    no_to_all(outside, old)
    assert outside.contact().consent is ConsentStatus.UNSUBSCRIBED
    later(outside)
    outside.choose(old, Choices(comes_back=True))
    assert outside.contact().consent is ConsentStatus.UNSUBSCRIBED
