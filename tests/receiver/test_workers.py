"""Several receivers on one port, and new ones in the place of old ones: real processes, under load."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.receiver.conftest import Site
from tests.support.waiting import wait_for

TWO = ("--workers", "2")


class Load:
    """Readers who open message after message, some over one connection, some over a new one each time.

    Args:
        site: Whose mail they open.
    """

    def __init__(self, site: Site) -> None:
        self.acknowledged: set[int] = set()
        self.failures: list[str] = []
        self._site, self._next, self._lock, self._over = site, 1, threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._read, args=(keep,)) for keep in (True, True, False, False)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def grows(self, by: int = 100) -> None:
        """Wait for so many more answers."""
        enough = len(self.acknowledged) + by
        wait_for(lambda: len(self.acknowledged) >= enough, "answers")

    def _read(self, keep: bool) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._site.port, timeout=20)
        while not self._over.is_set():
            with self._lock:
                message, self._next = self._next, self._next + 1
            try:
                connection.request("GET", self._site.urls.open(message), headers={} if keep else {"Connection": "close"})
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    self.acknowledged.add(message)
                else:
                    self.failures.append(str(answer.status))
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
        connection.close()


@contextmanager
def load(site: Site) -> Iterator[Load]:
    running = Load(site)
    running.start()
    try:
        yield running
    finally:
        running.stop()


def _children(site: Site) -> list[int]:
    pid = site.process.pid
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _noted(site: Site) -> list[int]:
    return [line["message_id"] for line in site.records("opened")]


@pytest.mark.parametrize("options", [(), TWO], ids=["one", "two workers"])
def test_reloading_under_load_refuses_nobody_and_loses_nothing(start: Any, options: tuple[str, ...]) -> None:
    with start(options=options) as site:
        before, told = _children(site), "all workers were replaced" if options else "receiver listens on"
        with load(site) as readers:
            readers.grows()
            for times in (1, 2):
                site.process.send_signal(signal.SIGHUP)
                done = times if options else times + 1
                wait_for(lambda done=done: site.log.read_text().count(told) == done, "the reload")  # type: ignore[misc]
                readers.grows()

        assert not readers.failures
        assert sorted(_noted(site)) == sorted(readers.acknowledged)
        assert site.process.poll() is None
        if options:
            wait_for(lambda: len(_children(site)) == 2 and not set(before) & set(_children(site)), "the old workers to be gone")
        assert "Traceback" not in site.log.read_text()


@pytest.mark.faults
def test_killing_a_worker_loses_no_acknowledged_event_and_another_takes_its_place(start: Any) -> None:
    with start(options=TWO) as site:
        wait_for(lambda: len(_children(site)) == 2, "two workers")
        with load(site) as readers:
            for _ in range(3):
                readers.grows()
                [killed, kept] = wait_for(lambda: each if len(each := _children(site)) == 2 else None, "two workers")
                os.kill(killed, signal.SIGKILL)
                wait_for(lambda kept=kept: len(found := _children(site)) == 2 and kept in found, "another worker")  # type: ignore[misc]
            readers.grows()

        assert readers.acknowledged <= set(_noted(site))
        assert len(_noted(site)) == len(set(_noted(site)))


def test_workers_end_with_their_parent_however_it_ends(start: Any) -> None:
    with start(options=TWO) as site:
        workers = wait_for(lambda: each if len(each := _children(site)) == 2 else None, "two workers")
        site.process.kill()
        site.process.wait(timeout=10)

        wait_for(lambda: not any(_lives(worker) for worker in workers), "the workers to end")


def test_told_to_stop_every_worker_finishes_its_journal(start: Any) -> None:
    with start(options=TWO) as site:
        with load(site) as readers:
            readers.grows()
        workers = _children(site)
        assert site.stop() == 0

        assert not any(_lives(worker) for worker in workers)
        assert sorted(_noted(site)) == sorted(readers.acknowledged)


def test_a_stop_answers_what_was_asked_first(start: Any) -> None:
    with start() as site:
        with load(site) as readers:
            readers.grows()
            site.process.terminate()
            site.process.wait(timeout=20)

        assert readers.acknowledged <= set(_noted(site))
        assert "Traceback" not in site.log.read_text()


def test_a_number_of_workers_that_makes_no_sense_is_refused(site: Site) -> None:
    command = [*site.process.args[:3], "--workers", "0"]  # type: ignore[index]

    done = subprocess.run(command, capture_output=True, text=True, timeout=30)

    assert done.returncode == 2
    assert "--workers" in done.stderr


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
