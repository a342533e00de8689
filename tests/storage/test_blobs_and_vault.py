"""Blobs keep content by its name and apart by workspace; the vault reveals nothing without its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import NotFound, Unavailable
from core.storage.blobs import Blobs
from core.storage.vault import Vault


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    key = blobs.put(1, b"picture")
    assert blobs.put(1, b"picture") == key
    assert blobs.get(1, key) == b"picture"
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize("key", ["../../etc/passwd", "a" * 64, "", "." * 64], ids=["a path", "unknown", "empty", "dots"])
def test_only_real_keys_open_anything(tmp_path: Path, key: str) -> None:
    with pytest.raises(NotFound):
        Blobs(tmp_path).get(1, key)


def test_another_workspace_cannot_read_it(tmp_path: Path) -> None:
    key = Blobs(tmp_path).put(1, b"picture")
    with pytest.raises(NotFound):
        Blobs(tmp_path).get(2, key)


def test_a_secret_opens_with_its_key_only() -> None:
    sealed = Vault(b"key").seal("hunter2")
    assert "hunter2" not in sealed
    assert Vault(b"key").open(sealed) == "hunter2"
    with pytest.raises(Unavailable, match="secret key has changed"):
        Vault(b"other").open(sealed)
    with pytest.raises(Unavailable):
        Vault(b"key").open(sealed[:-4] + "AAAA")


def test_after_the_key_was_changed_old_secrets_open_and_new_ones_need_the_new_key() -> None:
    sealed = Vault(b"old").seal("hunter2")
    vault = Vault(b"new", [b"older", b"old"])
    assert vault.open(sealed) == "hunter2"
    assert not vault.is_current(sealed)
    anew = vault.seal("hunter2")
    assert vault.is_current(anew)
    assert Vault(b"new").open(anew) == "hunter2"
    with pytest.raises(Unavailable):
        Vault(b"old").open(anew)
