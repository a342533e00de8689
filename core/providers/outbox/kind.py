"""The sandbox: there is nothing to enter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.providers.base import Provider, ProviderKind
from core.providers.outbox.send import OutboxProvider

_FOLDER = "outbox"


def _build(_values: Mapping[str, Any], data_dir: Path) -> Provider:
    return OutboxProvider(data_dir / _FOLDER)


KIND = ProviderKind(
    kind="outbox",
    label="Outbox (sandbox)",
    summary="Keeps every email as a file you can open here; nothing leaves this machine.",
    fields=(),
    build=_build,
)
