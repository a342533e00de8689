from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import jwt
import pytest
import sqlalchemy as sa

from core.accounts.access_tokens import AccessTokens, TokenPair
from core.accounts.people import People, Person
from core.accounts.sessions import Sessions
from core.accounts.tables import sessions as sessions_table
from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.errors import Denied
from core.permissions import Principal, Role
from core.storage.database import Database
from tests.accounts.conftest import PASSWORD

KEY = b"a-key-for-tests-only"


@pytest.fixture
def access(db: Database, clock: FrozenClock) -> AccessTokens:
    return AccessTokens(db, clock, KEY)


@pytest.fixture
def pair(access: AccessTokens, workspace: Principal, ada: Person) -> TokenPair:
    return access.open(ada.id, workspace.workspace_id, ip="192.0.2.1", user_agent="curl")


def signed(claims: dict[str, object], key: bytes | str | None = None, alg: str = "HS256", typ: str = "at+jwt") -> str:
    ours = hashlib.blake2b(KEY, digest_size=32, person=b"postwright-jwt").digest()
    return jwt.encode(claims, ours if key is None else key, alg, headers={"typ": typ})


def claims_of(token: str) -> dict[str, object]:
    return jwt.decode(token, options={"verify_signature": False})


def test_a_pair_stands_for_a_person_in_a_workspace(access: AccessTokens, pair: TokenPair, workspace: Principal, ada: Person):
    by = access.resolve(pair.access_token)
    assert by is not None
    assert (by.person_id, by.workspace_id, by.role, by.origin) == (ada.id, workspace.workspace_id, Role.ADMIN, "192.0.2.1")
    assert by.via.startswith("session:")
    assert set(claims_of(pair.access_token)) == {"iss", "aud", "sub", "sid", "ws", "jti", "iat", "nbf", "exp"}


def test_an_access_token_lasts_fifteen_minutes(access: AccessTokens, clock: FrozenClock, pair: TokenPair):
    assert pair.expires_in == 900
    clock.advance(timedelta(minutes=15) - timedelta(seconds=1))
    assert access.resolve(pair.access_token)
    clock.advance(timedelta(seconds=1))
    assert access.resolve(pair.access_token) is None


Forge = Callable[[dict[str, object], str], str]
FORGERIES: dict[str, Forge] = {
    "another key": lambda claims, _: signed(claims, b"x" * 32),
    "the installation's key itself": lambda claims, _: signed(claims, KEY + b"\0" * 12),
    "no algorithm": lambda claims, _: signed(claims, "", "none"),
    "another algorithm": lambda claims, _: _by_hand(claims, "HS512", hashlib.sha512),
    "another audience": lambda claims, _: signed(claims | {"aud": "elsewhere"}),
    "another issuer": lambda claims, _: signed(claims | {"iss": "elsewhere"}),
    "another type": lambda claims, _: signed(claims, typ="JWT"),
    "another person": lambda claims, _: signed(claims | {"sub": "99"}),
    "another workspace": lambda claims, _: signed(claims | {"ws": 99}),
    "another session": lambda claims, _: signed(claims | {"sid": 99}),
    "no person": lambda claims, _: signed(claims | {"sub": "ada"}),
    "a time that is none": lambda claims, _: signed(claims | {"exp": 10**30}),
    "not yet": lambda claims, _: signed(claims | {"nbf": 4_000_000_000}),
    "a changed claim": lambda claims, token: _with_payload(token, claims | {"ws": 2}),
    "a signature cut off": lambda _, token: token.rpartition(".")[0] + ".",
    "nonsense": lambda _, __: "a.b.c",
    "nothing": lambda _, __: "",
    **{
        f"without {name}": lambda claims, _, name=name: signed({k: v for k, v in claims.items() if k != name})
        for name in ("iss", "aud", "sub", "sid", "ws", "jti", "iat", "nbf", "exp")
    },
}


def _by_hand(claims: dict[str, object], alg: str, digest: Callable[..., Any]) -> str:
    head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": alg, "typ": "at+jwt"}, claims))
    key = hashlib.blake2b(KEY, digest_size=32, person=b"postwright-jwt").digest()
    signature = base64.urlsafe_b64encode(hmac.new(key, head + b"." + body, digest).digest()).rstrip(b"=")
    return b".".join((head, body, signature)).decode()


def _with_payload(token: str, claims: dict[str, object]) -> str:
    head, _, signature = token.split(".")
    return f"{head}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b'=').decode()}.{signature}"


@pytest.mark.parametrize("how", FORGERIES)
def test_a_forged_token_is_nobody(access: AccessTokens, pair: TokenPair, how: str):
    assert access.resolve(signed(claims_of(pair.access_token)))  # what the forgeries differ from is good
    assert access.resolve(FORGERIES[how](claims_of(pair.access_token), pair.access_token)) is None


def test_a_refresh_token_is_good_once_and_the_session_goes_on(access: AccessTokens, clock: FrozenClock, pair: TokenPair):
    clock.advance(timedelta(minutes=20))
    new = access.refresh(pair.refresh_token)
    assert new and new.refresh_token != pair.refresh_token
    assert access.resolve(new.access_token)


def test_a_refresh_token_brought_twice_ends_the_session(access: AccessTokens, pair: TokenPair):
    new = access.refresh(pair.refresh_token)
    assert new
    assert access.refresh(pair.refresh_token) is None
    assert access.resolve(new.access_token) is None
    assert access.refresh(new.refresh_token) is None


def test_a_thief_who_renews_several_times_is_found_out_all_the_same(access: AccessTokens, pair: TokenPair):
    stolen = access.refresh(pair.refresh_token)
    for _ in range(3):
        assert stolen
        stolen = access.refresh(stolen.refresh_token)
    assert stolen
    assert access.refresh(pair.refresh_token) is None
    assert access.resolve(stolen.access_token) is None


def test_a_guess_ends_nobodys_session(access: AccessTokens, pair: TokenPair):
    number = pair.refresh_token.split("_")[1]
    for guess in (f"pwr_{number}_{'A' * 43}_{'A' * 43}", f"pwr_{number}_", pair.refresh_token[:-1] + "x", "", "pwr_0__"):
        if guess != pair.refresh_token:
            assert access.refresh(guess) is None
            access.revoke(guess)
    assert access.resolve(pair.access_token)


def test_of_two_at_once_one_wins_and_the_session_ends(access: AccessTokens, pair: TokenPair):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: access.refresh(pair.refresh_token), range(4)))
    assert sum(one is not None for one in found) == 1
    assert access.resolve(pair.access_token) is None


def test_revoking_ends_the_access_token_as_well(access: AccessTokens, pair: TokenPair):
    access.revoke(pair.refresh_token)
    assert access.resolve(pair.access_token) is None
    assert access.refresh(pair.refresh_token) is None


def test_a_refresh_token_left_alone_for_a_week_is_over(access: AccessTokens, clock: FrozenClock, pair: TokenPair):
    clock.advance(timedelta(days=7))
    assert access.refresh(pair.refresh_token) is None


def test_thirty_days_are_the_most(access: AccessTokens, clock: FrozenClock, pair: TokenPair):
    for _ in range(5):
        clock.advance(timedelta(days=6) - timedelta(seconds=1))
        renewed = access.refresh(pair.refresh_token)
        assert renewed
        pair = renewed
    clock.advance(timedelta(minutes=1))
    assert access.resolve(pair.access_token) is None
    assert access.refresh(pair.refresh_token) is None


def test_disabling_somebody_and_a_smaller_role_count_at_once(access: AccessTokens, people: People, workspace: Principal, ada: Person):
    grace = people.add(workspace, "grace@example.com", "Grace", PASSWORD, Role.MARKETER)
    pair = access.open(grace.id, workspace.workspace_id)
    people.set_role(workspace, grace.id, Role.ANALYST)
    by = access.resolve(pair.access_token)
    assert by and by.role == Role.ANALYST
    people.disable(workspace, grace.id)
    assert access.resolve(pair.access_token) is None
    assert access.refresh(pair.refresh_token) is None


def test_signing_somebody_out_ends_programs_too(access: AccessTokens, people: People, workspace: Principal, pair: TokenPair, ada: Person):
    people.sign_out(workspace, ada.id)
    assert access.resolve(pair.access_token) is None
    assert access.refresh(pair.refresh_token) is None


def test_it_is_no_cookie_and_a_cookie_is_no_refresh_token(
    access: AccessTokens, sessions: Sessions, pair: TokenPair, workspace: Principal, ada: Person
):
    assert sessions.resolve(pair.refresh_token) is None
    assert sessions.resolve(pair.access_token) is None
    cookie = sessions.redeem(sessions.issue_ticket(ada.id, workspace.workspace_id), "", "")
    assert access.resolve(cookie) is None
    assert access.refresh(cookie) is None
    assert sessions.resolve(cookie)


def test_nobody_gets_into_a_workspace_they_are_not_in(access: AccessTokens, workspaces: Workspaces, ada: Person):
    with pytest.raises(Denied):
        access.open(ada.id, workspaces.create("Elsewhere").id)


def test_neither_token_is_kept(access: AccessTokens, db: Database, pair: TokenPair):
    with db.read() as connection:
        rows = str(connection.execute(sa.select(sessions_table)).all())
    assert pair.refresh_token not in rows
    assert pair.refresh_token.split("_", 2)[2] not in rows
