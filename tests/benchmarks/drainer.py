"""One worker's loop in a process of its own, so that its time and memory are nobody else's.

    python -m tests.benchmarks.drainer DATA_FOLDER CAMPAIGN_ID durable|not-durable

Says "ready" and waits for a line, then sends. Prints seconds, seconds of processor time and the most memory it had, as JSON.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.app import build
from core.jobs.delivering import drain
from core.settings import Settings
from core.storage import journal


def main(data: str, campaign_id: str, durability: str) -> None:
    """Drain a campaign and say what it took."""
    services = build(Settings.load(data_dir=Path(data), secret_key="a-key-for-benchmarks-only"))
    if durability == "not-durable":
        journal._sync_data = lambda _descriptor: None
        sa.event.listen(services.db.engine, "connect", _do_not_sync)
    services.clock.now()
    gc.collect()
    gc.freeze()
    print("ready", flush=True)
    sys.stdin.readline()
    before, began = time.process_time(), time.perf_counter()
    report = drain(services, int(campaign_id), owner="bench", should_stop=lambda: False)
    took = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - before}
    took["rss_mb"] = _most_memory()
    print(json.dumps(took | {"accepted": report.accepted if report else 0, "stopped": report.stopped if report else ""}), flush=True)
    services.close()


def _most_memory() -> float:
    """Return the most memory this process had, in MB; what `getrusage` says begins with its parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _do_not_sync(connection: Any, _record: Any) -> None:
    connection.execute("pragma synchronous=off")


if __name__ == "__main__":
    main(*sys.argv[1:])
