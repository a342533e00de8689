from __future__ import annotations

import pytest
import sqlalchemy as sa

from core.accounts.people import People
from core.accounts.setup import Setup
from core.accounts.throttles import SET_UP
from core.accounts.workspaces import Workspaces
from core.audit.tables import audit_log
from core.clock import FrozenClock
from core.errors import Conflict, Denied, InvalidInput
from core.permissions import Role
from core.storage.database import Database
from tests.accounts.conftest import PASSWORD


def complete(setup: Setup, code: str, **changed: str):
    values = {"workspace_name": "Acme", "email": "ada@example.com", "name": "Ada", "password": PASSWORD} | changed
    return setup.complete(code, **values)


def test_the_first_admin_is_made_with_the_code(setup: Setup, people: People, workspaces: Workspaces):
    assert setup.is_needed()
    person = complete(setup, setup.new_code())
    [workspace] = workspaces.for_person(person.id)
    assert workspace.name == "Acme"
    assert people.principal(person.id, workspace.id).role == Role.ADMIN
    assert not setup.is_needed()


def test_the_audit_log_says_from_where_it_was_set_up(setup: Setup, db: Database):
    complete(setup, setup.new_code(), ip="203.0.113.9")
    with db.read() as connection:
        assert set(connection.execute(sa.select(audit_log.c.origin)).scalars()) == {"203.0.113.9"}


def test_the_first_admin_may_look_at_a_demo_that_was_made_before(setup: Setup, workspaces: Workspaces):
    demo = workspaces.create("Demo", is_demo=True)
    person = complete(setup, setup.new_code())
    assert {workspace.name for workspace in workspaces.for_person(person.id)} == {"Acme", demo.name}


def test_a_code_may_be_typed_carelessly(setup: Setup):
    code = setup.new_code()
    assert complete(setup, f" {code.lower().replace('-', ' ')} ")


@pytest.mark.parametrize("guess", ["", "AAAA-AAAA-AAAA", "x" * 10_000])
def test_a_wrong_code_makes_nobody(setup: Setup, guess: str):
    setup.new_code()
    with pytest.raises(Denied, match="not right"):
        complete(setup, guess)
    assert setup.is_needed()


def test_without_any_code_nothing_opens(setup: Setup):
    with pytest.raises(Denied):
        complete(setup, "")


def test_only_the_newest_code_works(setup: Setup):
    old, new = setup.new_code(), setup.new_code()
    with pytest.raises(Denied):
        complete(setup, old)
    assert complete(setup, new)


@pytest.mark.parametrize("wrong", [{"password": "short"}, {"email": "nonsense"}, {"workspace_name": ""}, {"name": ""}])
def test_a_mistake_in_the_form_leaves_the_code_good(setup: Setup, workspaces: Workspaces, wrong: dict[str, str]):
    code = setup.new_code()
    with pytest.raises(InvalidInput):
        complete(setup, code, **wrong)
    assert workspaces.all() == []
    assert complete(setup, code)


def test_codes_can_not_be_guessed_one_after_the_other(setup: Setup, clock: FrozenClock):
    code = setup.new_code()
    for _ in range(SET_UP.tries):
        with pytest.raises(Denied, match="not right"):
            complete(setup, "AAAA-AAAA-AAAA", ip="203.0.113.9")
    with pytest.raises(Denied, match="too many"):
        complete(setup, code, ip="203.0.113.9")
    clock.advance(SET_UP.first)
    assert complete(setup, code, ip="203.0.113.9")


def test_nobody_sets_up_a_second_time(setup: Setup):
    code = setup.new_code()
    complete(setup, code)
    with pytest.raises(Conflict):
        complete(setup, code, email="eve@example.com")
    with pytest.raises(Conflict):
        setup.new_code()
