from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import Denied, NotFound, Unavailable
from core.permissions import Principal
from core.providers.base import Outcome
from core.providers.outbox.reading import Outbox
from core.providers.outbox.send import OutboxProvider
from tests.providers.conftest import email as outgoing

BY = Principal.system(7)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


def test_every_email_is_a_file_that_can_be_read_again(folder: Path) -> None:
    results = OutboxProvider(folder).send([outgoing(number, subject=f"Nummer {number} ü") for number in range(3)])

    assert {(result.outcome, result.provider_message_id) for result in results} == {(Outcome.ACCEPTED, f"{n}-abc") for n in range(3)}
    mail = Outbox(folder).show(BY, "2-abc")
    assert (mail.row.to, mail.row.subject, mail.html, mail.text) == ("person2@example.com", "Nummer 2 ü", "<p>Hello</p>", "Hello")
    assert ("Message-ID", "<1-abc@shop.example>") in mail.headers
    assert mail.raw == (folder / "7" / "2-abc.eml").read_bytes()


def test_the_same_key_again_changes_nothing(folder: Path) -> None:
    provider = OutboxProvider(folder)
    provider.send([outgoing(1, subject="first")])

    [again] = provider.send([outgoing(1, subject="second")])

    assert again.outcome is Outcome.ACCEPTED
    assert [row.subject for row in Outbox(folder).page(BY).rows] == ["first"]


def test_a_refused_email_leaves_no_file_and_the_others_alone(folder: Path) -> None:
    results = OutboxProvider(folder).send([outgoing(1, to="nobody"), outgoing(2, key="../../escape"), outgoing(3)])

    by_id = {result.message_id: result.outcome for result in results}
    assert by_id == {1: Outcome.REFUSED, 2: Outcome.REFUSED, 3: Outcome.ACCEPTED}
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["3-abc.eml"]


def test_a_folder_that_cannot_be_written_makes_messages_wait(folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    provider = OutboxProvider(folder)

    [result] = provider.send([outgoing(1)])

    assert (result.outcome, result.attempted) == (Outcome.RETRY, False)
    with pytest.raises(Unavailable):
        provider.check()


@pytest.fixture
def few_files() -> Iterator[None]:
    """This process may open 90 files more than it has."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(path.name) for path in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 90, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("few_files")
def test_a_large_batch_needs_few_open_files(folder: Path) -> None:
    results = OutboxProvider(folder).send([outgoing(number) for number in range(300)])

    assert {result.outcome for result in results} == {Outcome.ACCEPTED}
    assert Outbox(folder).page(BY).total == 300


def test_too_many_open_files_are_called_by_their_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_more(*_arguments: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "open", no_more)
    [result] = OutboxProvider(folder).send([outgoing(1)])

    assert (result.outcome, result.attempted) == (Outcome.RETRY, False)
    assert "limit of open files" in result.reason
    assert "disk" not in result.reason


def test_a_full_disk_makes_messages_wait_and_leaves_no_half_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(_descriptor: int, _data: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", no_space)
    [result] = OutboxProvider(folder).send([outgoing(1)])

    assert (result.outcome, result.attempted) == (Outcome.RETRY, False)
    assert "No space left" in result.reason
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_pages_show_the_newest_first(folder: Path) -> None:
    OutboxProvider(folder).send([outgoing(number) for number in range(5)])
    for number in range(5):
        os.utime(folder / "7" / f"{number}-abc.eml", ns=(number, number * 1_000_000_000))

    page = Outbox(folder).page(BY, limit=2, offset=1)

    assert [row.key for row in page.rows] == ["3-abc", "2-abc"]
    assert page.total == 5


def test_an_empty_outbox_is_an_empty_page(folder: Path) -> None:
    assert Outbox(folder).page(BY).total == 0


def test_another_workspaces_mail_is_not_there(folder: Path) -> None:
    OutboxProvider(folder).send([outgoing(1)])
    stranger = Principal.system(8)

    assert Outbox(folder).page(stranger).rows == []
    for key in ("1-abc", "../7/1-abc", ""):
        with pytest.raises(NotFound):
            Outbox(folder).show(stranger, key)


def test_mail_is_only_for_those_who_may_see_it(folder: Path) -> None:
    nobody = Principal(7, "person:1", frozenset())

    with pytest.raises(Denied):
        Outbox(folder).page(nobody)
    with pytest.raises(Denied):
        Outbox(folder).show(nobody, "1-abc")
