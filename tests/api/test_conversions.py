"""A shop's server reports conversions: kept before the answer, counted once an order, never for another workspace."""

from __future__ import annotations

from typing import Any

import pytest

from core.app import Services
from core.links.tokens import Purpose, TokenSigner
from core.permissions import Principal
from tests.api.conftest import Program
from tests.api.world import furnish


@pytest.fixture
def things(services: Services, workspace: Principal) -> dict[str, Any]:
    return furnish(services, workspace, "ada")


def converted(services: Services, by: Principal) -> list[dict[str, Any]]:
    services.ingester.catch_up()
    with services.engine.session(by.workspace_id) as session:
        return session.rows("select * from events where kind = 'converted' order by value")


def report(program: Program, *conversions: dict[str, Any]) -> Any:
    return program.post("/conversions", {"conversions": list(conversions)})


def test_a_token_a_message_and_an_address_each_say_whose_it_is(
    services: Services, workspace: Principal, admin: Program, things: dict[str, Any]
) -> None:
    message_id, sent = things["message_id"], things["sent_campaign_id"]
    token = TokenSigner(services.settings.key).mint(Purpose.CONVERSION, message_id)
    answer = report(
        admin,
        {"token": token, "value": 1},
        {"message": services.composer.message_key(message_id), "value": 2, "currency": "eur"},
        {"email": "Ada-Reader@example.com", "campaign_id": sent, "value": 3},
        {"email": "ada-reader@example.com", "value": 4},
        {"email": "stranger@example.com", "value": 5, "at": "2026-01-02T03:04:05+01:00"},
    )
    assert (answer.status_code, answer.json()) == (202, {"kept": 5})
    found = converted(services, workspace)
    assert [event["message_id"] for event in found] == [message_id, message_id, message_id, None, None]
    assert [event["campaign_id"] for event in found] == [sent, sent, sent, None, None]
    assert [event["contact_id"] for event in found] == [things["contact_id"]] * 4 + [None]
    assert [event["recipient"] for event in found] == [None] * 4 + ["stranger@example.com"]
    assert found[1]["currency"] == "EUR"
    assert found[4]["occurred_at"].isoformat() == "2026-01-02T02:04:05+00:00"


def test_an_order_counts_once(services: Services, workspace: Principal, admin: Program, things: dict[str, Any]) -> None:
    order = {"email": "ada-reader@example.com", "value": 10, "order_id": "A-1"}
    assert report(admin, order, order).status_code == 202
    assert report(admin, order).status_code == 202
    assert len(converted(services, workspace)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"token": "x", "email": "a@example.com"},
        {"token": "x" * 32},
        {"message": "1-000000000000"},
        {"message": "x", "campaign_id": 1},
        {"email": "nobody@example.com", "campaign_id": 1},
        {"email": "a@example.com", "value": 1e13},
        {"email": "a@example.com", "currency": "EURO"},
        {"email": "a@example.com", "order_id": "x" * 201},
        {"email": "a@example.com", "at": "2999-01-01T00:00:00Z"},
        {"email": "a@example.com", "at": "2026-01-01T00:00:00"},
        {"email": "a@example.com", "at": "0001-01-01T00:00:00+14:00"},
        {"email": "a@example.com", "at": "0001-01-01T00:00:00Z"},
        {"email": "a@example.com", "at": "9999-12-31T23:59:59-14:00"},
    ],
)
def test_what_can_not_be_used_is_refused_and_nothing_of_it_is_kept(
    services: Services, workspace: Principal, admin: Program, wrong: dict[str, Any]
) -> None:
    answer = report(admin, {"email": "fine@example.com"}, wrong)
    assert answer.status_code == 422
    assert converted(services, workspace) == []


def test_another_workspaces_message_is_nobodys(services: Services, admin: Program) -> None:
    other = Principal.system(services.workspaces.create("Other").id)
    theirs = furnish(services, other, "eve")
    token = TokenSigner(services.settings.key).mint(Purpose.CONVERSION, theirs["message_id"])
    for whose in ({"token": token}, {"message": services.composer.message_key(theirs["message_id"])}):
        assert report(admin, whose).status_code == 422
    assert converted(services, other) == []
