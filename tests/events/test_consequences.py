"""What follows from events: which addresses are suppressed, what a sender is told, where a message ends."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.contacts.suppression.suppression import Suppressions
from core.contacts.tables import contacts, suppressions
from core.errors import NotFound
from core.events.actions.soft_bounces import CAMPAIGNS
from core.events.alerts import Alerts
from core.events.tables import soft_bounces
from core.messages.keys import MessageKeys
from core.messages.reading import nothing_for_the_limited
from core.storage.event_record import EventRecord
from core.storage.event_words import BounceClass, EventKind
from tests.conftest import NOON
from tests.events.conftest import FIREFOX, World
from tests.events.reports import report

DAY = timedelta(days=1)


def bounce(world: World, message_id: int, bounce_class: BounceClass, *, days: float = 0, reason: str = "no") -> EventRecord:
    at = NOON - timedelta(days=30) + timedelta(days=days)
    return world.record(EventKind.BOUNCED, message_id, at=at, source="webhook", bounce_class=bounce_class, reason=reason)


def campaigns_to(world: World, email: str, count: int) -> list[int]:
    """Messages of so many campaigns to one person."""
    first = world.message(email, campaign_id=100)
    contact_id = world.row(first).contact_id
    return [first, *(world.message_to(contact_id, campaign_id=101 + number) for number in range(count - 1))]


def suppressed(world: World) -> list[tuple[str, str]]:
    return [(row.email, row.reason) for row in world.rows(suppressions)]


def test_five_campaigns_over_a_week_that_bounce_softly_suppress(world: World) -> None:
    sent = campaigns_to(world, "ada@example.com", CAMPAIGNS)
    world.journal(*(bounce(world, message_id, BounceClass.SOFT, days=2 * number) for number, message_id in enumerate(sent)))
    world.ingester().run_once()
    assert suppressed(world) == [("ada@example.com", "soft_bounce")]


@pytest.mark.parametrize(("campaigns", "days"), [(CAMPAIGNS - 1, 3.0), (CAMPAIGNS, 1.7)])
def test_fewer_or_closer_soft_bounces_do_not(small_world: World, campaigns: int, days: float) -> None:
    world = small_world
    sent = campaigns_to(world, "ada@example.com", campaigns)
    world.journal(*(bounce(world, message_id, BounceClass.SOFT, days=days * number) for number, message_id in enumerate(sent)))
    world.ingester().run_once()
    assert suppressed(world) == []


def test_many_soft_bounces_of_one_campaign_count_once(small_world: World) -> None:
    world = small_world
    message_id = world.message("ada@example.com")
    world.journal(*(bounce(world, message_id, BounceClass.SOFT, days=2 * number) for number in range(6)))
    world.ingester().run_once()
    assert suppressed(world) == []


@pytest.mark.parametrize("agent", [FIREFOX, "Mozilla/5.0 (via ggpht.com GoogleImageProxy)"])
@pytest.mark.parametrize("kind", [EventKind.DELIVERED, EventKind.OPENED, EventKind.CLICKED])
def test_a_mailbox_in_reach_again_forgets_what_bounced_before(small_world: World, kind: EventKind, agent: str) -> None:
    world = small_world
    *sent, last = campaigns_to(world, "ada@example.com", CAMPAIGNS + 1)
    world.journal(*(bounce(world, message_id, BounceClass.SOFT, days=2 * number) for number, message_id in enumerate(sent[:4])))
    world.journal(world.record(kind, last, user_agent=agent, at=NOON - timedelta(days=30) + timedelta(days=7)))
    world.journal(bounce(world, sent[4], BounceClass.SOFT, days=20))
    world.ingester().catch_up()
    assert suppressed(world) == []
    assert len(world.rows(soft_bounces)) == 1


def test_a_machine_that_opens_shows_nothing(small_world: World) -> None:
    world = small_world
    message_id = world.message("ada@example.com")
    world.journal(bounce(world, message_id, BounceClass.SOFT), world.record(EventKind.OPENED, message_id, user_agent="curl/8"))
    world.ingester().run_once()
    assert len(world.rows(soft_bounces)) == 1


def test_a_block_alerts_the_sender_and_suppresses_nobody(world: World) -> None:
    alerts = Alerts(world.db, world.clock, nothing_for_the_limited)
    ids = [world.message(f"p{number}@gmail.com") for number in range(3)]
    ingester = world.ingester()
    world.journal(
        *(bounce(world, one, BounceClass.BLOCK, days=29 + number / 10, reason=f"5.7.1 {number}") for number, one in enumerate(ids))
    )
    ingester.run_once()
    assert suppressed(world) == []
    [alert] = alerts.open(world.by)
    assert (alert.campaign_id, alert.domain, alert.count, alert.reason) == (7, "gmail.com", 3, "5.7.1 2")
    alerts.dismiss(world.by, alert.id)
    assert alerts.open(world.by) == []
    world.journal(bounce(world, world.message("p9@gmail.com"), BounceClass.BLOCK, days=29.5, reason="5.7.1 again"))
    ingester.run_once()
    assert [one.count for one in alerts.open(world.by)] == [4]


def test_a_block_told_as_a_refusal_alerts_too(small_world: World) -> None:
    world = small_world
    alerts = Alerts(world.db, world.clock, nothing_for_the_limited)
    rejected = {"source": "webhook", "reason": "Spam Content", "bounce_class": BounceClass.BLOCK}
    world.journal(world.record(EventKind.REJECTED, world.message("p@gmail.com"), **rejected))
    world.ingester().run_once()
    assert [(one.domain, one.count) for one in alerts.open(world.by)] == [("gmail.com", 1)]


def test_a_lifted_suppression_is_not_made_again_by_the_next_soft_bounce(small_world: World) -> None:
    world = small_world
    *sent, last = campaigns_to(world, "ada@example.com", CAMPAIGNS + 1)
    world.journal(*(bounce(world, message_id, BounceClass.SOFT, days=2 * number) for number, message_id in enumerate(sent)))
    ingester = world.ingester()
    ingester.run_once()
    assert len(suppressed(world)) == 1
    Suppressions(world.db, world.clock).remove(world.by, "ada@example.com")
    world.journal(bounce(world, last, BounceClass.SOFT, days=20))
    ingester.run_once()
    assert suppressed(world) == []


def test_a_complaint_about_a_deleted_contact_suppresses_the_address(small_world: World) -> None:
    world = small_world
    message_id = world.message("ada@example.com")
    key = MessageKeys(world.settings.key).of(message_id)
    with world.db.transaction() as connection:
        connection.execute(sa.delete(contacts))
    report(world, {"event": "complained", "message": key, "recipient": "Ada@Example.com", "id": "c1"})
    world.ingester().run_once()
    assert suppressed(world) == [("ada@example.com", "complaint")]
    assert [event["recipient"] for event in world.events()] == [None]


def test_an_alert_that_is_not_there_can_not_be_dismissed(small_world: World) -> None:
    with pytest.raises(NotFound):
        Alerts(small_world.db, small_world.clock, nothing_for_the_limited).dismiss(small_world.by, 99)


def test_what_the_provider_never_sent_is_refused_with_its_reason(world: World) -> None:
    known, unknown = world.message("known@example.com"), world.message("unknown@example.com")
    world.journal(
        world.record(EventKind.REJECTED, known, source="webhook", reason="Bounced Address", bounce_class=BounceClass.HARD),
        world.record(EventKind.FAILED, unknown, source="webhook", reason="Rendering failure"),
    )
    world.ingester().run_once()
    assert [(world.row(one).state, world.row(one).reason) for one in (known, unknown)] == [
        ("refused", "Bounced Address"),
        ("refused", "Rendering failure"),
    ]
    assert suppressed(world) == [("known@example.com", "hard_bounce")]


def test_a_complaint_and_an_unsubscribe_a_provider_reports_count_like_our_own(world: World) -> None:
    spam, out = world.message("spam@example.com"), world.message("out@example.com")
    world.journal(
        world.record(EventKind.COMPLAINED, spam, source="webhook", provider="sendgrid"),
        world.record(EventKind.UNSUBSCRIBED, out, source="webhook", provider="sendgrid"),
    )
    world.ingester().run_once()
    assert suppressed(world) == [("spam@example.com", "complaint")]
    assert {row.email: row.consent for row in world.rows(contacts)}["out@example.com"] == "unsubscribed"


# The later in this list, the stronger: a message ends as the strongest of what was reported of it.
STRENGTH = [EventKind.SENT, EventKind.DELIVERED, EventKind.BOUNCED, EventKind.COMPLAINED]
STATES = dict(zip(STRENGTH, ("accepted", "delivered", "bounced", "complained"), strict=True))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.lists(st.sampled_from([*STRENGTH, EventKind.OPENED, EventKind.CLICKED]), min_size=1, max_size=6).filter(
        set(STRENGTH).intersection
    ),
    split=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_in_whatever_order_and_batches_it_is_told_a_message_ends_the_same(
    small_world: World, told: list[EventKind], split: list[bool]
) -> None:
    world = small_world
    message_id = world.message(state="sending")
    with closing(world.ingester()) as ingester:
        for kind, ends_a_batch in zip(told, split, strict=False):
            known = {"source": "webhook", "bounce_class": BounceClass.SOFT if kind is EventKind.BOUNCED else None}
            world.journal(world.record(kind, message_id, **known)).close()
            if ends_a_batch:
                ingester.catch_up()
        ingester.catch_up()
    strongest = max((kind for kind in told if kind in STRENGTH), key=STRENGTH.index)
    assert world.row(message_id).state == STATES[strongest]


def test_a_message_that_is_only_late_is_no_bounce(small_world: World) -> None:
    world = small_world
    late = [
        world.record(EventKind.DEFERRED, message_id, at=NOON - 2 * number * DAY, source="webhook", bounce_class=BounceClass.SOFT)
        for number, message_id in enumerate(campaigns_to(world, "ada@example.com", CAMPAIGNS))
    ]
    world.journal(*late)
    world.ingester().run_once()
    assert suppressed(world) == []
    assert len(world.rows(soft_bounces)) == 0


def test_a_complaint_takes_consent_back_also_of_mail_that_is_not_ours(world: World) -> None:
    ours = world.message("ours@example.com")
    world.message("theirs@example.com")
    world.journal(world.record(EventKind.COMPLAINED, ours, source="webhook", provider="sendgrid"))
    report(world, [{"event": "complained", "recipient": "Theirs@example.com", "id": "c1"}])
    world.ingester().catch_up()
    assert {row.email: row.consent for row in world.rows(contacts)} == dict.fromkeys(
        ("ours@example.com", "theirs@example.com"), "unsubscribed"
    )
    assert suppressed(world) == [("ours@example.com", "complaint"), ("theirs@example.com", "complaint")]
