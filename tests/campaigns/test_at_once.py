"""Several who launch, send and cancel the same campaign at the same moment."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from core.app import Services
from core.campaigns.models import Campaign
from core.campaigns.plans import load_plan
from core.campaigns.states import CampaignState
from core.messages.delivery import DeliveryReport
from core.messages.states import MessageState
from core.permissions import Principal
from core.settings import Settings

Draft = Callable[..., Campaign]
PEOPLE = 60


def at_once(count: int, work: Callable[[], object]) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_launched_and_sent_by_several_at_once_everybody_gets_one_email(
    services: Services, workspace: Principal, draft: Draft, settings: Settings
) -> None:
    campaign = draft(PEOPLE, subject_b="Two")
    at_once(3, lambda: services.campaigns.launch(workspace, campaign.id))
    assert services.campaigns.due() == [campaign.id]
    with services.db.read() as connection:
        plan = load_plan(connection, campaign.id)
    assert plan is not None
    reports: list[DeliveryReport] = []

    at_once(3, lambda: reports.append(services.delivery.drain(plan, owner="worker", should_go_on=lambda: True)))

    assert sum(report.accepted for report in reports) == PEOPLE
    assert len(list(Path(settings.data_dir / "outbox").rglob("*.eml"))) == PEOPLE
    assert services.campaigns.finish_if_done(campaign.id)
    assert services.campaigns.get(workspace, campaign.id).state is CampaignState.SENT
    arms = Counter(row.variant_id for row in services.ledger.page(workspace, campaign.id, limit=PEOPLE))
    assert sorted(arms) == [arm.id for arm in services.experiments.arms(workspace.workspace_id, campaign.id)]
    assert services.campaigns.due() == []


def test_cancelling_while_it_is_sent_settles_everybody(services: Services, workspace: Principal, draft: Draft) -> None:
    campaign = draft(PEOPLE)
    services.campaigns.launch(workspace, campaign.id)
    claimed = services.ledger.claim(workspace.workspace_id, campaign.id, "worker", 10)

    services.campaigns.cancel(workspace, campaign.id)

    assert services.ledger.record_intent("worker", [each.message_id for each in claimed]) == set()
    assert services.ledger.counts(workspace, campaign.id) == {MessageState.CANCELLED: PEOPLE}
    assert services.campaigns.due() == []
