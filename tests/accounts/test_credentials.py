from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from core.accounts import passwords
from core.accounts.credentials import TRIES, Credentials, locked_until
from core.accounts.people import People, Person
from core.clock import FrozenClock
from core.permissions import Principal
from core.storage.database import Database
from tests.accounts.conftest import PASSWORD


@pytest.fixture
def credentials(db: Database, clock: FrozenClock) -> Credentials:
    return Credentials(db, clock)


def test_an_active_person_is_found_by_address(credentials: Credentials, ada: Person):
    assert list(credentials) == ["ada@example.com"]
    assert len(credentials) == 1
    assert passwords.verify(PASSWORD, credentials["ada@example.com"]["password"])
    assert "nobody@example.com" not in credentials


def test_somebody_disabled_everywhere_is_not_found(credentials: Credentials, people: People, workspace: Principal, ada: Person):
    bob = people.add(workspace, "b@example.com", "Bob", PASSWORD, role=people.all(workspace)[0].role)
    people.disable(workspace, bob.id)
    assert bob.email not in credentials


def test_the_mapping_can_neither_add_nor_drop_people_nor_change_a_password(credentials: Credentials, ada: Person):
    with pytest.raises(TypeError):
        credentials["eve@example.com"] = credentials[ada.email]
    with pytest.raises(TypeError):
        del credentials[ada.email]
    with pytest.raises(TypeError):
        credentials[ada.email]["password"] = "plain"


def test_the_sixth_try_in_a_row_has_to_wait(credentials: Credentials, clock: FrozenClock, ada: Person):
    assert [credentials.begin_attempt(ada.email) for _ in range(TRIES + 1)] == [True] * TRIES + [False]
    clock.advance(timedelta(seconds=29))
    assert not credentials.begin_attempt(ada.email)
    clock.advance(timedelta(seconds=1))
    assert credentials.begin_attempt(ada.email)
    clock.advance(timedelta(seconds=59))
    assert not credentials.begin_attempt(ada.email)


def test_waiting_doubles_up_to_a_quarter_of_an_hour(clock: FrozenClock):
    waits = [(locked_until(tries, clock.now()) - clock.now()).total_seconds() for tries in (5, 6, 7, 8, 9, 10, 500)]
    assert waits == [30, 60, 120, 240, 480, 900, 900]


def test_guesses_sent_side_by_side_are_all_counted(credentials: Credentials, ada: Person):
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(credentials.begin_attempt, [ada.email] * 20)) == TRIES


def test_a_success_forgets_the_failures(credentials: Credentials, ada: Person):
    for _ in range(TRIES):
        credentials.begin_attempt(ada.email)
    credentials[ada.email]["failed_login_attempts"] = 0
    assert credentials[ada.email]["failed_login_attempts"] == 0
    assert credentials.begin_attempt(ada.email)


def test_what_the_package_counts_itself_is_not_counted_twice(credentials: Credentials, ada: Person):
    credentials.begin_attempt(ada.email)
    credentials[ada.email]["failed_login_attempts"] += 1
    assert credentials[ada.email]["failed_login_attempts"] == 1


def test_an_unknown_address_has_no_attempts_to_begin(credentials: Credentials):
    assert not credentials.begin_attempt("nobody@example.com")
