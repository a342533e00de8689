"""Places and threads of a worker are shared out between workspaces: none has them all."""

from __future__ import annotations

import threading
from contextlib import ExitStack

from core.jobs.turns import Turn, Turns
from tests.support.waiting import wait_for

ACME, BOOKS = 1, 2


def turns(at_once: int, threads: int = 32, *, queue_is_empty: bool = True, patience: float = 60) -> Turns:
    return Turns(at_once, threads, lambda _: None, lambda: queue_is_empty, lambda: False, patience=patience)


class Waiting:
    """A campaign that waits for a place in a thread of its own."""

    def __init__(self, shared: Turns, whose: int) -> None:
        self.found: list[Turn | None] = []
        self._go = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(shared, whose), daemon=True)
        self._thread.start()

    def _run(self, shared: Turns, whose: int) -> None:
        with shared.turn(whose) as found:
            self.found.append(found)
            self._go.wait(20)

    def leave(self) -> None:
        self._go.set()
        self._thread.join(20)


def test_one_workspace_never_works_in_more_than_half_of_the_places() -> None:
    shared = turns(4)
    with ExitStack() as others:
        acme = [Waiting(shared, ACME) for _ in range(3)]
        wait_for(lambda: sum(len(each.found) for each in acme) == 2, "two of Acme to have a place")
        for _ in range(2):
            assert others.enter_context(shared.turn(BOOKS)) is not None
        late = next(each for each in acme if not each.found)
        next(each for each in acme if each.found).leave()
        wait_for(lambda: late.found, "the third to get the place that was left")
        for each in acme:
            each.leave()


def test_who_has_the_fewest_places_is_next() -> None:
    shared = turns(2)
    third = 3
    first = [Waiting(shared, whose) for whose in (ACME, BOOKS)]
    wait_for(lambda: all(each.found for each in first), "both places to be taken")
    again, new = Waiting(shared, ACME), Waiting(shared, third)
    wait_for(lambda: shared.is_place_wanted(BOOKS), "somebody to wait")
    first[1].leave()
    wait_for(lambda: new.found, "the workspace without a place to get it")
    assert not again.found
    for each in (*first, new, again):
        each.leave()


def test_a_place_is_not_wanted_by_those_who_could_not_have_it() -> None:
    shared = turns(2)
    acme, books = Waiting(shared, ACME), Waiting(shared, BOOKS)
    wait_for(lambda: acme.found and books.found, "both places to be taken")
    more = Waiting(shared, ACME)
    wait_for(lambda: shared.is_place_wanted(ACME), "another one of Acme to wait")
    assert not shared.is_place_wanted(BOOKS)
    for each in (acme, books, more):
        each.leave()


def test_threads_that_others_want_are_not_held_by_the_many_of_one_workspace() -> None:
    shared = turns(2, threads=2, queue_is_empty=False, patience=0.1)
    with shared.turn(ACME) as first, shared.turn(ACME) as second:
        assert first is not None
        assert second is None


def test_threads_that_nobody_else_wants_may_be_held() -> None:
    shared = turns(2, threads=2, patience=0.1)
    first, second = Waiting(shared, ACME), Waiting(shared, ACME)
    wait_for(lambda: first.found or second.found, "one of them to have a place")
    for each in (first, second):
        each.leave()
    assert None not in first.found + second.found
