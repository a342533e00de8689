"""A process that does a started import and says so once it is writing; run as a module, killed by a test."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from core.clock import SystemClock
from core.contacts.imports.importing import ContactImport
from core.storage.blobs import Blobs
from core.storage.database import Database

if __name__ == "__main__":
    url, blobs, import_id = sys.argv[1:]
    told = 0

    def stop_in_the_middle(done: int, total: int) -> None:
        global told
        told += 1
        if told > 2 and done == total:  # judged and compared: the transaction is open
            print("writing", flush=True)
            threading.Event().wait()

    ContactImport(Database(url), SystemClock(), Blobs(Path(blobs))).work(int(import_id), stop_in_the_middle)
