"""What people choose: how often, a pause, no sale, leaving one list; and lists that ask first."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.contacts.changes import next_change
from core.contacts.consent.choices import Choices, Chosen
from core.contacts.consent.consent import ConsentStatus
from core.contacts.consent.evidence import ConsentMethod, ConsentPurpose, Evidence
from core.contacts.consent.list_choices import join_list, leave_list
from core.contacts.consent.stop_marks import LEFT_BEHIND, StopMarks, mark
from core.contacts.consent.wordings import Wordings
from core.contacts.lookup import Frequency, mailable
from core.contacts.tables import contacts, opt_ins, stop_marks
from core.contacts.uniting_choices import unite_choices
from core.errors import InvalidInput, NotFound
from tests.conftest import NOON
from tests.contacts.conftest import People, on_sqlite

TOLD = Evidence(ConsentMethod.PREFERENCES, "preferences", "192.0.2.7")


def leave(people: People, contact_id: int, list_id: int, *, back: bool = False) -> bool:
    with people.db.transaction() as connection:
        change = next_change(connection, people.by.workspace_id)
        return (join_list if back else leave_list)(connection, people.by.workspace_id, contact_id, list_id, change, TOLD, NOON)


def asked(people: People) -> list[int]:
    with people.db.read() as connection:
        return list(connection.execute(sa.select(opt_ins.c.contact_id).order_by(opt_ins.c.contact_id)).scalars())


def test_who_left_a_list_is_put_back_by_nobody_else(people: People) -> None:
    news = people.lists.create(people.by, "News").id
    ada = people.contacts.save(people.by, "ada@example.com", list_ids=[news])
    assert leave(people, ada.id, news)
    assert not leave(people, ada.id, news)
    people.take_in("email,first_name\nada@example.com,Ada\n")
    people.contacts.save(people.by, "ada@example.com", list_ids=[news])
    assert people.lists.add(people.by, news, [ada.id]) == 0
    assert people.lists.get(people.by, news).size == 0
    assert people.take_in("email\nada@example.com\n").unchanged == 1
    assert leave(people, ada.id, news, back=True)
    assert people.lists.get(people.by, news).size == 1
    records = [(each.purpose, each.list_id, each.state) for each in people.consent.history(people.by, ada.id)][1:]
    assert records == [
        (ConsentPurpose.LIST, news, ConsentStatus.UNSUBSCRIBED),
        (ConsentPurpose.LIST, news, ConsentStatus.SUBSCRIBED),
    ]
    assert not leave(people, ada.id, 999_999)


def test_a_list_with_double_opt_in_asks_those_others_put_on_it(people: People) -> None:
    news = people.lists.create(people.by, "News").id
    with pytest.raises(InvalidInput):
        people.lists.set_opt_in(people.by, news, double_opt_in=True)
    assert people.lists.set_opt_in(people.by, news, double_opt_in=True, from_email="News@Example.com").from_email == "news@example.com"
    known = people.contacts.save(people.by, "known@example.com").id
    no = people.contacts.save(people.by, "no@example.com", consent=ConsentStatus.UNSUBSCRIBED).id
    people.take_in("email\nnew@example.com\nknown@example.com\nno@example.com\n")
    by_hand = people.contacts.save(people.by, "hand@example.com", list_ids=[news])
    assert people.lists.add(people.by, news, [no]) == 0
    new = people.contacts.find(people.by, "new@example.com")
    assert new
    assert (new.consent, by_hand.consent) == (ConsentStatus.PENDING, ConsentStatus.PENDING)
    assert people.contacts.get(people.by, known).consent is ConsentStatus.SUBSCRIBED
    assert people.lists.get(people.by, news).size == 0
    assert sorted(asked(people)) == sorted([known, new.id, by_hand.id])
    people.take_in("email\nheld@example.com\nknown@example.com\n", consent_held=True)
    held = people.contacts.find(people.by, "held@example.com")
    assert held
    assert held.consent is ConsentStatus.SUBSCRIBED
    assert people.lists.get(people.by, news).size == 2


def test_a_pause_and_less_often_are_kept_and_told_at_the_moment_of_sending(people: People) -> None:
    choices, ada = Choices(people.db, people.clock), people.contacts.save(people.by, "ada@example.com").id
    assert choices.get(people.by, ada) == Chosen(Frequency.ALL, None, do_not_sell=False)
    until = NOON + timedelta(days=10)
    choices.set_mail(people.by, ada, frequency=Frequency.WEEKLY, paused_until=until)
    assert choices.get(people.by, ada) == Chosen(Frequency.WEEKLY, until, do_not_sell=False)
    with people.db.read() as connection:
        assert mailable(connection, people.by.workspace_id, [ada], NOON).reasons == {ada: "paused"}
        assert mailable(connection, people.by.workspace_id, [ada]).reasons == {}
        later = mailable(connection, people.by.workspace_id, [ada], until)
        assert (later.reasons, later.seldom) == ({}, {ada: Frequency.WEEKLY})
    people.clock.advance(timedelta(days=10))
    assert choices.get(people.by, ada).paused_until is None
    with pytest.raises(NotFound):
        choices.get(people.by, 999_999)


@on_sqlite
def test_the_sale_of_data_is_forbidden_and_allowed_by_records(people: People) -> None:
    choices, ada = Choices(people.db, people.clock), people.contacts.save(people.by, "ada@example.com").id
    for forbidden in (True, True, False):
        choices.set_sale(people.by, ada, forbidden=forbidden, source="by letter")
    told = [(each.purpose, each.state, each.source) for each in people.consent.history(people.by, ada)][1:]
    assert told == [
        (ConsentPurpose.SALE, ConsentStatus.UNSUBSCRIBED, "by letter"),
        (ConsentPurpose.SALE, ConsentStatus.SUBSCRIBED, "by letter"),
    ]
    assert not choices.get(people.by, ada).do_not_sell


def test_of_two_entries_that_become_one_every_no_holds_and_all_proofs_stay(people: People) -> None:
    choices, news = Choices(people.db, people.clock), people.lists.create(people.by, "News").id
    kept, gone = (people.contacts.save(people.by, f"{name}@example.com", list_ids=[news]).id for name in ("kept", "gone"))
    leave(people, gone, news)
    choices.set_sale(people.by, gone, forbidden=True, source="by letter")
    choices.set_mail(people.by, gone, frequency=Frequency.MONTHLY, paused_until=NOON + timedelta(days=1))
    with people.db.transaction() as connection:
        people.consent.withdraw(connection, people.by.workspace_id, [gone], TOLD)
        change = next_change(connection, people.by.workspace_id)
        unite_choices(connection, people.by.workspace_id, kept, [gone], change, "person:1", NOON)
    people.contacts.delete(people.by, gone)
    assert people.contacts.get(people.by, kept).consent is ConsentStatus.UNSUBSCRIBED
    assert choices.get(people.by, kept) == Chosen(Frequency.MONTHLY, NOON + timedelta(days=1), do_not_sell=True)
    assert people.lists.get(people.by, news).size == 0
    history = people.consent.history(people.by, kept)
    assert len(history) == 6
    assert (history[-1].method, history[-1].state) == (ConsentMethod.MERGE, ConsentStatus.UNSUBSCRIBED)


def test_a_mark_holds_at_once_and_one_that_is_left_behind_is_put_on_record(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com").id
    with people.db.transaction() as connection:
        assert mark(connection, contacts.c.id == ada, people.clock)
        assert not mark(connection, contacts.c.id == ada, people.clock)
        assert not mark(connection, contacts.c.id == 999_999, people.clock)
    with people.db.read() as connection:
        assert mailable(connection, people.by.workspace_id, [ada]).reasons == {ada: "unsubscribed"}
    settling = StopMarks(people.db, people.clock, people.consent)
    assert settling.settle() == 0
    people.clock.advance(LEFT_BEHIND + timedelta(seconds=1))
    assert (settling.settle(), settling.settle()) == (1, 0)
    assert people.contacts.get(people.by, ada).consent is ConsentStatus.UNSUBSCRIBED
    people.consent.give(people.by, ada, "asked by letter")
    with people.db.read() as connection:
        assert connection.execute(sa.select(stop_marks)).all() == []


def test_who_is_deleted_while_their_no_is_only_marked_is_kept_out_of_the_mail(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com").id
    people.contacts.save(people.by, "bob@example.com")
    with people.db.transaction() as connection:
        assert mark(connection, contacts.c.id == ada, people.clock)
    people.contacts.delete(people.by, ada)
    result = people.take_in("email\nada@example.com\nbob@example.com\n")
    assert result.suppressed == 1
    back = people.contacts.find(people.by, "ada@example.com")
    assert back is not None
    with people.db.read() as connection:
        assert mailable(connection, people.by.workspace_id, [back.id]).reasons == {back.id: "suppressed"}


@on_sqlite
def test_a_no_that_is_heard_of_late_does_not_undo_a_yes_since(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com", consent=ConsentStatus.UNSUBSCRIBED).id
    people.clock.advance(timedelta(minutes=5))
    people.consent.give(people.by, ada, "asked by letter")
    with people.db.transaction() as connection:
        ws = people.by.workspace_id
        assert people.consent.withdraw(connection, ws, [ada], TOLD, said_at=NOON) == []
        assert people.consent.withdraw(connection, ws, [ada], TOLD, said_at=people.clock.now()) == [ada]


@on_sqlite
def test_each_change_of_a_wording_is_a_new_version(people: People) -> None:
    wordings = Wordings(people.db, people.clock)
    versions = [wordings.save(people.by, "newsletter", "EN", text).version for text in ("Yes.", " Yes. ", "Yes, please.", "Yes.")]
    assert versions == [1, 1, 2, 3]
    assert wordings.save(people.by, "newsletter", "de", "Ja.").version == 1
    assert [(one.language, one.version) for one in wordings.all(people.by)] == [("de", 1), ("en", 3), ("en", 2), ("en", 1)]
    for name, language, text in (("", "en", "x"), ("x", "english language", "x"), ("x", "en", " ")):
        with pytest.raises(InvalidInput):
            wordings.save(people.by, name, language, text)
