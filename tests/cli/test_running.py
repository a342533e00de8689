from __future__ import annotations

import os
import subprocess
import sys

import pytest

from core.cli import running
from core.cli.running import UpLock
from core.errors import Conflict
from core.settings import Settings
from tests.support.waiting import wait_for


def test_a_second_supervisor_is_refused_and_told_which_process_has_the_folder(settings: Settings) -> None:
    first, second = UpLock(settings), UpLock(settings)
    first.take("http://a", "http://b", "http://r")
    with pytest.raises(Conflict, match=rf"process {os.getpid()}.*http://a"):
        second.take("http://c", "http://d", "http://r")
    first.release()
    second.take("http://c", "http://d", "http://r")
    second.release()


def test_others_learn_where_it_serves_only_while_it_runs(settings: Settings) -> None:
    assert running.find(settings) is None
    lock = UpLock(settings)
    lock.take("http://a", "http://b", "http://r")
    assert running.find(settings) == running.Running(os.getpid(), "http://a", "http://b", "http://r")
    lock.release()
    assert running.find(settings) is None


def test_a_child_that_lives_on_does_not_keep_the_folder(settings: Settings) -> None:
    lock = UpLock(settings)
    lock.take("http://a", "http://b", "http://r")
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    try:
        lock.release()
        # The kernel lets go of a child's copy at the end of its exec, a moment after Popen returns.
        wait_for(lambda: running.find(settings) is None, "the free lock", seconds=5)
    finally:
        child.communicate(b"\n")
