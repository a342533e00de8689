"""Templates to begin with, so that nobody faces an empty page."""

from __future__ import annotations

from core.templates.starters.making import Starter
from core.templates.starters.selling import SELLING
from core.templates.starters.serving import SERVING
from core.templates.starters.telling import TELLING

STARTERS: tuple[Starter, ...] = (*TELLING, *SELLING, *SERVING)

__all__ = ["STARTERS", "Starter"]
