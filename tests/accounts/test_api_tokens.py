from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.accounts.api_tokens import ApiTokens
from core.accounts.people import People, Person
from core.accounts.roles import Roles
from core.accounts.tables import api_tokens, people
from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.contacts.lists import Lists
from core.errors import Denied, InvalidInput, NotFound
from core.permissions import Permission, Principal, Role
from core.storage.database import Database
from core.storage.tables import workspaces as workspaces_table
from tests.accounts.conftest import PASSWORD

READ = (Permission.CONTACTS_VIEW,)


@pytest.fixture
def tokens(db: Database, clock: FrozenClock) -> ApiTokens:
    return ApiTokens(db, clock)


@pytest.fixture
def grace(people: People, workspace: Principal, ada: Person) -> Person:
    return people.add(workspace, "grace@example.com", "Grace", PASSWORD, Role.MARKETER)


@pytest.fixture
def as_grace(people: People, workspace: Principal, grace: Person) -> Principal:
    """A marketer who makes tokens all the same, as one with a role of the workspace's own could."""
    by = people.principal(grace.id, workspace.workspace_id)
    return Principal(by.workspace_id, by.label, by.permissions | {Permission.TOKENS_MANAGE}, person_id=by.person_id)


def test_a_token_acts_for_who_made_it_and_only_within_its_scopes(tokens: ApiTokens, as_ada: Principal):
    made, text = tokens.create(as_ada, "Shop", READ, requests_per_minute=30)
    found = tokens.resolve(text, origin="192.0.2.1")
    assert found is not None
    by, limit = found
    assert (by.workspace_id, by.person_id, by.permissions, limit) == (as_ada.workspace_id, as_ada.person_id, frozenset(READ), 30)
    assert (by.via, by.origin, by.label) == (f"token:{made.id}", "192.0.2.1", as_ada.label)


def test_its_text_is_kept_nowhere(tokens: ApiTokens, db: Database, as_ada: Principal):
    _, text = tokens.create(as_ada, "Shop", READ)
    with db.read() as connection:
        row = connection.execute(sa.select(api_tokens)).one()
    assert text.split("_", 2)[2] not in str(row)
    assert text not in repr(tokens.all(as_ada))


@pytest.mark.parametrize("change", ["", "x", "pw_1", "pw__", "pw_0_", "pw_99_", "pw_１_", "PW_", "pw_1_\x00", "pw_" + "9" * 30 + "_"])
def test_anything_else_is_nobody(tokens: ApiTokens, as_ada: Principal, change: str):
    made, text = tokens.create(as_ada, "Shop", READ)
    secret = text.split("_", 2)[2]
    wrong = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    for tried in (change, change + secret, f"pw_{made.id}_{wrong}", text + "x", text[:-1], text.upper(), f" {text}"):
        assert tokens.resolve(tried) is None


def test_one_tokens_secret_opens_no_other(tokens: ApiTokens, as_ada: Principal):
    first, _ = tokens.create(as_ada, "One", READ)
    _, second = tokens.create(as_ada, "Two", READ)
    assert tokens.resolve(f"pw_{first.id}_{second.split('_', 2)[2]}") is None


def test_it_ends_when_it_was_told_to_and_when_revoked(tokens: ApiTokens, clock: FrozenClock, as_ada: Principal):
    made, text = tokens.create(as_ada, "Shop", READ, expires_in_days=1)
    kept, other = tokens.create(as_ada, "Other", READ)
    clock.advance(timedelta(days=1) - timedelta(seconds=1))
    assert tokens.resolve(text)
    clock.advance(timedelta(seconds=1))
    assert tokens.resolve(text) is None
    tokens.revoke(as_ada, kept.id)
    tokens.revoke(as_ada, kept.id)
    assert tokens.resolve(other) is None
    assert [one.id for one in tokens.all(as_ada)] == [made.id]
    assert tokens.get(as_ada, kept.id).revoked_at == clock.now()


def test_a_smaller_role_reaches_the_token_at_once(
    tokens: ApiTokens, people: People, workspace: Principal, as_grace: Principal, grace: Person
):
    _, text = tokens.create(as_grace, "Shop", [Permission.CONTACTS_VIEW, Permission.CONTACTS_EDIT])
    people.set_role(workspace, grace.id, Role.ANALYST)
    found = tokens.resolve(text)
    assert found and found[0].permissions == {Permission.CONTACTS_VIEW}


def test_a_role_of_ones_own_reaches_the_token(
    tokens: ApiTokens, people: People, db: Database, clock: FrozenClock, workspace: Principal, as_grace: Principal, grace: Person
):
    _, text = tokens.create(as_grace, "Shop", [Permission.CONTACTS_VIEW, Permission.CAMPAIGNS_VIEW])
    roles = Roles(db, clock)
    proofreader = roles.create(workspace, "Proofreader", [Permission.CAMPAIGNS_VIEW])
    people.set_role(workspace, grace.id, proofreader.key)
    found = tokens.resolve(text)
    assert found and found[0].permissions == {Permission.CAMPAIGNS_VIEW}


def test_somebody_disabled_has_no_tokens(tokens: ApiTokens, people: People, workspace: Principal, as_grace: Principal, grace: Person):
    _, text = tokens.create(as_grace, "Shop", READ)
    people.disable(workspace, grace.id)
    assert tokens.resolve(text) is None
    people.enable(workspace, grace.id)
    assert tokens.resolve(text)


def test_a_limit_to_some_lists_holds_for_the_token(
    tokens: ApiTokens, people: People, db: Database, clock: FrozenClock, workspace: Principal, as_grace: Principal, grace: Person
):
    _, text = tokens.create(as_grace, "Shop", READ)
    only = Lists(db, clock).create(workspace, "Readers")
    people.set_lists(workspace, grace.id, [only.id])
    found = tokens.resolve(text)
    assert found and found[0].lists == {only.id}


def test_a_missing_second_factor_leaves_the_token_nothing(tokens: ApiTokens, db: Database, clock: FrozenClock, as_ada: Principal):
    _, text = tokens.create(as_ada, "Shop", READ)
    with db.transaction() as connection:
        connection.execute(sa.update(workspaces_table).values(requires_two_factor=True))
    found = tokens.resolve(text)
    assert found and found[0].needs_two_factor and found[0].permissions == frozenset()
    with db.transaction() as connection:
        connection.execute(sa.update(people).values(totp_enabled_at=clock.now()))
    found = tokens.resolve(text)
    assert found and found[0].permissions == frozenset(READ)


def test_use_is_noted_at_most_once_a_minute(tokens: ApiTokens, clock: FrozenClock, as_ada: Principal):
    made, text = tokens.create(as_ada, "Shop", READ)
    tokens.resolve(text)
    first = clock.now()
    clock.advance(timedelta(seconds=59))
    tokens.resolve(text)
    assert tokens.get(as_ada, made.id).last_used_at == first
    clock.advance(timedelta(seconds=1))
    tokens.resolve(text)
    assert tokens.get(as_ada, made.id).last_used_at == clock.now()


def test_nobody_gives_a_token_more_than_they_have(tokens: ApiTokens, as_grace: Principal):
    with pytest.raises(Denied, match=Permission.PEOPLE_MANAGE):
        tokens.create(as_grace, "Shop", [Permission.CONTACTS_VIEW, Permission.PEOPLE_MANAGE])


def test_a_token_makes_no_token_that_may_more(tokens: ApiTokens, as_ada: Principal):
    _, text = tokens.create(as_ada, "Shop", [Permission.TOKENS_MANAGE])
    found = tokens.resolve(text)
    assert found
    with pytest.raises(Denied):
        tokens.create(found[0], "More", READ)


@pytest.mark.parametrize(
    "given",
    [
        {"name": ""},
        {"name": "x" * 81},
        {"name": "a\x00b"},
        {"scopes": ()},
        {"scopes": (Permission.ACCOUNT_MANAGE,)},
        {"expires_in_days": 0},
        {"expires_in_days": 10**9},
        {"requests_per_minute": 0},
        {"requests_per_minute": 10**9},
    ],
)
def test_what_makes_no_sense_is_refused(tokens: ApiTokens, as_ada: Principal, given: dict[str, object]):
    with pytest.raises(InvalidInput):
        tokens.create(as_ada, **({"name": "Shop", "scopes": READ} | given))
    assert tokens.all(as_ada) == []


def test_the_product_itself_has_no_tokens(tokens: ApiTokens, workspace: Principal):
    with pytest.raises(InvalidInput):
        tokens.create(workspace, "Shop", READ)


def test_only_those_who_may_manage_tokens_see_or_end_them(tokens: ApiTokens, people: People, as_ada: Principal, grace: Person):
    made, _ = tokens.create(as_ada, "Shop", READ)
    marketer = people.principal(grace.id, as_ada.workspace_id)
    for act in (lambda: tokens.all(marketer), lambda: tokens.revoke(marketer, made.id), lambda: tokens.create(marketer, "X", READ)):
        with pytest.raises(Denied):
            act()


def test_another_workspaces_tokens_are_not_there(tokens: ApiTokens, workspaces: Workspaces, as_ada: Principal):
    made, text = tokens.create(as_ada, "Shop", READ)
    elsewhere = Principal.system(workspaces.create("Elsewhere").id)
    assert tokens.all(elsewhere) == []
    for act in (tokens.get, tokens.revoke):
        with pytest.raises(NotFound):
            act(elsewhere, made.id)
    assert tokens.resolve(text)
