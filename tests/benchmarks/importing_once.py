"""One import in a process of its own: prints its seconds and the most memory it took, in megabytes."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from core.app import build
from core.contacts.imports.files.folders import private_folder
from core.contacts.imports.files.staging import stage
from core.permissions import Principal
from core.settings import Settings
from core.storage.migrate import migrate
from tests.benchmarks.measure import most_memory


def main(folder: Path, source: Path) -> None:
    """Import a file into the installation in a folder, made where there is none."""
    services = build(Settings.load(data_dir=folder / "data", secret_key="a-key-for-benchmarks-only"))
    migrate(services.db)
    by = Principal.system(1, "bench")
    if not (folder / "made").exists():
        by = Principal.system(services.workspaces.create("Bench").id, "bench")
        (folder / "made").touch()
    begin = time.perf_counter()
    with private_folder(services.settings.uploads_dir) as laid:
        services.imports.run(by, stage(source, source.name, None, laid), source.name, list_name="People")
    took = time.perf_counter() - begin
    services.close()
    print(json.dumps([took, most_memory()]))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
