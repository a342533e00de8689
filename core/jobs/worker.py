"""The worker process: answers doorbells with a few threads, sweeps every few seconds, stops between two chunks."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable
from typing import Any, Protocol

from huey.consumer import Consumer
from sqlalchemy.exc import SQLAlchemyError

from core.app import Services
from core.errors import PostwrightError
from core.jobs.bounce_mail import BounceMail
from core.jobs.delivering import Deliveries
from core.jobs.importing import Importing
from core.jobs.opt_in_mail import OptInMail
from core.jobs.privacy import Privacy
from core.jobs.queue import open_queue
from core.jobs.readdressing import Readdressing
from core.jobs.requesting import Requesting
from core.jobs.restyling import Restyling
from core.jobs.sealing import Sealing
from core.jobs.tasks import declare_deliver
from core.jobs.thumbnails import Thumbnailing
from core.jobs.tidying import Tidying
from core.jobs.turns import Turns
from core.logs import tried_again

logger = logging.getLogger(__name__)

# So many campaigns work at once, half of them of one workspace; those that only wait for their pace need no more than a thread each.
AT_ONCE, THREADS = 8, 32
SWEEP_SECONDS = 10.0
# How long a thread with nothing to do sleeps at most before it asks the queue again (Huey's own default is 10 s).
_LONGEST_NAP_SECONDS = 0.5


class _Chore(Protocol):
    """Something the worker does now and then."""

    def step(self) -> object:
        """Do some of it, if it is time."""


def run(
    services: Services,
    stop: threading.Event,
    *,
    at_once: int = AT_ONCE,
    threads: int = THREADS,
    sweep_seconds: float = SWEEP_SECONDS,
) -> None:
    """Work until `stop` is set, then finish the chunk at hand and return.

    Args:
        services: Everything the product can do.
        stop: Set by a signal.
        at_once: How many campaigns work at once; one workspace has half of them at most.
        threads: How many are delivered at once, counting those that wait for their pace.
        sweep_seconds: How often to look for campaigns whose bell was lost.
    """
    queue = open_queue(services.settings)
    ring = declare_deliver(queue, lambda campaign_id: deliveries.deliver(campaign_id))
    turns = Turns(at_once, threads, ring, lambda: queue.pending_count() == 0, stop.is_set)
    deliveries, bounce_mail = Deliveries(services, stop.is_set, turns), BounceMail(services, stop.is_set)
    thumbnails = Thumbnailing(services, stop.is_set)
    chores = (*_chores(services, stop), bounce_mail, thumbnails)
    consumer = _consumer(queue, threads)
    requesting = threading.Thread(target=Requesting(services, stop.is_set).run, args=(stop,), name="requesting")
    # What is loaded by now stays as long as the process: the collector need not go through it again and again while mail is written.
    gc.collect()
    gc.freeze()
    requesting.start()
    consumer.start()
    logger.info("ready")
    try:
        sweep(services, deliveries, ring)
        bounce_mail.step()
        while not stop.wait(sweep_seconds):
            consumer.check_worker_health()
            sweep(services, deliveries, ring)
            for chore in chores:
                chore.step()
    finally:
        stop.set()  # whatever ended this, the other threads end too
        consumer.stop(graceful=True)
        bounce_mail.close()
        thumbnails.close()
        requesting.join()
    logger.info("stopped")


def _chores(services: Services, stop: threading.Event) -> tuple[_Chore, ...]:
    """Return what is looked at after each sweep and needs no goodbye: what is not done when the worker ends the next one does."""
    of_people = (OptInMail(services), Privacy(services), Importing(services))
    of_templates = (Readdressing(services, stop.is_set), Restyling(services, stop.is_set))
    return (Sealing(services), Tidying(services), *of_people, *of_templates)


def sweep(services: Services, deliveries: Deliveries, ring: Callable[[int], Any]) -> int:
    """Ring for every campaign that has something to send and is not being delivered here; return how many.

    Truth is in the ledger, the queue only wakes: a bell that was lost (a killed worker, a full disk) is replaced here.
    """
    try:
        services.delivery.salvage()
        services.campaigns.settle_cancelled()
        services.campaigns.reopen()
        services.delivery.report_again()
        services.campaigns.launch_due()
        services.stop_marks.settle()
        due = [campaign_id for campaign_id in services.campaigns.due() if not deliveries.is_busy_with(campaign_id)]
        for campaign_id in due:
            ring(campaign_id)
    except (PostwrightError, SQLAlchemyError, OSError) as error:
        tried_again(logger, "the sweep failed and is tried again", error)
        return 0
    return len(due)


class _Consumer(Consumer):  # type: ignore[misc]
    """Huey's consumer without its signal handlers: the process has its own, and theirs would drop SIGTERM's grace."""

    def _set_signal_handlers(self) -> None:
        pass


def _consumer(queue: Any, threads: int) -> _Consumer:
    """Return the consumer, with threads: forking after DuckDB has threads is unsafe.

    Locks of a killed worker are flushed (they would stay for ever). Huey has no schedule here: the sweep is ours.
    """
    return _Consumer(queue, workers=threads, worker_type="thread", periodic=False, max_delay=_LONGEST_NAP_SECONDS, flush_locks=True)
