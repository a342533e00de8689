"""The files of small pictures, on both databases: one for each look, and none that is shown nowhere."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core.clock import FrozenClock
from core.permissions import Principal
from core.storage.blobs import Blobs
from core.storage.database import Database
from core.templates.brands.kits import BrandKits
from core.templates.images.pictures import Pictures
from core.templates.library.templates import Templates
from core.templates.thumbnails.keeping import Due, Thumbnails

PICTURE = b"RIFF a picture"


def test_whoever_deletes_a_file_leaves_it_to_who_keeps_the_same_picture_meanwhile(
    db: Database, clock: FrozenClock, tmp_path: Path, workspace: Principal
) -> None:
    kits = BrandKits(db, clock)
    library, blobs = Templates(db, clock, kits), Blobs(tmp_path / "blobs")
    pictures = Pictures(db, clock, Blobs(tmp_path / "pictures"), "https://mail.example", 1 << 20)
    thumbnails = Thumbnails(db, clock, blobs, library, kits, pictures)
    for turn in range(4):
        old = library.save(workspace, f"Old {turn}", "<p>1</p>")
        new = library.save(workspace, f"New {turn}", "<p>1</p>")
        thumbnails.keep(Due(workspace.workspace_id, old.id), PICTURE)
        library.save(workspace, f"Old {turn}", "<p>2</p>")
        with ThreadPoolExecutor(2) as threads:
            threads.submit(thumbnails.tidy)
            threads.submit(thumbnails.keep, Due(workspace.workspace_id, new.id), PICTURE)
        assert thumbnails.pictures(workspace, [new.id]) == {new.id: PICTURE}
        library.save(workspace, f"New {turn}", "<p>2</p>")
        thumbnails.tidy()
        assert not blobs.has(workspace.workspace_id, blobs.key_of(PICTURE))
