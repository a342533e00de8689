"""Sending to the missing: everybody who should have got it and did not gets it once, and nobody else anything."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from core.app import Services
from core.audit.log import EVERYTHING
from core.campaigns.models import Audience, Campaign
from core.campaigns.states import CampaignState
from core.clock import FrozenClock
from core.errors import Conflict, Denied, NotFound
from core.jobs.delivering import drain
from core.messages.leasing import LEASE
from core.messages.missing import Choice, Missing
from core.messages.plan import Route
from core.messages.states import MessageState
from core.messages.tables import messages
from core.permissions import Principal
from core.providers.tables import connections
from core.storage.event_record import event_record
from core.storage.event_words import BounceClass, EventKind
from core.storage.journal import JournalWriter

Draft = Callable[..., Campaign]

S = MessageState
EVERYONE = Choice(cancelled=True, skipped=True, joined=True)


def deliver(services: Services, campaign: Campaign) -> None:
    drain(services, campaign.id, owner="test", should_stop=lambda: False)


def mailed(services: Services, by: Principal) -> list[str]:
    return sorted(row.to for row in services.outbox.page(by, limit=1000).rows)


def put(services: Services, campaign: Campaign, state: MessageState, reasons: list[str]) -> None:
    """Let the first messages of a campaign that wait have come to this, one for each reason."""
    waiting = sa.select(messages.c.id).where(messages.c.campaign_id == campaign.id, messages.c.state == "queued").order_by(messages.c.id)
    with services.db.transaction() as connection:
        ids = connection.execute(waiting.limit(len(reasons))).scalars().all()
        for message_id, reason in zip(ids, reasons, strict=True):
            settled = {"state": state.value, "reason": reason, "attempts": 5}
            connection.execute(sa.update(messages).where(messages.c.id == message_id).values(settled))


def counts(services: Services, by: Principal, campaign: Campaign) -> dict[MessageState, int]:
    return services.ledger.counts(by, campaign.id)


def test_what_was_cancelled_is_sent_after_all_and_nobody_gets_it_twice(services: Services, by: Principal, draft: Draft) -> None:
    campaign = services.campaigns.launch(by, draft(people=4).id)
    put(services, campaign, S.UNCERTAIN, ["no answer"])
    services.campaigns.cancel(by, campaign.id)
    assert services.again.missing(by, campaign.id) == Missing(cancelled=3, uncertain=1)

    assert services.again.send(by, campaign.id, Choice(cancelled=True)) == 3
    reopened = services.campaigns.get(by, campaign.id)
    assert (reopened.state, reopened.finished_at) == (CampaignState.SENDING, None)
    deliver(services, campaign)

    assert counts(services, by, campaign) == {S.ACCEPTED: 3, S.UNCERTAIN: 1}
    assert services.campaigns.get(by, campaign.id).state is CampaignState.SENT
    assert services.again.send(by, campaign.id, EVERYONE) == 0
    assert services.campaigns.get(by, campaign.id).state is CampaignState.SENT
    assert len(mailed(services, by)) == len(set(mailed(services, by))) == 3


def test_a_second_press_changes_nothing_and_is_not_on_record(services: Services, by: Principal, draft: Draft) -> None:
    campaign = services.campaigns.launch(by, draft().id)
    services.campaigns.cancel(by, campaign.id)
    assert [services.again.send(by, campaign.id, EVERYONE) for _ in range(3)] == [3, 0, 0]
    assert counts(services, by, campaign) == {S.QUEUED: 3}
    again = [entry for entry in services.audit.page(by, EVERYTHING).rows if entry.action == "campaign.sent_again"]
    assert [(entry.target, entry.after) for entry in again] == [(f"campaign:{campaign.id}", {"messages": 3, "uncertain": 0, "joined": 0})]


def test_who_was_left_out_gets_it_once_the_reason_is_gone(services: Services, by: Principal, draft: Draft) -> None:
    made = draft(people=4)
    services.suppressions.add(by, "reader-0@example.com")
    services.suppressions.add(by, "reader-1@example.com")
    campaign = services.campaigns.launch(by, made.id)
    deliver(services, campaign)
    assert counts(services, by, campaign) == {S.ACCEPTED: 2, S.SKIPPED: 2}
    assert services.again.missing(by, campaign.id) == Missing(barred=2)

    services.suppressions.remove(by, "reader-0@example.com")
    assert services.again.missing(by, campaign.id) == Missing(skipped={"suppressed": 1}, barred=1)
    assert services.again.send(by, campaign.id, Choice(skipped=True)) == 1
    deliver(services, campaign)
    assert counts(services, by, campaign) == {S.ACCEPTED: 3, S.SKIPPED: 1}
    assert mailed(services, by) == [f"reader-{n}@example.com" for n in (0, 2, 3)]


def test_people_kept_out_to_compare_with_are_never_offered(services: Services, by: Principal, draft: Draft) -> None:
    campaign = services.campaigns.launch(by, draft().id)
    put(services, campaign, S.SKIPPED, ["holdout", "frequency_cap"])
    assert services.again.missing(by, campaign.id) == Missing(skipped={"frequency_cap": 1}, barred=1)
    assert services.again.send(by, campaign.id, Choice(skipped=True)) == 1


def test_refusals_are_offered_by_what_they_say_and_bad_addresses_never(services: Services, by: Principal, draft: Draft) -> None:
    campaign = services.campaigns.launch(by, draft(people=6).id)
    blocked = [
        f"550 5.7.1 <reader-{n}@example.com> blocked, see https://block.example/why?ip=192.0.2.{n} (id 4Bx{n}77Q2zz)" for n in range(2)
    ]
    put(services, campaign, S.REFUSED, [*blocked, "given up after 5 attempts: 451 4.3.0 try later", "550 5.1.1 no such user"])
    deliver(services, campaign)

    offered = services.again.missing(by, campaign.id)
    assert offered == Missing(
        refused={"550 5.7.1 … blocked, see https://block.example/why (id …)": 2, "given up after 5 attempts: 451 4.3.0 try later": 1},
        barred=1,
    )
    first, second = offered.refused
    assert services.again.send(by, campaign.id, Choice(refused=[second, "550 5.1.1 no such user", "made up"])) == 1
    assert services.again.send(by, campaign.id, Choice(refused=[first])) == 2
    assert {row.attempts for row in services.ledger.page(by, campaign.id, S.QUEUED)} == {0}
    deliver(services, campaign)
    assert counts(services, by, campaign) == {S.ACCEPTED: 5, S.REFUSED: 1}


def test_refused_ones_who_may_not_be_mailed_any_more_stay_refused(services: Services, by: Principal, draft: Draft) -> None:
    campaign = services.campaigns.launch(by, draft().id)
    put(services, campaign, S.REFUSED, ["554 5.7.1 blocked"] * 3)
    services.suppressions.add(by, "reader-0@example.com")
    services.contacts.delete(by, services.ledger.page(by, campaign.id)[1].contact_id)
    assert services.again.missing(by, campaign.id) == Missing(refused={"554 5.7.1 blocked": 1}, barred=2)
    assert services.again.send(by, campaign.id, Choice(refused=["554 5.7.1 blocked"])) == 1
    assert counts(services, by, campaign) == {S.QUEUED: 1, S.REFUSED: 2}


def test_uncertain_ones_are_sent_only_when_asked_for_by_name(services: Services, by: Principal, draft: Draft) -> None:
    campaign = services.campaigns.launch(by, draft().id)
    put(services, campaign, S.UNCERTAIN, ["no answer"] * 2)
    deliver(services, campaign)
    everything_else = Choice(cancelled=True, skipped=True, refused=["no answer"], joined=True)
    assert services.again.send(by, campaign.id, everything_else) == 0
    assert services.again.send(by, campaign.id, Choice(uncertain=True)) == 2
    entry = services.audit.page(by, EVERYTHING).rows[0]
    assert (entry.action, entry.after) == ("campaign.sent_again", {"messages": 2, "uncertain": 2, "joined": 0})
    deliver(services, campaign)
    assert counts(services, by, campaign) == {S.ACCEPTED: 3}


def test_those_who_joined_the_list_since_get_it_in_the_arm_they_belong_to(services: Services, by: Principal, draft: Draft) -> None:
    made = draft(people=2, subject_b="Another")
    campaign = services.campaigns.launch(by, made.id)
    deliver(services, campaign)
    assert services.again.joined(by, campaign.id) == 0
    for n in range(8):
        services.contacts.save(by, f"late-{n}@example.com", list_ids=[made.audience.id])
    assert services.again.joined(by, campaign.id) == 8
    assert services.again.missing(by, campaign.id) == Missing()

    assert services.again.send(by, campaign.id, Choice(joined=True)) == 8
    deliver(services, campaign)
    assert counts(services, by, campaign) == {S.ACCEPTED: 10}
    assert len(set(mailed(services, by))) == 10
    arms = {arm.id for arm in services.experiments.arms(by.workspace_id, campaign.id)}
    assert {row.variant_id for row in services.ledger.page(by, campaign.id)} == arms


def test_of_those_who_joined_since_as_many_are_held_out_as_of_the_others(services: Services, by: Principal, draft: Draft) -> None:
    made = draft(people=2, holdout_percent=50)
    campaign = services.campaigns.launch(by, made.id)
    for n in range(40):
        services.contacts.save(by, f"late-{n}@example.com", list_ids=[made.audience.id])
    joined = services.again.joined(by, campaign.id)
    assert 5 < joined < 35
    assert services.again.send(by, campaign.id, Choice(joined=True, skipped=True)) == joined
    found = counts(services, by, campaign)
    assert sum(found.values()) == 42
    assert services.again.send(by, campaign.id, Choice(joined=True, skipped=True)) == 0
    assert services.again.missing(by, campaign.id).barred == found[S.SKIPPED]


def test_those_a_segment_has_found_since_get_it(services: Services, by: Principal, draft: Draft) -> None:
    made = draft(people=2)
    segment = services.segments.create(by, "Readers", {"all": [{"field": "email", "operator": "contains", "value": "reader"}]})
    services.campaigns.update(by, made.id, audience=Audience("segment", segment.id))
    campaign = services.campaigns.launch(by, made.id)
    services.contacts.save(by, "reader-late@example.com")
    assert services.again.joined(by, campaign.id) == 1
    assert services.again.send(by, campaign.id, Choice(joined=True)) == 1
    assert counts(services, by, campaign) == {S.QUEUED: 3}


@pytest.mark.parametrize("state", [CampaignState.SENDING, CampaignState.PAUSED])
def test_a_campaign_on_its_way_stays_as_it_is(services: Services, by: Principal, draft: Draft, state: CampaignState) -> None:
    campaign = services.campaigns.launch(by, draft().id)
    put(services, campaign, S.REFUSED, ["550 5.7.1 blocked"])
    if state is CampaignState.PAUSED:
        services.campaigns.pause(by, campaign.id)
    assert services.again.send(by, campaign.id, Choice(refused=["550 5.7.1 blocked"])) == 1
    assert services.campaigns.get(by, campaign.id).state is state
    assert counts(services, by, campaign) == {S.QUEUED: 3}


def test_a_draft_is_launched_not_sent_again(services: Services, by: Principal, draft: Draft) -> None:
    made = draft()
    assert services.again.missing(by, made.id) == Missing()
    assert services.again.joined(by, made.id) == 0
    with pytest.raises(Conflict, match="not been launched"):
        services.again.send(by, made.id, EVERYONE)
    with pytest.raises(NotFound):
        services.again.send(by, made.id + 1000, EVERYONE)


def test_nothing_waits_for_a_connection_nothing_can_be_sent_through(services: Services, by: Principal, draft: Draft) -> None:
    first, second = (services.connections.add(by, name, "outbox") for name in ("One", "Two"))
    campaign = services.campaigns.launch(by, draft(routes=[Route(first.id, 1), Route(second.id, 1)]).id)
    services.campaigns.cancel(by, campaign.id)
    with services.db.transaction() as connection:
        reports_only = sa.update(connections).where(connections.c.id == second.id)
        connection.execute(reports_only.values(kind="generic", settings={}, secrets=""))
    with pytest.raises(Conflict, match="Two"):
        services.again.send(by, campaign.id, Choice(cancelled=True))
    assert counts(services, by, campaign) == {S.CANCELLED: 3}


def test_whoever_may_not_send_sends_nothing(services: Services, by: Principal, draft: Draft) -> None:
    campaign = services.campaigns.launch(by, draft().id)
    services.campaigns.cancel(by, campaign.id)
    looking = Principal(by.workspace_id, "person:7", frozenset({"campaigns.view", "contacts.view"}), person_id=7)  # type: ignore[arg-type]
    assert services.again.missing(looking, campaign.id).cancelled == 3
    with pytest.raises(Denied):
        services.again.send(looking, campaign.id, EVERYONE)
    assert counts(services, by, campaign) == {S.CANCELLED: 3}


def test_what_is_told_late_of_an_earlier_refusal_does_not_settle_the_next_try(
    services: Services, by: Principal, draft: Draft, clock: FrozenClock
) -> None:
    """Else a message that is on its way would count as refused, and could be sent once more."""
    campaign = services.campaigns.launch(by, draft(people=1).id)
    (row,) = services.ledger.page(by, campaign.id)
    known = {"message_id": row.id, "reason": "550 5.7.1 blocked", "bounce_class": BounceClass.BLOCK}
    refused = event_record(EventKind.BOUNCED, clock.now(), "delivery", **known)
    put(services, campaign, S.REFUSED, ["550 5.7.1 blocked"])
    clock.advance(LEASE / 2)
    services.again.send(by, campaign.id, Choice(refused=["550 5.7.1 blocked"]))
    claimed = services.ledger.claim(by.workspace_id, campaign.id, "worker", 10)
    services.ledger.record_intent("worker", [each.message_id for each in claimed])

    journal = JournalWriter(services.settings.journal_dir, "delivery")
    journal.append([refused], durable=True)
    journal.close()
    services.ingester.catch_up()

    assert counts(services, by, campaign) == {S.SENDING: 1}
