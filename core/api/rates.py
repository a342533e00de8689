"""How often somebody may ask: counted in this process, or in Redis where several processes share the count."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from core.api.problems import Refusal

_log = logging.getLogger(__name__)
PER_SESSION = 600
PER_ADDRESS = 60  # for those who have not shown who they are
_RETRY_REDIS_SECONDS = 10.0
_TIMEOUT_SECONDS = 0.25


@dataclass(frozen=True)
class Standing:
    """Where somebody stands after a request.

    Args:
        limit: How many requests a minute they have.
        remaining: How many are left.
        reset: In how many seconds there are more.
        is_over: Whether this one was too many.
    """

    limit: int
    remaining: int
    reset: int
    is_over: bool

    @property
    def headers(self) -> Mapping[str, str]:
        """How an answer tells of it."""
        return {"RateLimit-Limit": str(self.limit), "RateLimit-Remaining": str(self.remaining), "RateLimit-Reset": str(self.reset)}

    def require(self) -> None:
        """Do nothing while there are requests left.

        Raises:
            Refusal: 429.
        """
        if self.is_over:
            headers = {**self.headers, "Retry-After": str(self.reset)}
            raise Refusal("too-many", f"{self.limit:,} requests a minute are allowed.", hint="Wait, then go on.", headers=headers)


class Rates:
    """Counts requests.

    Args:
        redis_url: Where several processes count together, or "" for this process alone.
    """

    def __init__(self, redis_url: str = "") -> None:
        self._memory = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared: SlidingWindowCounterRateLimiter | None = None
        self._url = redis_url
        self._try_again_at = 0.0
        self._is_down = False

    def count(self, key: str, per_minute: int) -> Standing:
        """Count a request and return where that leaves whoever sent it.

        While Redis does not answer, each process counts for itself: a limit that is too generous for a while is better than
        an API that is down.

        Args:
            key: Who: "token:3", "session:5", "ip:192.0.2.1".
            per_minute: Their limit.
        """
        if self._url and time.monotonic() >= self._try_again_at:
            try:
                standing = _standing(self._redis(), key, per_minute)
            except (StorageError, OSError) as error:
                self._note_down(error)
            else:
                self._is_down = False
                return standing
        return _standing(self._memory, key, per_minute)

    def _redis(self) -> SlidingWindowCounterRateLimiter:
        if self._shared is None:
            patience: dict[str, Any] = {"socket_timeout": _TIMEOUT_SECONDS, "socket_connect_timeout": _TIMEOUT_SECONDS}
            storage = RedisStorage(self._url, wrap_exceptions=True, key_prefix="postwright", **patience)
            self._shared = SlidingWindowCounterRateLimiter(storage)
        return self._shared

    def _note_down(self, error: Exception) -> None:
        self._try_again_at = time.monotonic() + _RETRY_REDIS_SECONDS
        self._shared = None
        if not self._is_down:
            _log.warning("Redis does not answer: each process counts requests for itself", extra={"kind": type(error).__name__})
        self._is_down = True


def _standing(limiter: SlidingWindowCounterRateLimiter, key: str, per_minute: int) -> Standing:
    item = RateLimitItemPerMinute(per_minute)
    within = limiter.hit(item, key)
    stats = limiter.get_window_stats(item, key)
    reset = max(1, math.ceil(stats.reset_time - time.time()))
    return Standing(per_minute, max(0, stats.remaining), reset, not within)
