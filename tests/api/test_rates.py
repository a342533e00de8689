"""How often somebody may ask."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.api.app import mount
from core.api.rates import PER_ADDRESS, Rates
from core.permissions import Role
from tests.api.conftest import Login, Member, Program
from tests.support import redis_server
from tests.support.product import free_port

if TYPE_CHECKING:
    from core.app import Services


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis_server.server() as url:
        yield url


def test_a_token_has_its_own_limit_and_is_told_where_it_stands(member: Member, program: Login):
    token = program(member(), per_minute=3)
    answers = [token.get("/me") for _ in range(3)]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0"]
    assert {answer.headers["ratelimit-limit"] for answer in answers} == {"3"}
    refused = token.get("/me")
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit-remaining"] == "0"


def test_one_tokens_hunger_is_not_anothers(member: Member, program: Login):
    first, second = program(member(), per_minute=1), program(member(Role.MARKETER), per_minute=1)
    first.get("/me")
    assert first.get("/me").status_code == 429
    assert second.get("/me").status_code == 200


def test_a_refusal_counts_as_well(member: Member, program: Login):
    token = program(member(), per_minute=2)
    assert [token.get("/contacts/7").status_code for _ in range(3)] == [404, 404, 429]


def test_those_without_a_token_share_their_address(nobody: Program, admin: Program):
    statuses = [nobody.get("/me").status_code for _ in range(PER_ADDRESS + 1)]
    assert statuses == [401] * PER_ADDRESS + [429]
    assert admin.get("/me").status_code == 200  # who shows a good token is not held back by neighbours


def test_one_machines_many_addresses_count_as_one_place(services: Services):
    """A machine has a whole /64 of IPv6 to send from; each of its addresses must not be a fresh start."""
    app = Starlette(routes=mount(lambda: services))
    ask = [TestClient(app, client=(f"2001:db8::{number:x}", 1)) for number in range(PER_ADDRESS + 1)]
    tokens = [one.post("/api/v1/auth/token", json={"grant_type": "refresh_token", "refresh_token": "pwr_1_x"}) for one in ask]
    assert [answer.status_code for answer in tokens] == [401] * PER_ADDRESS + [429]
    assert TestClient(app, client=("2001:db8:0:1::1", 1)).get("/api/v1/me").status_code == 401


def test_two_processes_count_together_in_redis(redis_url: str):
    one, other = Rates(redis_url), Rates(redis_url)
    assert [one.count("token:1", 3).is_over, other.count("token:1", 3).is_over, one.count("token:1", 3).is_over] == [False] * 3
    assert other.count("token:1", 3).is_over
    assert not other.count("token:2", 3).is_over


def test_the_api_counts_in_redis_where_it_is_told_to(services: Services, redis_url: str, member: Member, program: Login):
    told = services.settings.model_copy(update={"rate_limit_url": redis_url})
    services.settings = told
    token = program(member(), per_minute=5)
    assert token.get("/me").headers["ratelimit-remaining"] == "4"
    elsewhere = Rates(redis_url)
    number = token.token.split("_")[1]
    assert elsewhere.count(f"token:{number}", 5).remaining == 3


def test_without_redis_each_process_counts_for_itself_and_says_so_once(caplog: pytest.LogCaptureFixture):
    rates = Rates(f"redis://127.0.0.1:{free_port()}/0")
    with caplog.at_level(logging.WARNING):
        standings = [rates.count("token:1", 2) for _ in range(3)]
    assert [standing.is_over for standing in standings] == [False, False, True]
    assert len([record for record in caplog.records if "Redis" in record.getMessage()]) == 1
