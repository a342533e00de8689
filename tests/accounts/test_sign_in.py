from __future__ import annotations

from datetime import timedelta

import pytest

from core.accounts import passwords
from core.accounts.people import People, Person
from core.accounts.sessions import Sessions
from core.accounts.sign_in import FAILURES_PER_ADDRESS, RecentFailures, SignIn
from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.errors import Denied
from core.permissions import Principal, Role
from core.storage.database import Database
from tests.accounts.conftest import PASSWORD


@pytest.fixture
def gate(db: Database, clock: FrozenClock) -> SignIn:
    return SignIn(db, clock, rounds=4)


def attempt(gate: SignIn, email: str, password: str, ip: str = "") -> str:
    """Compare as the engine does: the prepared password with the stored hash."""
    import bcrypt

    def check(address: str, prepared: str) -> bool:
        right = bcrypt.checkpw(prepared.encode(), gate.credentials[address]["password"].encode())
        if right:
            gate.credentials[address]["failed_login_attempts"] = 0
        return right

    return gate.attempt(email, password, ip, check)


def test_the_right_password_gives_a_ticket_for_a_session(gate: SignIn, sessions: Sessions, ada: Person):
    principal = sessions.resolve(sessions.redeem(attempt(gate, " ADA@example.com ", PASSWORD), "", ""))
    assert principal
    assert principal.person_id == ada.id


def test_a_person_starts_in_a_workspace_that_is_not_a_demo(
    gate: SignIn, sessions: Sessions, workspaces: Workspaces, people: People, workspace: Principal
):
    demo = workspaces.create("Demo", is_demo=True)
    bob = people.add(Principal.system(demo.id), "b@example.com", "Bob", PASSWORD, Role.ADMIN)
    real = workspaces.create("Real")
    workspaces.add_member(real.id, bob.id, Role.ANALYST)
    principal = sessions.resolve(sessions.redeem(attempt(gate, bob.email, PASSWORD), "", ""))
    assert principal
    assert principal.workspace_id == real.id


@pytest.mark.parametrize(("email", "password"), [("ada@example.com", "wrong password"), ("nobody@example.com", PASSWORD), ("", "")])
def test_every_failure_has_the_same_words(gate: SignIn, ada: Person, email: str, password: str):
    with pytest.raises(Denied) as refused:
        attempt(gate, email, password)
    assert str(refused.value) == (
        "That email and password don't go together. Check both. After several tries you have to wait a little before the next one counts."
    )


def test_a_locked_account_refuses_the_right_password_until_the_wait_is_over(gate: SignIn, clock: FrozenClock, ada: Person):
    for _ in range(5):
        with pytest.raises(Denied):
            attempt(gate, ada.email, "wrong password")
    with pytest.raises(Denied):
        attempt(gate, ada.email, PASSWORD)
    clock.advance(timedelta(seconds=30))
    assert attempt(gate, ada.email, PASSWORD)
    assert attempt(gate, ada.email, PASSWORD)


def test_many_failures_from_one_place_stop_that_place_only(gate: SignIn, clock: FrozenClock, ada: Person):
    for guess in range(FAILURES_PER_ADDRESS):
        with pytest.raises(Denied):
            attempt(gate, f"{guess}@example.com", PASSWORD, "203.0.113.9")
    with pytest.raises(Denied):
        attempt(gate, ada.email, PASSWORD, "203.0.113.9")
    assert attempt(gate, ada.email, PASSWORD, "198.51.100.7")
    clock.advance(timedelta(minutes=15))
    assert attempt(gate, ada.email, PASSWORD, "203.0.113.9")


def test_where_the_place_is_unknown_nothing_is_counted(clock: FrozenClock):
    failures = RecentFailures(clock, limit=1)
    failures.note("")
    assert failures.allows("")
    failures.note("203.0.113.9")
    assert not failures.allows("203.0.113.9")


def test_the_table_of_people_never_sees_the_password(gate: SignIn, ada: Person):
    seen: list[str] = []
    gate.attempt(ada.email, PASSWORD, "", lambda _, prepared: bool(seen.append(prepared)) or True)
    assert seen == [passwords.prehashed(PASSWORD)]
