from __future__ import annotations

import statistics
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.accounts import passwords
from core.accounts.people import People, Person
from core.accounts.sessions import Sessions
from core.accounts.sign_in import SignIn
from core.accounts.tables import people as people_table
from core.accounts.throttles import PLACE, Throttles
from core.accounts.two_factor import TwoFactor
from core.accounts.workspaces import Workspaces
from core.audit.recording import INSTALLATION
from core.clock import FrozenClock
from core.errors import Denied
from core.permissions import Principal, Role
from core.storage.database import Database
from core.storage.vault import Vault
from tests.accounts.conftest import KEY, PASSWORD, trail

HERE, ELSEWHERE = "203.0.113.9", "198.51.100.7"
REFUSED = "That email and password don't go together. Check both. After several tries you have to wait a little before the next one counts."


def refused(gate: SignIn, email: str, password: str = "a wrong password", ip: str = "") -> str:
    with pytest.raises(Denied) as error:
        gate.attempt(email, password, ip)
    return str(error.value)


def without_password(db: Database, person: Person) -> None:
    """Make somebody one who comes by an identity provider only."""
    with db.transaction() as connection:
        connection.execute(sa.update(people_table).where(people_table.c.id == person.id).values(password_hash=passwords.NO_PASSWORD))


def test_the_right_password_gives_a_ticket_for_a_session(gate: SignIn, sessions: Sessions, ada: Person):
    signed_in = gate.attempt(" ADA@example.com ", PASSWORD, "")
    principal = sessions.resolve(sessions.redeem(gate.ticket(signed_in), "", ""))
    assert principal
    assert principal.person_id == signed_in.person_id == ada.id


def test_a_person_starts_in_a_workspace_that_is_not_a_demo(gate: SignIn, workspaces: Workspaces, people: People, workspace: Principal):
    demo = workspaces.create("Demo", is_demo=True)
    bob = people.add(Principal.system(demo.id), "b@example.com", "Bob", PASSWORD, Role.ADMIN)
    real = workspaces.create("Real")
    workspaces.add_member(real.id, bob.id, Role.ANALYST)
    assert gate.attempt(bob.email, PASSWORD, "").workspace_id == real.id


@pytest.mark.parametrize(("email", "password"), [("ada@example.com", "wrong password"), ("nobody@example.com", PASSWORD), ("", "")])
def test_every_failure_has_the_same_words(gate: SignIn, ada: Person, email: str, password: str):
    assert refused(gate, email, password) == REFUSED


def test_somebody_without_a_password_is_unknown_here(gate: SignIn, db: Database, ada: Person):
    without_password(db, ada)
    for password in (passwords.NO_PASSWORD, "", PASSWORD):
        assert refused(gate, ada.email, password) == REFUSED


def test_a_locked_account_refuses_the_right_password_until_the_wait_is_over(gate: SignIn, clock: FrozenClock, ada: Person):
    for _ in range(5):
        refused(gate, ada.email)
    assert refused(gate, ada.email, PASSWORD) == REFUSED
    clock.advance(timedelta(seconds=30))
    assert gate.attempt(ada.email, PASSWORD, "")
    assert gate.attempt(ada.email, PASSWORD, "")


def test_many_failures_from_one_place_stop_that_place_only(gate: SignIn, clock: FrozenClock, ada: Person):
    for guess in range(PLACE.tries):
        assert refused(gate, f"{guess}@example.com", PASSWORD, HERE) == REFUSED
    assert refused(gate, ada.email, PASSWORD, HERE) == REFUSED
    assert gate.attempt(ada.email, PASSWORD, ELSEWHERE)
    clock.advance(timedelta(seconds=30))
    assert gate.attempt(ada.email, PASSWORD, HERE)


def test_an_account_of_ones_own_gives_no_fresh_tries(gate: SignIn, ada: Person):
    """Who may sign in could otherwise do so between any two guesses and never be held back."""
    for guess in range(PLACE.tries - 1):
        refused(gate, f"{guess}@example.com", PASSWORD, HERE)
        assert gate.attempt(ada.email, PASSWORD, HERE)
    refused(gate, "last@example.com", PASSWORD, HERE)
    assert refused(gate, ada.email, PASSWORD, HERE) == REFUSED


def test_where_the_place_is_unknown_nobody_is_held_back_for_it(gate: SignIn, ada: Person):
    for guess in range(PLACE.tries + 1):
        refused(gate, f"{guess}@example.com")
    assert gate.attempt(ada.email, PASSWORD, "")


def test_the_table_of_people_never_sees_the_password(gate: SignIn, ada: Person):
    seen: list[str] = []
    gate.attempt(ada.email, PASSWORD, "", lambda _, prepared: bool(seen.append(prepared)) or True)
    assert seen == [passwords.prehashed(PASSWORD)]


def test_failures_are_told_to_the_admins_of_whoever_is_meant(gate: SignIn, ada: Person, workspace: Principal, db: Database):
    for _ in range(6):
        refused(gate, ada.email, ip=HERE)
    told = trail(db, workspace.workspace_id)[1:]
    assert told[0] == ("visitor", "", HERE, "sign_in.failed", f"person:{ada.id}", '{"factor":"password"}')
    assert [row[3] for row in told] == ["sign_in.failed"] * 5 + ["sign_in.locked"]


def test_failures_of_strangers_go_into_the_installations_own_log_without_the_address(gate: SignIn, ada: Person, db: Database):
    refused(gate, "nobody@example.com", ip=HERE)
    assert trail(db, INSTALLATION) == [("visitor", "", HERE, "sign_in.failed", "", '{"factor":"password"}')]


def test_a_success_is_told_with_its_session(gate: SignIn, sessions: Sessions, ada: Person, workspace: Principal, db: Database):
    sessions.redeem(gate.ticket(gate.attempt(ada.email, PASSWORD, HERE)), HERE, "Firefox")
    assert trail(db, workspace.workspace_id)[-1] == (f"person:{ada.id}", "session:1", HERE, "sign_in.succeeded", "session:1", "")


def test_every_failure_takes_the_same_time(sqlite_db: Database, clock: FrozenClock):
    """With a hash that costs enough to stand out from the noise: a short cut would be many times faster."""
    rounds = 10
    workspaces, people = Workspaces(sqlite_db, clock), People(sqlite_db, clock, rounds=rounds)
    throttles = Throttles(sqlite_db, clock, KEY)
    gate = SignIn(sqlite_db, clock, throttles, TwoFactor(sqlite_db, clock, Vault(KEY), throttles), rounds)
    home = Principal.system(workspaces.create("Home").id)
    people.add(home, "admin@example.com", "Boss", PASSWORD, Role.ADMIN)
    locked, disabled, bare, known = (people.add(home, f"{n}@example.com", "One", PASSWORD, Role.ANALYST) for n in range(4))
    people.disable(home, disabled.id)
    without_password(sqlite_db, bare)
    tried = {"locked": locked.email, "disabled": disabled.email, "bare": bare.email, "unknown": "nobody@example.com", "known": known.email}
    for _ in range(8):
        clock.advance(timedelta(minutes=15))
        refused(gate, locked.email)

    def once(email: str) -> float:
        start = time.perf_counter()
        refused(gate, email)
        return time.perf_counter() - start

    taken = [{kind: once(email) for kind, email in tried.items()} for _ in range(5)][1:]  # the first warms up; a fifth would lock them all
    medians = {kind: statistics.median(one[kind] for one in taken) for kind in tried}
    assert max(medians.values()) < 2 * min(medians.values()), medians
