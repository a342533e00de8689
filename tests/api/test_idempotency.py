"""A POST that is sent again because its answer got lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from core.api.idempotency import Answer, Claim, IdempotencyKeys
from core.api.problems import Refusal
from core.api.tables import idempotency_keys
from core.clock import FrozenClock
from core.permissions import Principal, Role
from core.storage.database import Database
from core.storage.vault import Vault
from tests.api.conftest import Login, Member, Program

if TYPE_CHECKING:
    from core.app import Services

KEY = {"Idempotency-Key": "5f0c7c1e"}


def test_the_same_request_is_done_once_and_answered_alike(admin: Program):
    first = admin.post("/lists", {"name": "Readers"}, headers=KEY)
    again = admin.post("/lists", {"name": "Readers"}, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert len(admin.get("/lists").json()["data"]) == 1


def test_a_refusal_is_answered_alike_as_well(admin: Program):
    assert admin.post("/lists", {"name": ""}, headers=KEY).status_code == 422
    again = admin.post("/lists", {"name": ""}, headers=KEY)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (422, "true")
    assert again.headers["content-type"] == "application/problem+json"


def test_the_same_key_for_something_else_is_a_mistake(admin: Program):
    admin.post("/lists", {"name": "Readers"}, headers=KEY)
    for path, body in (("/lists", {"name": "Others"}), ("/contacts", {"email": "a@example.com"})):
        answer = admin.post(path, body, headers=KEY)
        assert answer.status_code == 422
        assert "another request" in answer.json()["detail"]


def test_a_key_counts_for_one_token_and_one_day(services: Services, admin: Program, member: Member, program: Login, clock: FrozenClock):
    other = program(member(Role.MARKETER))
    admin.post("/lists", {"name": "Readers"}, headers=KEY)
    assert other.post("/lists", {"name": "Others"}, headers=KEY).status_code == 201
    clock.advance(timedelta(hours=24))
    assert admin.post("/lists", {"name": "Next day"}, headers=KEY).status_code == 201


def test_somebody_who_may_no_longer_do_it_hears_no_old_answer(services: Services, member: Member, program: Login, workspace: Principal):
    member()
    person = member(Role.MARKETER)
    marketer = program(person)
    assert marketer.post("/lists", {"name": "Readers"}, headers=KEY).status_code == 201
    services.people.set_role(workspace, person.id, Role.ANALYST)
    assert marketer.post("/lists", {"name": "Readers"}, headers=KEY).status_code == 403


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "caf\xe9"])
def test_a_key_that_cant_be_one_is_refused(admin: Program, key: str):
    assert admin.post("/lists", {"name": "Readers"}, headers={"Idempotency-Key": key.encode("latin-1")}).status_code == 400


def test_a_secret_in_an_answer_is_sealed(services: Services, admin: Program):
    made = admin.post("/tokens", {"name": "Shop", "scopes": ["contacts.view"]}, headers=KEY).json()
    assert admin.post("/tokens", {"name": "Shop", "scopes": ["contacts.view"]}, headers=KEY).json() == made
    with services.db.read() as connection:
        rows = str(connection.execute(sa.select(idempotency_keys)).all())
    assert made["token"] not in rows
    assert "5f0c7c1e" not in rows


def test_of_many_at_once_one_is_done(admin: Program):
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: admin.post("/lists", {"name": "Readers"}, headers=KEY), range(6)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert any(answer.status_code == 201 for answer in answers)
    assert len(admin.get("/lists").json()["data"]) == 1


@pytest.fixture
def keys(db: Database, clock: FrozenClock) -> IdempotencyKeys:
    return IdempotencyKeys(db, clock, Vault(b"a-key-for-tests-only"))


def test_a_first_request_that_died_gives_way_after_a_minute(keys: IdempotencyKeys, clock: FrozenClock, workspace: Principal):
    first = keys.claim(workspace, "key", b"request")
    assert isinstance(first, Claim)
    with pytest.raises(Refusal) as still_running:
        keys.claim(workspace, "key", b"request")
    assert still_running.value.kind == "conflict"
    clock.advance(timedelta(seconds=60))
    second = keys.claim(workspace, "key", b"request")
    assert isinstance(second, Claim)
    keys.keep(first, Answer(201, b"late", {}))  # it was only slow: what counts is who holds the key now
    keys.keep(second, Answer(201, b"right", {}))
    assert keys.claim(workspace, "key", b"request") == Answer(201, b"right", {})


def test_a_fault_of_ours_is_not_kept(keys: IdempotencyKeys, workspace: Principal):
    first = keys.claim(workspace, "key", b"request")
    assert isinstance(first, Claim)
    keys.forget(first)
    assert isinstance(keys.claim(workspace, "key", b"request"), Claim)


def test_old_answers_are_cleared_away(keys: IdempotencyKeys, db: Database, clock: FrozenClock, workspace: Principal):
    for number in range(3):
        claim = keys.claim(workspace, f"key-{number}", b"request")
        assert isinstance(claim, Claim)
        keys.keep(claim, Answer(200, b"", {}))
    clock.advance(timedelta(hours=25))
    keys.claim(workspace, "new", b"request")
    with db.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(idempotency_keys)).scalar() == 1
