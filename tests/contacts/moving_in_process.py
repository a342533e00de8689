"""A process that works on a started move-in and stops at a point of it; run as a module, killed by a test."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from core.app import build
from core.clock import FrozenClock
from core.contacts.imports.folder import ImportFolder
from core.settings import Settings
from tests.conftest import NOON

if __name__ == "__main__":
    data_dir, url, key, import_id, stage, at = sys.argv[1:]
    services = build(Settings.load(data_dir=Path(data_dir), database_url=url, secret_key=key), clock=FrozenClock(NOON))
    [folder] = (Path(data_dir) / "imports").iterdir()

    def stop_there(done: int, _total: int) -> None:
        if ImportFolder(folder).progress().stage == stage and done >= int(at):
            print(stage, flush=True)
            threading.Event().wait()

    services.imports.work(int(import_id), stop_there)
