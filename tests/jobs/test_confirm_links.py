"""The link of a mail that asks: good once, for whom it was sent to, and for nobody and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from core.contacts.consent.consent import ConsentStatus
from core.contacts.consent.evidence import ConsentMethod, ConsentPurpose, Evidence
from core.contacts.hosted.applying import Applying
from core.contacts.hosted.lines import Confirmation
from core.permissions import Principal
from tests.support.asking import SAID, Desk

ANSWER = Evidence(ConsentMethod.DOUBLE_OPT_IN, "", "203.0.113.10", "Safari")


def press(desk: Desk, token: str) -> None:
    """Press the button behind a link, and have it carried out."""
    with desk.services.db.transaction() as connection:
        Applying(desk.services.db, desk.services.suppressions).confirm(connection, Confirmation(desk.clock.now(), token, False, ANSWER))


def leads_somewhere(desk: Desk, token: str) -> bool:
    with desk.services.db.read() as connection:
        return desk.services.opt_in.peek(connection, token) is not None


def asked(desk: Desk) -> str:
    """Have Ada asked for the news, with what she told of herself, and return the token of the mail."""
    with desk.services.db.transaction() as connection:
        given = {"names": {"first_name": "Ada"}}
        desk.services.opt_in.ask(connection, desk.by.workspace_id, desk.ada, [desk.news], SAID, given)
    token = desk.token()
    desk.clock.advance(timedelta(minutes=1))
    return token


def on(desk: Desk) -> int:
    return desk.services.lists.get(desk.by, desk.news).size


def yeses(desk: Desk, contact_id: int) -> list[ConsentPurpose]:
    history = desk.services.consent.history(desk.by, contact_id)
    return [record.purpose for record in history if record.state is ConsentStatus.SUBSCRIBED]


def test_it_counts_once_and_is_on_record_once(desk: Desk) -> None:
    token = asked(desk)
    for _press in range(3):
        press(desk, token)
        assert not leads_somewhere(desk, token)
        desk.clock.advance(timedelta(minutes=1))
    assert yeses(desk, desk.ada) == [ConsentPurpose.EVERYTHING, ConsentPurpose.LIST]
    assert (on(desk), desk.services.contacts.get(desk.by, desk.ada).first_name) == (1, "Ada")


def test_pressed_again_it_does_not_undo_what_was_said_since(desk: Desk) -> None:
    token = asked(desk)
    press(desk, token)
    desk.clock.advance(timedelta(minutes=1))
    with desk.services.db.transaction() as connection:
        desk.services.consent.withdraw(connection, desk.by.workspace_id, [desk.ada], SAID)
    desk.choose(desk.news)
    desk.clock.advance(timedelta(minutes=1))
    press(desk, token)
    assert (on(desk), desk.services.contacts.get(desk.by, desk.ada).consent) == (0, ConsentStatus.UNSUBSCRIBED)


def test_of_somebody_erased_it_brings_nobody_back(desk: Desk) -> None:
    token = asked(desk)
    desk.services.erasures.erase(desk.by, "ada@example.com", confirmed="ada@example.com")
    assert not leads_somewhere(desk, token)
    press(desk, token)
    assert desk.services.contacts.find(desk.by, "ada@example.com") is None
    back = desk.services.contacts.save(desk.by, "ada@example.com", consent=ConsentStatus.PENDING)
    press(desk, token)
    assert (on(desk), yeses(desk, back.id)) == (0, [])


def test_of_somebody_deleted_it_is_no_answer_for_who_has_the_address_next(desk: Desk) -> None:
    token = asked(desk)
    desk.services.contacts.delete(desk.by, desk.ada)
    back = desk.services.contacts.save(desk.by, "ada@example.com", consent=ConsentStatus.PENDING)
    press(desk, token)
    assert (leads_somewhere(desk, token), on(desk), yeses(desk, back.id)) == (False, 0, [])


def test_of_somebody_merged_it_does_not_answer_for_the_other_address(desk: Desk) -> None:
    token = asked(desk)
    kept = desk.services.contacts.save(desk.by, "ada@home.example", consent=ConsentStatus.PENDING).id
    desk.services.merges.merge(desk.by, kept, [desk.ada])
    press(desk, token)
    assert (leads_somewhere(desk, token), on(desk), yeses(desk, kept)) == (False, 0, [])


def test_of_the_address_that_stays_it_answers_after_a_merge(small_desk: Desk) -> None:
    token = asked(small_desk)
    gone = small_desk.services.contacts.save(small_desk.by, "ada@home.example", consent=ConsentStatus.PENDING).id
    small_desk.services.merges.merge(small_desk.by, small_desk.ada, [gone])
    press(small_desk, token)
    assert (on(small_desk), small_desk.services.contacts.get(small_desk.by, small_desk.ada).consent) == (1, ConsentStatus.SUBSCRIBED)


@pytest.mark.parametrize(
    "forge", [str.lower, str.swapcase, lambda t: t[:-1], lambda t: t + "A", lambda t: t + " ", lambda _: "", lambda _: "%"]
)
def test_forged_it_is_nobody_s(small_desk: Desk, forge: Callable[[str], str]) -> None:
    token = asked(small_desk)
    press(small_desk, forge(token))
    assert not leads_somewhere(small_desk, forge(token))
    assert (on(small_desk), yeses(small_desk, small_desk.ada)) == (0, [])
    assert leads_somewhere(small_desk, token)


def test_of_another_workspace_it_says_nothing_here(desk: Desk) -> None:
    """The same address is known to both: each has a question of its own."""
    other = Principal.system(desk.services.workspaces.create("Other").id)
    theirs = desk.services.contacts.save(other, "ada@example.com", consent=ConsentStatus.PENDING).id
    with desk.services.db.transaction() as connection:
        desk.services.opt_in.ask(connection, other.workspace_id, theirs, [desk.news], SAID)  # a list that is not theirs
    token = desk.token()
    desk.clock.advance(timedelta(minutes=1))
    press(desk, token)
    assert desk.services.contacts.get(other, theirs).consent is ConsentStatus.SUBSCRIBED
    assert (on(desk), yeses(desk, desk.ada)) == (0, [])
    assert desk.services.contacts.get(desk.by, desk.ada).consent is ConsentStatus.PENDING


def test_nobody_of_another_workspace_is_asked(small_desk: Desk) -> None:
    other = Principal.system(small_desk.services.workspaces.create("Other").id)
    with small_desk.services.db.transaction() as connection:
        small_desk.services.opt_in.ask(connection, other.workspace_id, small_desk.ada, [], SAID)
    assert small_desk.mails(days=1) == []


def test_after_a_week_it_is_too_old(small_desk: Desk) -> None:
    token = asked(small_desk)
    small_desk.clock.advance(timedelta(days=7))
    press(small_desk, token)
    assert (leads_somewhere(small_desk, token), yeses(small_desk, small_desk.ada)) == (False, [])
