"""Tokens for a password, from outside."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pyotp
import pytest
import sqlalchemy as sa

from core.accounts.tables import people
from core.clock import FrozenClock
from core.permissions import Principal, Role
from tests.api.conftest import PASSWORD, Member, Program

if TYPE_CHECKING:
    from core.app import Services

EMAIL = "admin@example.com"


def ask(program: Program, email: str = EMAIL, password: str = PASSWORD, **more: object):
    return program.post("/auth/token", {"grant_type": "password", "email": email, "password": password, **more})


@pytest.fixture
def ada(member: Member):
    return member()


def test_a_password_gets_tokens_that_work(nobody: Program, ada, workspace: Principal):
    answer = ask(nobody)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    pair = answer.json()
    assert (pair["token_type"], pair["expires_in"], pair["workspace_id"]) == ("Bearer", 900, workspace.workspace_id)
    me = Program(nobody.http, pair["access_token"], workspace).get("/me").json()
    assert (me["kind"], me["person_id"], me["role"]) == ("session", ada.id, "admin")


def test_every_failure_sounds_the_same(services: Services, nobody: Program, ada, member: Member, workspace: Principal):
    other = services.workspaces.create("Elsewhere")
    gone = member(Role.ANALYST)
    services.people.disable(workspace, gone.id)
    answers = [
        ask(nobody, password="wrong horse battery"),
        ask(nobody, email="nobody@example.com"),
        ask(nobody, email="not an address"),
        ask(nobody, email=gone.email),
        ask(nobody, workspace_id=other.id),
        ask(nobody, workspace_id=2**62),
        nobody.post("/auth/token", {"grant_type": "refresh_token", "refresh_token": "pwr_1_x"}),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


def test_guessing_locks_the_account_here_as_on_the_form(nobody: Program, ada, clock: FrozenClock):
    for _ in range(6):
        ask(nobody, password="wrong horse battery")
    assert ask(nobody).status_code == 401
    clock.advance(timedelta(minutes=16))
    assert ask(nobody).status_code == 200


def test_many_tries_from_one_address_have_to_wait(nobody: Program):
    answers = [ask(nobody, email="", password="") for _ in range(70)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_a_second_factor_is_asked_for_and_good_once(services: Services, nobody: Program, ada, clock: FrozenClock):
    secret = pyotp.random_base32()
    with services.db.transaction() as connection:
        values = {"totp_secret": services.vault.seal(secret), "totp_enabled_at": clock.now()}
        connection.execute(sa.update(people).where(people.c.id == ada.id).values(**values))
    missing = ask(nobody)
    assert missing.status_code == 401
    assert "code" in missing.json()["detail"]
    assert ask(nobody, password="wrong horse battery").json() == ask(nobody, code="000000").json()
    code = pyotp.TOTP(secret).at(clock.now())
    assert ask(nobody, code=code).status_code == 200
    assert ask(nobody, code=code).status_code == 401


def test_a_refresh_token_brought_twice_ends_what_it_began(nobody: Program, ada):
    first = ask(nobody).json()
    renew = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = nobody.post("/auth/token", renew).json()
    assert Program(nobody.http, second["access_token"], nobody.by).get("/me").status_code == 200
    assert nobody.post("/auth/token", renew).status_code == 401
    assert Program(nobody.http, second["access_token"], nobody.by).get("/me").status_code == 401


def test_an_access_token_ends_with_its_session_and_after_fifteen_minutes(nobody: Program, ada, clock: FrozenClock):
    first, second = ask(nobody).json(), ask(nobody).json()
    assert nobody.post("/auth/revoke", {"refresh_token": first["refresh_token"]}).status_code == 204
    assert nobody.post("/auth/revoke", {"refresh_token": "unknown"}).status_code == 204
    assert Program(nobody.http, first["access_token"], nobody.by).get("/me").status_code == 401
    assert Program(nobody.http, second["access_token"], nobody.by).get("/me").status_code == 200
    clock.advance(timedelta(minutes=15))
    assert Program(nobody.http, second["access_token"], nobody.by).get("/me").status_code == 401


def test_a_role_taken_away_counts_with_the_next_request(services: Services, nobody: Program, member: Member, ada, workspace: Principal):
    grace = member(Role.MARKETER)
    token = Program(nobody.http, ask(nobody, email=grace.email).json()["access_token"], workspace)
    assert token.post("/lists", {"name": "Readers"}).status_code == 201
    services.people.set_role(workspace, grace.id, Role.ANALYST)
    assert token.post("/lists", {"name": "More"}).status_code == 403


def test_tokens_are_for_the_workspace_that_was_asked_for(services: Services, nobody: Program, ada, workspace: Principal):
    second = services.workspaces.create("Second")
    services.workspaces.add_member(second.id, ada.id, Role.ANALYST)
    session = Program(nobody.http, ask(nobody, workspace_id=second.id).json()["access_token"], workspace)
    assert session.get("/me").json()["role"] == "analyst"
    assert [one["name"] for one in session.get("/workspaces").json()["data"]] == ["Acme", "Second"]


@pytest.mark.parametrize(
    "body", [{}, {"grant_type": "password"}, {"grant_type": "magic"}, {"grant_type": "refresh_token"}, [], {"grant_type": None}]
)
def test_a_request_that_is_none_is_named(nobody: Program, body: object):
    assert nobody.post("/auth/token", body).status_code == 422
