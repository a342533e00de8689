"""The doorbell: tells a worker that a campaign has something to send. It may be lost: the sweeper rings again."""

from __future__ import annotations

import functools
import logging
import sqlite3
from collections.abc import Callable
from typing import Any

from core.jobs.queue import open_queue
from core.jobs.tasks import declare_deliver
from core.settings import Settings

logger = logging.getLogger(__name__)


def ring(campaign_id: int, settings: Settings | None = None) -> bool:
    """Tell a worker to look at a campaign; return whether the bell was heard of, which nothing depends on.

    Args:
        campaign_id: Which campaign.
        settings: Where the queue is; the environment's where none are given.
    """
    try:
        _button(settings or Settings.load())(campaign_id)
    except (sqlite3.Error, OSError):
        logger.warning("the doorbell is out of order; the sweeper will find the campaign", extra={"campaign_id": campaign_id})
        return False
    return True


@functools.lru_cache(maxsize=8)
def _button(settings: Settings) -> Callable[[int], Any]:
    return declare_deliver(open_queue(settings), _answered_by_a_worker)


def _answered_by_a_worker(_campaign_id: int) -> None:
    raise RuntimeError("this process only rings")
