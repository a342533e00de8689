from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.accounts.tables import throttles as table
from core.accounts.throttles import Limit, Throttles, place
from core.clock import FrozenClock
from core.storage.database import Database
from tests.accounts.conftest import KEY

GUESSES = Limit("guesses", 3)


def begin(throttles: Throttles, times: int, subject: str = "203.0.113.9") -> list[bool]:
    return [throttles.begin(GUESSES, subject) for _ in range(times)]


def test_after_the_free_tries_one_has_to_wait_and_longer_each_time(throttles: Throttles, clock: FrozenClock):
    assert begin(throttles, 5) == [True, True, True, False, False]
    for seconds in (30, 60, 120, 240, 480, 900, 900):
        clock.advance(timedelta(seconds=seconds - 1))
        assert begin(throttles, 1) == [False]
        clock.advance(timedelta(seconds=1))
        assert begin(throttles, 2) == [True, False]


def test_others_are_not_held_back(throttles: Throttles):
    begin(throttles, 4)
    assert begin(throttles, 1, "198.51.100.7") == [True]
    assert throttles.begin(Limit("something else", 3), "203.0.113.9")


def test_after_a_quiet_while_everything_is_forgotten(throttles: Throttles, clock: FrozenClock):
    begin(throttles, 4)
    clock.advance(GUESSES.quiet + timedelta(seconds=1))
    assert begin(throttles, 4) == [True, True, True, False]


def test_a_restart_and_another_process_know_of_it(throttles: Throttles, db: Database, clock: FrozenClock):
    begin(throttles, 3)
    again = Throttles(Database(db.engine.url.render_as_string(hide_password=False)), clock, KEY)
    assert begin(again, 1) == [False]


def test_tries_sent_side_by_side_are_all_counted(throttles: Throttles):
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: throttles.begin(GUESSES, "203.0.113.9"), range(20))) == GUESSES.tries


def test_a_right_one_takes_back_its_own_try_only(throttles: Throttles):
    begin(throttles, 2)
    for _ in range(5):
        assert begin(throttles, 1) == [True]
        throttles.take_back(GUESSES, "203.0.113.9")
    assert begin(throttles, 2) == [True, False]


def test_forgiving_gives_a_fresh_start(throttles: Throttles):
    begin(throttles, 4)
    throttles.forgive(GUESSES, "203.0.113.9")
    assert begin(throttles, 4) == [True, True, True, False]


def test_no_address_can_be_read_from_the_table(throttles: Throttles, db: Database):
    begin(throttles, 1, "ada@example.com")
    with db.read() as connection:
        [row] = connection.execute(sa.select(table)).all()
    assert "ada" not in repr(row)
    assert row.key.startswith("guesses:")


@pytest.mark.parametrize("right", [Throttles.forgive, Throttles.take_back])
def test_old_rows_go_with_whatever_was_right(
    throttles: Throttles, db: Database, clock: FrozenClock, right: Callable[[Throttles, Limit, str], None]
):
    begin(throttles, 1)
    clock.advance(timedelta(days=2))
    right(throttles, GUESSES, "somebody else")
    with db.read() as connection:
        assert not connection.execute(sa.select(table)).all()


@pytest.mark.parametrize(
    ("ip", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_a_household_is_one_place(ip: str, counted: str):
    assert place(ip) == counted
