"""The last look, in the moment of the intent: whatever somebody said since the first one counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.clock import FrozenClock
from core.contacts.consent.stop_marks import mark
from core.contacts.tables import contacts, global_suppressions, suppressions
from core.messages.ledger import Ledger
from core.messages.rows import Claimed
from core.messages.states import MessageState
from core.permissions import Principal
from core.providers.base import Outcome, SendResult
from core.storage.database import Database


@pytest.fixture
def claim(ledger: Ledger, workspace: Principal) -> Callable[[int], list[Claimed]]:
    return lambda campaign_id: ledger.claim(workspace.workspace_id, campaign_id, f"owner-{campaign_id}", 100)


def reasons(ledger: Ledger, by: Principal, campaign_id: int = 5) -> dict[int | None, str]:
    return {row.contact_id: row.reason for row in ledger.page(by, campaign_id, MessageState.SKIPPED)}


def test_whoever_said_no_since_the_chunk_was_claimed_gets_nothing(
    ledger: Ledger,
    claim: Callable[[int], list[Claimed]],
    add_people: Callable[..., list[int]],
    enqueue: Callable[..., int],
    workspace: Principal,
    db: Database,
    clock: FrozenClock,
) -> None:
    marked, unsubscribed, suppressed, everywhere, paused, deleted, stays = people = add_people(7)
    enqueue(people)
    claimed = claim(5)
    now = clock.now()
    with db.transaction() as connection:
        email = {row.id: row.email for row in connection.execute(sa.select(contacts.c.id, contacts.c.email))}
        mark(connection, contacts.c.id == marked, clock)
        connection.execute(sa.update(contacts).where(contacts.c.id == unsubscribed).values(consent="unsubscribed"))
        connection.execute(sa.update(contacts).where(contacts.c.id == paused).values(paused_until=now + timedelta(minutes=1)))
        row = {"reason": "manual", "created_at": now}
        connection.execute(sa.insert(suppressions).values(email=email[suppressed], workspace_id=workspace.workspace_id, **row))
        connection.execute(sa.insert(global_suppressions).values(email=email[everywhere], hash="x", added_by="x", **row))
        connection.execute(sa.delete(contacts).where(contacts.c.id == deleted))
    ours = ledger.record_intent("owner-5", [each.message_id for each in claimed])
    assert ours == {each.message_id for each in claimed if each.contact_id == stays}
    said = {marked: "unsubscribed", unsubscribed: "unsubscribed", suppressed: "suppressed", everywhere: "suppressed", paused: "paused"}
    assert reasons(ledger, workspace) == said | {deleted: "deleted"}


def test_who_wants_email_once_a_week_gets_one_campaign_a_week_of_two_at_once(
    ledger: Ledger,
    claim: Callable[[int], list[Claimed]],
    add_people: Callable[..., list[int]],
    enqueue: Callable[..., int],
    workspace: Principal,
    db: Database,
    clock: FrozenClock,
) -> None:
    weekly, monthly, everything = people = add_people(3)
    with db.transaction() as connection:
        for contact_id, often in ((weekly, "weekly"), (monthly, "monthly")):
            connection.execute(sa.update(contacts).where(contacts.c.id == contact_id).values(frequency=often))
    for campaign_id in (5, 6):
        enqueue(people, campaign_id=campaign_id)
    first, second = claim(5), claim(6)  # both are past the first look
    assert len(ledger.record_intent("owner-5", [each.message_id for each in first])) == 3
    ours = ledger.record_intent("owner-6", [each.message_id for each in second])
    assert ours == {each.message_id for each in second if each.contact_id == everything}
    assert reasons(ledger, workspace, 6) == {weekly: "less_often", monthly: "less_often"}
    ledger.record_outcomes("owner-5", [(each, SendResult(each.message_id, Outcome.ACCEPTED, "")) for each in first])
    clock.advance(timedelta(days=8))
    enqueue(people, campaign_id=7)
    assert len(ledger.record_intent("owner-7", [each.message_id for each in claim(7)])) == 2
    assert reasons(ledger, workspace, 7) == {monthly: "less_often"}
