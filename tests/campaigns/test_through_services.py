"""A campaign from launch to what its readers get, through each service with an HTTP API."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from core.app import Services
from core.campaigns.models import Campaign, CampaignState
from core.clock import FrozenClock
from core.jobs.delivering import drain
from core.permissions import Principal
from core.providers.catalogue import CATALOGUE
from core.storage.database import Database
from tests.providers.contract import Rig, rigs
from tests.support.esp.server import FakeService, Trick, serving

PEOPLE = 7
Draft = Callable[..., Campaign]
RIGS = [rig for rig in rigs() if rig.speaks_http]


@pytest.fixture
def db(sqlite_db: Database) -> Database:
    """Which database it is makes no difference here."""
    return sqlite_db


@pytest.fixture(params=RIGS, ids=lambda rig: rig.kind)
def rig(request: pytest.FixtureRequest) -> Rig:
    found: Rig = request.param
    return found


@pytest.fixture
def service(rig: Rig) -> Iterator[FakeService]:
    with serving(rig.fake()) as running:
        yield running


@pytest.fixture
def launched(services: Services, by: Principal, draft: Draft, rig: Rig, service: FakeService) -> Campaign:
    connection = services.connections.add(by, "Service", rig.kind, rig.settings(service.url))
    made = draft(PEOPLE, connection_id=connection.id)
    services.campaigns.launch(by, made.id)
    return made


def deliver(services: Services, campaign: Campaign) -> None:
    drain(services, campaign.id, owner="test", should_stop=lambda: False)


def test_everybody_gets_theirs_once_with_links_and_headers_of_their_own(
    services: Services, by: Principal, rig: Rig, service: FakeService, launched: Campaign
) -> None:
    deliver(services, launched)

    assert services.campaigns.get(by, launched.id).state is CampaignState.SENT
    assert sorted(mail.to for mail in service.delivered) == [f"reader-{number}@example.com" for number in range(PEOPLE)]
    assert len(service.keys()) == PEOPLE
    assert len(service.calls) == 1 or not rig.is_batched
    links = [link for mail in service.delivered for link in re.findall(r'href="([^"]+/c/[^"]+)"', mail.html)]
    assert len(links) == len(set(links)) == 3 * PEOPLE  # two of the template, and the one for machines
    for mail in service.delivered:
        number = mail.to.removeprefix("reader-").partition("@")[0]
        assert mail.subject == f"Hello Reader {number}"
        assert f"Hello Reader {number}<" in mail.html
        assert f"Hello Reader {number}" in mail.text
    headers = [{name.lower(): value for name, value in mail.headers.items()} for mail in service.delivered]
    assert len({one["list-unsubscribe"] for one in headers}) == PEOPLE
    assert {one["list-unsubscribe-post"] for one in headers} == {"List-Unsubscribe=One-Click"}


def test_a_service_that_does_not_answer_well_gets_nothing_twice(
    services: Services, by: Principal, service: FakeService, launched: Campaign
) -> None:
    service.tricks.append(Trick.RESET)

    deliver(services, launched)
    deliver(services, launched)

    assert max(service.keys().values()) == 1


def test_a_wrong_key_burns_nobody_and_the_right_one_goes_on(
    services: Services, by: Principal, rig: Rig, service: FakeService, launched: Campaign, clock: FrozenClock
) -> None:
    key = CATALOGUE[rig.kind].needs[0]
    right = rig.settings(service.url)[key]
    services.connections.change(by, launched.connection_id, {key: f"{right[:-1]}X"})

    deliver(services, launched)

    stopped = services.campaigns.get(by, launched.id)
    assert service.delivered == []
    assert stopped.state is CampaignState.PAUSED  # only a person can mend it, so it waits for one
    assert "refused the sign-in" in stopped.stopped_reason

    services.connections.change(by, launched.connection_id, {key: right})
    services.campaigns.resume(by, launched.id)
    clock.advance(timedelta(hours=1))
    deliver(services, launched)

    assert len(service.keys()) == PEOPLE
    assert max(service.keys().values()) == 1
    assert services.campaigns.get(by, launched.id).state is CampaignState.SENT
