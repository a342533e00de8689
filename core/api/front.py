"""What the API's front door works with, made once for the process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

from fastapi import Request, Response

from core.api.idempotency import IdempotencyKeys
from core.api.rates import Rates
from core.app import Services

# A body with files takes several times its size while it is read; more of them at once wait. One workspace has half of the room.
_LARGE_AT_ONCE, _LARGE_OF_ONE = 4, 2


class Front:
    """Services, counts and keys.

    Args:
        services: Everything the product can do.
    """

    def __init__(self, services: Services) -> None:
        self.services = services
        self.rates = Rates(services.settings.rate_limit_url)
        self.keys = IdempotencyKeys(services.db, services.clock, services.vault)
        self.readers: dict[str, Callable[[Request], Coroutine[Any, Any, Response]]] = {}
        self._large, self._files = asyncio.Semaphore(_LARGE_AT_ONCE), asyncio.Semaphore(_LARGE_AT_ONCE)
        self._large_of: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()
        self._files_of: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def room_for_large(self, workspace_id: int) -> AsyncIterator[None]:
        """Wait until a large body may be read: first among those of the workspace, then among all.

        Args:
            workspace_id: Who sends it; 0 for a stranger.
        """
        mine = self._large_of.setdefault(workspace_id, asyncio.Semaphore(_LARGE_OF_ONE))
        async with mine, self._large:
            yield

    @asynccontextmanager
    async def room_for_files(self, workspace_id: int) -> AsyncIterator[None]:
        """Wait until a file may come; they take long, so they have a room of their own.

        Args:
            workspace_id: Who sends it.
        """
        mine = self._files_of.setdefault(workspace_id, asyncio.Semaphore(_LARGE_OF_ONE))
        async with mine, self._files:
            yield

    @asynccontextmanager
    async def alone(self, path: str) -> AsyncIterator[None]:
        """Let nobody else who names a version change the same thing meanwhile: of two, the second is told that it changed."""
        lock = self._locks.setdefault(path, asyncio.Lock())
        async with lock:
            yield
