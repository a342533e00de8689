"""Small files, laid out for an import."""

from __future__ import annotations

import tempfile
from pathlib import Path

from core.contacts.imports.files.encodings import Encoding
from core.contacts.imports.files.staging import laid_out
from core.contacts.imports.staged import Staged


def stage(data: bytes, encoding: Encoding | None = None) -> Staged:
    """Return a file in memory, ready to be imported."""
    with tempfile.TemporaryDirectory() as folder:
        return laid_out(data, encoding, Path(folder))
