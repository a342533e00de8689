from __future__ import annotations

from pathlib import Path

import pytest

from core.jobs.doorbell import ring
from core.jobs.queue import open_queue
from core.jobs.tasks import declare_deliver
from core.settings import Settings


def test_a_ring_reaches_whoever_opens_the_queue(settings: Settings) -> None:
    assert ring(7, settings)
    heard: list[int] = []
    queue = open_queue(settings)
    declare_deliver(queue, heard.append)
    queue.execute(queue.dequeue())
    assert heard == [7]


def test_the_environments_queue_is_rung_where_no_settings_are_given(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTWRIGHT_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("POSTWRIGHT_SECRET_KEY", settings.secret_key.get_secret_value())
    ring(1)
    assert open_queue(settings).pending_count() == 1


def test_a_ring_that_cant_be_heard_changes_nothing(settings: Settings) -> None:
    settings.queue_path.mkdir()
    assert not ring(7, settings)


def test_a_task_signed_with_another_key_is_never_opened(settings: Settings) -> None:
    ring(7, settings)
    stranger = open_queue(Settings.load(data_dir=settings.data_dir, secret_key="another-key-for-tests"))
    with pytest.raises(ValueError, match="mismatch"):
        stranger.dequeue()


def test_a_damaged_queue_is_put_aside_and_begun_anew(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.queue_path.write_bytes(b"no database at all, but long enough to be read as one" * 20)
    assert ring(7, settings)
    assert open_queue(settings).pending_count() == 1
    assert [Path(path).name.startswith("queue.db.damaged-") for path in settings.data_dir.glob("*damaged*")] == [True]
    assert "put aside" in caplog.text
