"""Waiting until work over past events is done, helping where nobody else ingests."""

from __future__ import annotations

import threading
from collections.abc import Callable

from core.app import Services
from core.errors import PostwrightError
from core.events.jobs import Job
from core.jobs.catching_up import logger
from core.permissions import Principal

_PAUSE_SECONDS = 0.3


def work_off(services: Services, by: Principal, job_id: int, *, stop: threading.Event, tell: Callable[[Job], None]) -> Job:
    """Return a job once it has ended, or as it stands when `stop` is set; it goes on without us then.

    Args:
        services: Everything the product can do.
        by: Whose job.
        job_id: The job.
        stop: Set by a signal.
        tell: Told how far it is.
    """
    while True:
        job = services.intake.job(by, job_id)
        tell(job)
        if not job.is_open or stop.is_set():
            services.ingester.close()
            return job
        if not _helped(services):
            stop.wait(_PAUSE_SECONDS)


def _helped(services: Services) -> bool:
    """Do a round of the ingester's work; return whether we may."""
    try:
        return services.ingester.run_once().is_active
    except PostwrightError as error:  # nothing is lost; the caller comes again
        logger.warning("ingesting failed, trying again: %s", error)
        return False
