from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.accounts.access_tokens import AccessTokens
from core.accounts.people import People, Person
from core.accounts.sessions import API_IDLE_LIFE, IDLE_LIFE, Sessions
from core.accounts.tables import session_tickets
from core.accounts.tables import sessions as table
from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.errors import Denied, NotFound
from core.permissions import Principal, Role
from core.storage.database import Database
from tests.accounts.conftest import KEY, PASSWORD, trail


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


def sign_in(
    sessions: Sessions, person: Person, workspace_id: int, ip: str = "203.0.113.9", agent: str = "Firefox/141.0 Linux"
) -> Principal:
    found = sessions.resolve(sessions.redeem(sessions.issue_ticket(person.id, workspace_id), ip, agent))
    assert found
    return found


def test_somebody_sees_where_they_are_signed_in_this_one_first(
    sessions: Sessions, people: People, clock: FrozenClock, workspace: Principal, ada: Person
):
    bob = people.add(workspace, "b@example.com", "Bob", PASSWORD, Role.MARKETER)
    sign_in(sessions, bob, workspace.workspace_id)
    began = clock.now()
    here = sign_in(sessions, ada, workspace.workspace_id)
    clock.advance(timedelta(minutes=5))
    sign_in(sessions, ada, workspace.workspace_id, "198.51.100.7", "")
    mine = sessions.mine(here)
    assert [(one.is_this, one.created_at, one.ip, one.browser) for one in mine] == [
        (True, began, "203.0.113.9", "Firefox on Linux"),
        (False, clock.now(), "198.51.100.7", "Unknown browser"),
    ]


def test_what_has_ended_is_not_among_them(sessions: Sessions, clock: FrozenClock, workspace: Principal, ada: Person):
    sign_in(sessions, ada, workspace.workspace_id)
    clock.advance(IDLE_LIFE)
    here = sign_in(sessions, ada, workspace.workspace_id)
    assert [one.is_this for one in sessions.mine(here)] == [True]


def test_a_program_is_among_them_and_sleeps_longer(sessions: Sessions, clock: FrozenClock, workspace: Principal, ada: Person, db: Database):
    program = sign_in(sessions, ada, workspace.workspace_id)
    with db.transaction() as connection:
        connection.execute(sa.update(table).values(kind="api"))
    clock.advance(IDLE_LIFE)
    here = sign_in(sessions, ada, workspace.workspace_id)
    assert [one.browser for one in sessions.mine(here)] == ["Firefox on Linux", "A program, through the API"]
    sessions.revoke_one(here, int(program.via.removeprefix("session:")))
    assert len(sessions.mine(here)) == 1


def test_a_program_that_slept_too_long_to_go_on_is_not_among_them(
    sessions: Sessions, clock: FrozenClock, workspace: Principal, ada: Person, db: Database
):
    access = AccessTokens(db, clock, KEY)
    pair = access.open(ada.id, workspace.workspace_id)
    clock.advance(API_IDLE_LIFE)
    here = sign_in(sessions, ada, workspace.workspace_id)
    assert [one.is_this for one in sessions.mine(here)] == [True]
    assert access.refresh(pair.refresh_token) is None


def test_somebody_ends_one_of_their_own_sessions(sessions: Sessions, people: People, workspace: Principal, ada: Person, token: str):
    here = sign_in(sessions, ada, workspace.workspace_id)
    other = next(one for one in sessions.mine(here) if not one.is_this)
    sessions.revoke_one(here, other.id)
    assert sessions.resolve(token) is None
    assert [one.is_this for one in sessions.mine(here)] == [True]
    with pytest.raises(NotFound):
        sessions.revoke_one(here, other.id)


def test_nobody_ends_the_session_of_a_colleague(sessions: Sessions, people: People, workspace: Principal, ada: Person, token: str):
    bob = people.add(workspace, "b@example.com", "Bob", PASSWORD, Role.ADMIN)
    theirs = sign_in(sessions, bob, workspace.workspace_id)
    for session_id in range(5):
        if session_id != int(theirs.via.removeprefix("session:")):
            with pytest.raises(NotFound):
                sessions.revoke_one(theirs, session_id)
    sessions.revoke_others(theirs)
    assert sessions.resolve(token)


def test_everywhere_else_leaves_this_one(sessions: Sessions, workspaces: Workspaces, workspace: Principal, ada: Person, token: str):
    second = workspaces.create("Second")
    workspaces.add_member(second.id, ada.id, Role.ANALYST)
    there = sign_in(sessions, ada, second.id)
    here = sign_in(sessions, ada, workspace.workspace_id)
    assert sessions.revoke_others(here) == 2
    assert sessions.mine(here)
    assert not [one for one in sessions.mine(there) if one.is_this]
    assert sessions.resolve(token) is None


def test_what_happens_to_sessions_is_in_the_audit_log(
    sessions: Sessions, workspaces: Workspaces, workspace: Principal, ada: Person, token: str, db: Database
):
    second = workspaces.create("Second")
    workspaces.add_member(second.id, ada.id, Role.ANALYST)
    sessions.move(token, second.id)
    sessions.revoke(token)
    sessions.revoke(token)
    me, where = f"person:{ada.id}", ("session:1", "203.0.113.9")
    assert trail(db, workspace.workspace_id)[-1][:5] == (me, *where, "sign_in.succeeded", "session:1")
    assert [row[:5] for row in trail(db, second.id)] == [(me, *where, action, "session:1") for action in ("session.moved", "session.ended")]
