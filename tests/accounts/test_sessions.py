from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.accounts.people import People, Person
from core.accounts.sessions import Sessions
from core.accounts.tables import session_tickets
from core.accounts.tables import sessions as table
from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.errors import Denied
from core.permissions import Principal, Role
from core.storage.database import Database
from tests.accounts.conftest import PASSWORD


@pytest.fixture
def token(sessions: Sessions, workspace: Principal, ada: Person) -> str:
    return sessions.redeem(sessions.issue_ticket(ada.id, workspace.workspace_id), "203.0.113.9", "Firefox")


def test_a_token_stands_for_its_person(sessions: Sessions, token: str, as_ada: Principal):
    assert sessions.resolve(token) == as_ada


@pytest.mark.parametrize("token", ["", "x", "a" * 5000, "\x00", "' or 1=1 --"])
def test_a_made_up_token_stands_for_nobody(sessions: Sessions, token: str):
    assert sessions.resolve(token) is None


def test_neither_ticket_nor_token_is_stored(db: Database, sessions: Sessions, workspace: Principal, ada: Person):
    ticket = sessions.issue_ticket(ada.id, workspace.workspace_id)
    with db.read() as connection:
        assert ticket not in str(connection.execute(sa.select(session_tickets)).all())
    token = sessions.redeem(ticket, "", "")
    with db.read() as connection:
        assert token not in str(connection.execute(sa.select(table)).all())


def test_a_ticket_is_good_once(sessions: Sessions, workspace: Principal, ada: Person):
    ticket = sessions.issue_ticket(ada.id, workspace.workspace_id)
    sessions.redeem(ticket, "", "")
    with pytest.raises(Denied, match="used before"):
        sessions.redeem(ticket, "", "")


def test_of_eight_browsers_with_one_ticket_one_gets_in(sessions: Sessions, workspace: Principal, ada: Person):
    ticket = sessions.issue_ticket(ada.id, workspace.workspace_id)

    def bring(_: int) -> bool:
        try:
            return bool(sessions.redeem(ticket, "", ""))
        except Denied:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(bring, range(8))) == 1


def test_a_ticket_is_good_for_thirty_seconds(sessions: Sessions, clock: FrozenClock, workspace: Principal, ada: Person):
    ticket = sessions.issue_ticket(ada.id, workspace.workspace_id)
    clock.advance(timedelta(seconds=30))
    with pytest.raises(Denied):
        sessions.redeem(ticket, "", "")


def test_a_session_ends_after_thirty_idle_minutes(sessions: Sessions, clock: FrozenClock, token: str):
    clock.advance(timedelta(minutes=29))
    assert sessions.resolve(token)
    clock.advance(timedelta(minutes=29))
    assert sessions.resolve(token)
    clock.advance(timedelta(minutes=30))
    assert sessions.resolve(token) is None


def test_a_session_ends_after_twelve_hours_however_busy(sessions: Sessions, clock: FrozenClock, token: str):
    for _ in range(35):
        clock.advance(timedelta(minutes=20))
        assert sessions.resolve(token)
    clock.advance(timedelta(minutes=20))
    assert sessions.resolve(token) is None


def test_a_revoked_token_is_refused_and_others_are_not(sessions: Sessions, token: str, workspace: Principal, ada: Person):
    other = sessions.redeem(sessions.issue_ticket(ada.id, workspace.workspace_id), "", "")
    sessions.revoke(token)
    assert sessions.resolve(token) is None
    assert sessions.resolve(other)
    sessions.revoke_all(ada.id)
    assert sessions.resolve(other) is None


def test_disabling_ends_the_session_at_once_and_for_good(sessions: Sessions, people: People, workspace: Principal, ada: Person):
    bob = people.add(workspace, "b@example.com", "Bob", PASSWORD, Role.MARKETER)
    token = sessions.redeem(sessions.issue_ticket(bob.id, workspace.workspace_id), "", "")
    people.disable(workspace, bob.id)
    assert sessions.resolve(token) is None
    people.enable(workspace, bob.id)
    assert sessions.resolve(token) is None


def test_a_new_role_counts_for_open_sessions(sessions: Sessions, people: People, workspace: Principal, ada: Person):
    bob = people.add(workspace, "b@example.com", "Bob", PASSWORD, Role.MARKETER)
    token = sessions.redeem(sessions.issue_ticket(bob.id, workspace.workspace_id), "", "")
    people.set_role(workspace, bob.id, Role.ANALYST)
    resolved = sessions.resolve(token)
    assert resolved
    assert resolved.role == Role.ANALYST


def test_a_session_moves_only_to_workspaces_of_its_person(
    sessions: Sessions, workspaces: Workspaces, workspace: Principal, token: str, ada: Person
):
    hers, foreign = workspaces.create("Hers too"), workspaces.create("Not hers")
    workspaces.add_member(hers.id, ada.id, Role.ANALYST)
    sessions.move(token, hers.id)
    moved = sessions.resolve(token)
    assert moved
    assert (moved.workspace_id, moved.role) == (hers.id, Role.ANALYST)
    with pytest.raises(Denied):
        sessions.move(token, foreign.id)


def test_being_seen_is_noted(sessions: Sessions, people: People, clock: FrozenClock, workspace: Principal, token: str):
    clock.advance(timedelta(minutes=5))
    sessions.resolve(token)
    assert people.all(workspace)[0].last_seen_at == clock.now()
