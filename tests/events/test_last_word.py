"""Of all that somebody says outside, a no is the last word: in whatever order it is read, and whatever is still asked of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.contacts.consent import ConsentStatus
from core.contacts.hosted.lines import Choices, Confirmation
from core.contacts.hosted.public_lists import PublicLists
from core.contacts.opt_in import OptIn
from core.contacts.tables import list_members, opt_ins
from core.storage.event_words import EventKind
from tests.events.conftest import World
from tests.events.test_outside import ANSWER, TOLD, Outside

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
