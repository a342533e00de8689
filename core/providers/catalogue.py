"""Every kind of provider there is, with what a person has to enter for it."""

from __future__ import annotations

from core.providers.base import ProviderKind
from core.providers.generic.kind import KIND as GENERIC
from core.providers.outbox.kind import KIND as OUTBOX
from core.providers.smtp.kind import KIND as SMTP

__all__ = ["CATALOGUE", "OUTBOX"]

CATALOGUE: dict[str, ProviderKind] = {kind.kind: kind for kind in (OUTBOX, SMTP, GENERIC)}
