"""The sandbox: there is nothing to enter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.providers.base import Provider, ProviderKind, Surroundings
from core.providers.outbox.send import OutboxProvider

_FOLDER = "outbox"


def _build(_values: Mapping[str, Any], around: Surroundings) -> Provider:
    return OutboxProvider(around.data_dir / _FOLDER)


KIND = ProviderKind(
    kind="outbox",
    label="Outbox (sandbox)",
    summary="Keeps every email as a file you can open here; nothing leaves this machine.",
    fields=(),
    build=_build,
    takes_utf8=True,
)
