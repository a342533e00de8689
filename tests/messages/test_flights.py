"""The record of what is on its way: who may read it, what it says, and what becomes of messages by it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from core.clock import FrozenClock
from core.messages.delivery import LARGEST_BATCH
from core.messages.flight_files import ROOM, Errand, LeftBehind, Reached, this_boot
from core.messages.flights import Flight, Flights
from core.messages.leasing import LEASE
from core.messages.ledger import Ledger
from core.messages.rows import Claimed
from core.messages.states import MessageState
from core.messages.tables import messages
from core.permissions import Principal
from core.providers.base import Outcome, SendResult
from core.providers.progress import UNNOTED
from core.storage.database import Database
from tests.messages.conftest import CAMPAIGN

AddPeople = Callable[..., list[int]]
Enqueue = Callable[..., int]
BOOT = "this boot"
ERRAND = Errand(1, CAMPAIGN)


class Broken(Exception):
    """A drain has failed."""


def claims(*message_ids: int) -> list[Claimed]:
    return [Claimed(message_id, 0, None, 0) for message_id in message_ids]


def found(flights: Flights) -> list[LeftBehind]:
    seen: list[LeftBehind] = []
    flights.visit(seen.append)
    return seen


def leave_behind(flights: Flights, tell: Callable[[Flight], object], owner: str = "a drain", errand: Errand = ERRAND) -> None:
    """Let a drain fail in the middle of a batch."""
    with pytest.raises(Broken), flights.begin(owner, errand) as flight:
        tell(flight)
        raise Broken


@pytest.fixture
def flights(tmp_path: Path) -> Flights:
    return Flights(tmp_path / "flights", BOOT)


def test_what_each_message_came_to_is_found_once(flights: Flights) -> None:
    def tell(flight: Flight) -> None:
        flight.carry(claims(11, 12, 13, 14, 15, 16, 17))
        for message_id in (12, 13, 14, 15, 16, 17):
            flight.progress.begin(message_id)
        flight.progress.learn(SendResult(13, Outcome.ACCEPTED))
        flight.progress.learn(SendResult(14, Outcome.RETRY))
        flight.progress.learn(SendResult(15, Outcome.REFUSED))
        flight.progress.learn(SendResult(16, Outcome.UNCERTAIN))
        flight.progress.learn(SendResult(17, Outcome.RETRY, attempted=False))
        flight.progress.learn(SendResult(99, Outcome.ACCEPTED))

    leave_behind(flights, tell)

    r = Reached
    reached = dict(zip(range(11, 18), (r.WAITING, r.BEGUN, r.ACCEPTED, r.NOT_TAKEN, r.REFUSED, r.BEGUN, r.WAITING), strict=True))
    assert found(flights) == [LeftBehind("a drain", ERRAND, reached)]
    assert found(flights) == []


def test_what_was_not_settled_is_found_again(flights: Flights) -> None:
    leave_behind(flights, lambda flight: flight.carry(claims(1)))

    def fail(_: LeftBehind) -> None:
        raise Broken

    with pytest.raises(Broken):
        flights.visit(fail)
    assert [left.reached for left in found(flights)] == [{1: Reached.WAITING}]


def test_nobody_reads_the_record_of_a_drain_that_goes_on(flights: Flights, tmp_path: Path) -> None:
    with flights.begin("slow", ERRAND) as flight:
        flight.carry(claims(1, 2))
        assert found(flights) == found(Flights(tmp_path / "flights", BOOT)) == []
        flight.landed()
    assert not list((tmp_path / "flights").iterdir()), "a drain that ended well leaves nothing"


def test_a_batch_whose_outcome_is_on_record_is_told_of_no_more(flights: Flights) -> None:
    def tell(flight: Flight) -> None:
        flight.carry(claims(1))
        before = flight.progress
        flight.landed()
        flight.carry(claims(2))
        before.learn(SendResult(1, Outcome.ACCEPTED))  # its place is another's now
        flight.progress.begin(1)

    leave_behind(flights, tell)
    assert [left.reached for left in found(flights)] == [{2: Reached.WAITING}]


def test_after_a_fault_of_ours_no_further_batch_is_recorded(flights: Flights) -> None:
    def tell(flight: Flight) -> None:
        flight.carry(claims(1))
        flight.retire()
        flight.landed()
        flight.carry(claims(1, 2))
        flight.progress.begin(1)

    leave_behind(flights, tell)
    assert [left.reached for left in found(flights)] == [{}]


def test_a_whole_batch_has_room_and_a_larger_one_is_not_recorded(flights: Flights) -> None:
    assert LARGEST_BATCH <= ROOM
    leave_behind(flights, lambda flight: flight.carry(claims(*range(1, ROOM + 1))))
    leave_behind(flights, lambda flight: flight.carry(claims(*range(1, ROOM + 2))))
    assert sorted(len(left.reached) for left in found(flights)) == [0, ROOM]


def test_a_record_of_another_boot_and_a_copy_say_nothing(flights: Flights, tmp_path: Path) -> None:
    folder = tmp_path / "flights"
    leave_behind(flights, lambda flight: flight.carry(claims(1)))
    [path] = folder.iterdir()
    copied = tmp_path / "copied"
    shutil.copytree(folder, copied)
    assert found(Flights(copied, BOOT)) == []
    assert found(Flights(folder, "the boot after")) == []
    assert not path.exists()


@pytest.mark.parametrize("damage", [b"", b"{}", b"\0" * 10_040, b"\xff" * 10_040, b"[" * 200_000])
def test_what_is_no_record_says_nothing(flights: Flights, tmp_path: Path, damage: bytes) -> None:
    leave_behind(flights, lambda flight: flight.carry(claims(1)))
    [path] = (tmp_path / "flights").iterdir()
    path.write_bytes(damage)
    assert found(flights) == []


@given(st.integers(0, 10_100), st.binary(max_size=2_000))
def test_whatever_is_in_a_record_reading_it_never_fails(tmp_path_factory: pytest.TempPathFactory, at: int, damage: bytes) -> None:
    folder = tmp_path_factory.mktemp("flights")
    flights = Flights(folder, BOOT)
    leave_behind(flights, lambda flight: flight.carry(claims(1, 2, 3)))
    [path] = folder.iterdir()
    with path.open("r+b") as file:
        file.seek(at)
        file.write(damage)
    assert len(found(flights)) <= 1
    assert not list(folder.iterdir())


@pytest.mark.parametrize("where", ["a file", "nowhere"])
def test_where_no_record_can_be_kept_sending_goes_on(tmp_path: Path, where: str, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a file").write_text("in the way")
    flights = Flights(tmp_path / "a file", BOOT) if where == "a file" else Flights(tmp_path / "new", None)
    for _ in range(2):
        leave_behind(flights, lambda flight: flight.carry(claims(1)))
    assert found(flights) == []
    assert len(caplog.records) == (1 if where == "a file" else 0), "it is said once"


def test_a_record_is_kept_though_others_look_while_it_is_made(flights: Flights) -> None:
    is_over = threading.Event()

    def look() -> None:
        while not is_over.is_set():
            found(flights)

    with ThreadPoolExecutor(2) as others:
        looks = [others.submit(look) for _ in range(2)]
        try:
            for _ in range(200):
                with flights.begin("a drain", ERRAND) as flight:
                    flight.carry(claims(1))
                    assert flight.progress is not UNNOTED
                    flight.landed()
        finally:
            is_over.set()
        assert [each.result() for each in looks] == [None, None]


def test_what_was_left_by_who_died_while_making_a_record_is_removed_in_time(flights: Flights, tmp_path: Path) -> None:
    folder = tmp_path / "flights"
    folder.mkdir()
    (folder / "left.making").touch()
    (folder / "new.making").touch()
    an_age_ago = time.time() - 7_200
    os.utime(folder / "left.making", (an_age_ago, an_age_ago))
    assert found(flights) == []
    assert [each.name for each in folder.iterdir()] == ["new.making"]


def test_this_system_tells_which_boot_it_is() -> None:
    assert this_boot() == this_boot()
    assert this_boot() or sys.platform != "linux"


KILLED = """
    import os, signal, sys, time
    from pathlib import Path
    from core.messages.flight_files import Errand, this_boot
    from core.messages.flights import Flights
    from core.messages.rows import Claimed
    flight = Flights(Path(sys.argv[1]), this_boot()).begin("killed", Errand(1, 5))
    flight.carry([Claimed(number, 0, None, 0) for number in range(1, 901)])
    print(flush=True)
    for number in range(1, 901):
        flight.progress.begin(number)
        os.write(1, b"%d\\n" % number)
"""


@pytest.mark.parametrize("told", [1, 40, 700])
def test_a_killed_process_leaves_a_record_in_which_nothing_that_left_is_missing(tmp_path: Path, told: int) -> None:
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, pipesize=4096) as process:
        assert process.stdout
        flights = Flights(tmp_path, this_boot())
        lines = [process.stdout.readline() for _ in range(told + 1)]
        assert found(flights) == [], "it lives"
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        left = {int(line) for line in [*lines[1:], *process.stdout.read().split(b"\n")] if line.strip()}
    [record] = found(flights)
    begun = {number for number, reached in record.reached.items() if reached is Reached.BEGUN}
    assert left <= begun
    assert len(begun - left) <= 1, "one may be just about to leave"


@pytest.fixture
def sent(flights: Flights, ledger: Ledger, workspace: Principal, add_people: AddPeople, enqueue: Enqueue) -> list[int]:
    """Five messages that left, each of which got another way before their drain failed; two were only claimed."""
    enqueue(add_people(7))
    claimed = ledger.claim(workspace.workspace_id, CAMPAIGN, "gone", 7)
    ids = [each.message_id for each in claimed][:5]
    errand = Errand(workspace.workspace_id, CAMPAIGN)
    with pytest.raises(Broken), flights.begin("gone", errand) as flight:
        flight.carry(claimed[:5])
        assert ledger.record_intent("gone", ids) == set(ids)
        for message_id in ids[1:]:
            flight.progress.begin(message_id)
        for message_id, outcome in zip(ids[2:], (Outcome.ACCEPTED, Outcome.RETRY, Outcome.REFUSED), strict=True):
            flight.progress.learn(SendResult(message_id, outcome))
        raise Broken
    return ids


S = MessageState


def test_a_record_settles_what_is_known_and_leaves_what_nobody_knows(
    flights: Flights, ledger: Ledger, sent: list[int], rows: Callable[..., list[Any]], workspace: Principal, clock: FrozenClock
) -> None:
    flights.visit(ledger.salvage)

    assert [row.state for row in rows()] == [S.QUEUED, S.SENDING, S.ACCEPTED, S.RETRY, S.REFUSED, S.QUEUED, S.QUEUED]
    assert [row.attempts for row in rows()] == [0, 0, 1, 1, 1, 0, 0]
    assert [each.message_id for each in ledger.claim(workspace.workspace_id, CAMPAIGN, "next", 9)] == [rows()[n].id for n in (0, 5, 6)]
    clock.advance(LEASE)
    ledger.release_expired(workspace.workspace_id, CAMPAIGN)
    assert rows()[1].state == S.UNCERTAIN
    lost = ledger.unrecorded(after=(clock.now() - 2 * LEASE, 0), before=clock.now(), limit=9)
    assert [each.message_id for each in lost] == [sent[2]]


def test_a_record_that_is_found_late_settles_what_became_uncertain(
    flights: Flights, ledger: Ledger, sent: list[int], rows: Callable[..., list[Any]], workspace: Principal, clock: FrozenClock
) -> None:
    clock.advance(LEASE)
    assert ledger.release_expired(workspace.workspace_id, CAMPAIGN).uncertain == 5
    flights.visit(ledger.salvage)
    assert [row.state for row in rows()][:5] == [S.QUEUED, S.UNCERTAIN, S.ACCEPTED, S.RETRY, S.REFUSED]


def test_what_somebody_else_has_or_has_settled_is_left_alone(
    flights: Flights, ledger: Ledger, sent: list[int], rows: Callable[..., list[Any]], db: Database, workspace: Principal
) -> None:
    with db.transaction() as connection:
        connection.execute(sa.update(messages).where(messages.c.id == sent[0]).values(lease_owner="another"))
        connection.execute(sa.update(messages).where(messages.c.id == sent[2]).values(state=S.DELIVERED.value))
        connection.execute(sa.update(messages).where(messages.c.id == sent[3]).values(state=S.CANCELLED.value))
        connection.execute(
            sa.update(messages).where(messages.c.campaign_id == CAMPAIGN, messages.c.id > sent[4]).values(lease_owner="another")
        )
    before = rows()
    flights.visit(ledger.salvage)
    after = rows()
    assert [row.state for row in after] == [S.SENDING, S.SENDING, S.DELIVERED, S.CANCELLED, S.REFUSED, S.CLAIMED, S.CLAIMED]
    assert after[:4] == before[:4]


@pytest.mark.parametrize("is_bound", [True, False])
def test_what_waits_again_is_bound_only_if_it_was_before(
    flights: Flights, ledger: Ledger, workspace: Principal, add_people: AddPeople, enqueue: Enqueue, db: Database, is_bound: bool
) -> None:
    enqueue(add_people(2))
    claimed = [replace(each, is_bound=is_bound) for each in ledger.claim(workspace.workspace_id, CAMPAIGN, "gone", 2)]

    def tell(flight: Flight) -> None:
        flight.carry(claimed)
        ledger.record_intent("gone", [each.message_id for each in claimed], connection_id=7)
        flight.progress.begin(claimed[1].message_id)
        flight.progress.learn(SendResult(claimed[1].message_id, Outcome.RETRY))

    leave_behind(flights, tell, "gone", Errand(workspace.workspace_id, CAMPAIGN))
    flights.visit(ledger.salvage)
    with db.read() as connection:
        rows = connection.execute(sa.select(messages.c.state, messages.c.connection_id).order_by(messages.c.id)).all()
    assert [tuple(row) for row in rows] == [(S.QUEUED, 7 if is_bound else None), (S.RETRY, 7 if is_bound else None)]


def test_a_single_message_waits_for_its_own_connection_again(
    flights: Flights, ledger: Ledger, workspace: Principal, db: Database, clock: FrozenClock
) -> None:
    now = clock.now()
    fixed = {
        "workspace_id": workspace.workspace_id,
        "queued_at": now,
        "lease_owner": "gone",
        "lease_until": now,
        "attempts": 0,
        "reason": "",
    }
    with db.transaction() as connection:
        for state, way in ((S.SENDING, 8), (S.SENDING, 8), (S.SENDING, 8), (S.CLAIMED, 7)):
            connection.execute(sa.insert(messages).values(**fixed, state=state.value, connection_id=way))
        ids = list(connection.execute(sa.select(messages.c.id).order_by(messages.c.id)).scalars())

    def tell(flight: Flight) -> None:
        flight.carry(Claimed(message_id, 0, None, 0, is_bound=True) for message_id in ids[:3])
        for message_id in ids[1:3]:
            flight.progress.begin(message_id)
        flight.progress.learn(SendResult(ids[1], Outcome.RETRY))

    leave_behind(flights, tell, "gone", Errand(workspace.workspace_id, connection_id=7))
    flights.visit(ledger.salvage)
    with db.read() as connection:
        rows = connection.execute(sa.select(messages.c.state, messages.c.connection_id).order_by(messages.c.id)).all()
    assert [tuple(row) for row in rows] == [(S.QUEUED, 7), (S.RETRY, 7), (S.SENDING, 8), (S.QUEUED, 7)]
