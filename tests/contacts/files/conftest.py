from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from core.contacts.imports.files.encodings import Encoding
from core.contacts.imports.files.staging import stage
from core.contacts.imports.staged import Staged

Read = Callable[..., Staged]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Stage bytes under a name, each in a folder of its own."""

    def staged(data: bytes, name: str = "people.csv", encoding: Encoding | None = None) -> Staged:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        return stage(data, name, encoding, folder)

    return staged


def rows(staged: Staged) -> list[tuple[object, ...]]:
    """Return the line and the values of every row."""
    return pl.read_parquet(staged.path).drop("surplus").rows()
