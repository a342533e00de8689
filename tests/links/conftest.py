from __future__ import annotations

import pytest

from core.clock import FrozenClock
from core.links.registry import Links
from core.storage.database import Database


@pytest.fixture
def links(db: Database, clock: FrozenClock) -> Links:
    return Links(db, clock)
