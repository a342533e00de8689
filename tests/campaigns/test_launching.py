"""A launch freezes everything once; steering it afterwards loses and doubles nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from core.app import Services
from core.campaigns.models import Audience, Campaign
from core.campaigns.plans import load_plan, plan_of_message
from core.campaigns.states import CampaignState
from core.clock import FrozenClock
from core.errors import Conflict
from core.messages.leasing import LEASE
from core.messages.states import MessageState
from core.permissions import Principal

Draft = Callable[..., Campaign]


def deliver(services: Services, campaign: Campaign) -> None:
    with services.db.read() as connection:
        plan = load_plan(connection, campaign.id)
    assert plan
    services.delivery.drain(plan, owner="test", should_go_on=lambda: services.campaigns.is_sending(campaign.id))
    services.campaigns.finish_if_done(campaign.id)


def test_a_launch_queues_one_message_per_person(services: Services, by: Principal, draft: Draft) -> None:
    launched = services.campaigns.launch(by, draft(people=5).id)
    assert launched.state is CampaignState.SENDING
    assert launched.template_version_id is not None
    assert services.ledger.counts(by, launched.id) == {MessageState.QUEUED: 5}


def test_a_second_launch_changes_nothing(services: Services, by: Principal, draft: Draft) -> None:
    made = draft()
    first = services.campaigns.launch(by, made.id)
    services.contacts.save(by, "late@example.com", list_ids=[made.audience.id])
    assert services.campaigns.launch(by, made.id) == first
    assert services.ledger.counts(by, made.id) == {MessageState.QUEUED: 3}


def test_of_many_who_launch_at_once_one_does(services: Services, by: Principal, draft: Draft) -> None:
    made = draft(people=20)
    threads = [threading.Thread(target=services.campaigns.launch, args=(by, made.id)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert services.ledger.counts(by, made.id) == {MessageState.QUEUED: 20}


def test_nobody_to_write_to_is_said_and_the_draft_stays(services: Services, by: Principal, draft: Draft) -> None:
    made = draft(people=0)
    with pytest.raises(Conflict, match="Nobody"):
        services.campaigns.launch(by, made.id)
    assert services.campaigns.get(by, made.id).state is CampaignState.DRAFT


def test_a_segment_is_resolved_at_the_moment_of_launch(services: Services, by: Principal, draft: Draft) -> None:
    rules = {"all": [{"field": "email", "operator": "starts_with", "value": "reader"}]}
    segment = services.segments.create(by, "Readers", rules)
    made = draft(audience=Audience("segment", segment.id))
    assert services.campaigns.audience_size(by, made.audience) == 3
    services.contacts.save(by, "reader-new@example.com")
    services.campaigns.launch(by, made.id)
    assert services.ledger.counts(by, made.id) == {MessageState.QUEUED: 4}


def test_a_template_for_single_messages_is_no_campaign(services: Services, by: Principal, draft: Draft) -> None:
    made = draft()
    services.templates.save(by, "Letter", "<p>Order {{ data.order }}</p>")
    with pytest.raises(Conflict, match="only single messages bring"):
        services.campaigns.launch(by, made.id)
    assert services.campaigns.get(by, made.id).state is CampaignState.DRAFT


def test_the_version_is_pinned(services: Services, by: Principal, draft: Draft) -> None:
    made = draft()
    launched = services.campaigns.launch(by, made.id)
    services.templates.save(by, "Letter", "<p>Something else, <a href='https://example.com/'>here</a></p>")
    with services.db.read() as connection:
        plan = load_plan(connection, made.id)
    assert plan
    assert plan.version.id == launched.template_version_id
    assert len(plan.link_ids) == 2


def test_two_subjects_divide_the_audience(services: Services, by: Principal, draft: Draft) -> None:
    made = draft(people=40, subject="A", subject_b="B")
    services.campaigns.launch(by, made.id)
    arms = {arm.id: arm.key for arm in services.experiments.arms(by.workspace_id, made.id)}
    dealt = [arms[row.variant_id or 0] for row in services.ledger.page(by, made.id)]
    assert set(dealt) == {"A", "B"}
    with services.db.read() as connection:
        plan = load_plan(connection, made.id)
    assert plan
    assert sorted(one.subject for one in plan.arms.values()) == ["A", "B"]


def test_a_sent_campaign_is_done(services: Services, by: Principal, draft: Draft) -> None:
    made = draft()
    services.campaigns.launch(by, made.id)
    assert services.campaigns.due() == [made.id]
    deliver(services, made)
    found = services.campaigns.get(by, made.id)
    assert (found.state, services.campaigns.due()) == (CampaignState.SENT, [])
    assert found.finished_at is not None
    assert services.ledger.counts(by, made.id) == {MessageState.ACCEPTED: 3}


def test_pausing_stops_and_resuming_goes_on(services: Services, by: Principal, draft: Draft) -> None:
    made = draft()
    services.campaigns.launch(by, made.id)
    assert services.campaigns.pause(by, made.id).state is CampaignState.PAUSED
    assert services.campaigns.pause(by, made.id).state is CampaignState.PAUSED
    assert services.campaigns.due() == []
    with services.db.read() as connection:
        assert load_plan(connection, made.id) is None, "a paused campaign has nothing to deliver"
    services.campaigns.resume(by, made.id)
    deliver(services, made)
    assert services.ledger.counts(by, made.id) == {MessageState.ACCEPTED: 3}


def test_cancelling_keeps_a_row_for_everybody(services: Services, by: Principal, draft: Draft) -> None:
    made = draft()
    services.campaigns.launch(by, made.id)
    cancelled = services.campaigns.cancel(by, made.id)
    assert (cancelled.state, services.ledger.counts(by, made.id)) == (CampaignState.CANCELLED, {MessageState.CANCELLED: 3})
    with pytest.raises(Conflict, match="cancelled"):
        services.campaigns.launch(by, made.id)


def test_what_a_dead_sender_left_of_a_cancelled_campaign_gets_an_outcome(
    services: Services, by: Principal, draft: Draft, clock: FrozenClock
) -> None:
    made = draft()
    services.campaigns.launch(by, made.id)
    claimed = services.ledger.claim(by.workspace_id, made.id, "dead", 1)
    services.ledger.record_intent("dead", [each.message_id for each in claimed])
    services.campaigns.cancel(by, made.id)
    assert services.campaigns.settle_cancelled() == 0, "the sender may still be at work"
    clock.advance(LEASE)
    assert services.campaigns.settle_cancelled() == 1
    assert services.ledger.counts(by, made.id) == {MessageState.CANCELLED: 2, MessageState.UNCERTAIN: 1}


def test_a_sent_campaign_can_be_neither_paused_nor_cancelled(services: Services, by: Principal, draft: Draft) -> None:
    made = draft()
    services.campaigns.launch(by, made.id)
    deliver(services, made)
    for act in (services.campaigns.pause, services.campaigns.resume, services.campaigns.cancel):
        with pytest.raises(Conflict, match="sent already"):
            act(by, made.id)


def test_a_message_knows_its_plan(services: Services, by: Principal, draft: Draft) -> None:
    made = draft()
    services.campaigns.launch(by, made.id)
    row = services.ledger.page(by, made.id)[0]
    with services.db.read() as connection:
        found = plan_of_message(connection, row.id)
        assert plan_of_message(connection, 99_999) is None
    assert found
    assert found.plan.campaign_id == made.id
    assert found.contact_id == row.contact_id


def test_a_test_message_arrives_and_counts_nowhere(services: Services, by: Principal, draft: Draft) -> None:
    made = draft()
    services.campaigns.send_test(by, made.id, ["me@example.com"])
    (mail,) = services.outbox.page(by).rows
    assert mail.subject.startswith("[Test] Hello")
    assert services.ledger.counts(by, made.id) == {}
    shown = services.outbox.show(by, mail.key)
    assert "https://shop.example.com/a" in shown.html
    assert "/c/" not in shown.html
