"""Delivering a campaign in this process: as often as somebody rings, but one drain per campaign at a time."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable

import sqlalchemy as sa

from core.app import Services
from core.campaigns.plans import load_plan
from core.campaigns.tables import campaigns
from core.errors import PostwrightError, Unavailable
from core.ids import random_name
from core.jobs.turns import Turn, Turns
from core.messages.delivery import DeliveryReport

logger = logging.getLogger(__name__)

_MANY = 1_000
# When a campaign is looked at again that found no place for long.
_AGAIN_SECONDS = 1.0


class Deliveries:
    """Answers doorbells.

    Two bells for one campaign at once are harmless anyway (claims are leased); here the second one only makes the first
    look once more, so that many bells for one campaign can't keep the others waiting.

    Args:
        services: Everything the product can do.
        should_stop: Asked between chunks; once it says yes, what is not sent yet stays for the next worker.
        turns: Shares the threads between campaigns; without it nobody has to give way.
    """

    def __init__(self, services: Services, should_stop: Callable[[], bool], turns: Turns | None = None) -> None:
        self._services, self._should_stop = services, should_stop
        self._turns = turns or Turns(_MANY, _MANY, lambda _: None, lambda: True, should_stop)
        self._owner = f"worker-{os.getpid()}-{random_name(6)}"
        self._lock = threading.Lock()
        self._rung_again: dict[int, bool] = {}

    def deliver(self, campaign_id: int) -> None:
        """Send what a campaign has to send; return when there is nothing left for now, or somebody else has a turn."""
        if not self._begin(campaign_id):
            return
        turn = None
        try:
            with self._turns.turn(self._whose(campaign_id)) as turn:
                if turn is not None:
                    self._drain(campaign_id, turn)
                    while not turn.gives_way and self._look_once_more(campaign_id):
                        self._drain(campaign_id, turn)
        except Unavailable as error:  # whose it is can't be read now; the sweeper rings again
            logger.warning("delivery stopped: %s", error, extra={"campaign_id": campaign_id})
            return
        finally:
            with self._lock:
                self._rung_again.pop(campaign_id, None)
        goes_on_in = _AGAIN_SECONDS if turn is None else turn.goes_on_in
        if goes_on_in is not None:  # only now: while we are at it, a bell would be taken for a second one
            self._turns.ring_in(campaign_id, goes_on_in)

    def is_busy_with(self, campaign_id: int) -> bool:
        """Return whether this process is delivering the campaign right now."""
        with self._lock:
            return campaign_id in self._rung_again

    def _whose(self, campaign_id: int) -> int:
        """Return the workspace of a campaign; 0 where it is gone."""
        with self._services.db.read() as connection:
            return connection.execute(sa.select(campaigns.c.workspace_id).where(campaigns.c.id == campaign_id)).scalar() or 0

    def _begin(self, campaign_id: int) -> bool:
        with self._lock:
            is_first = campaign_id not in self._rung_again
            self._rung_again[campaign_id] = not is_first
            return is_first

    def _look_once_more(self, campaign_id: int) -> bool:
        with self._lock:
            if self._rung_again[campaign_id] and not self._should_stop():
                self._rung_again[campaign_id] = False
                return True
            del self._rung_again[campaign_id]  # under the same lock: a bell from now on begins anew
            return False

    def _drain(self, campaign_id: int, turn: Turn) -> None:
        def should_stop() -> bool:
            return self._should_stop() or turn.is_over()

        try:
            report = drain(self._services, campaign_id, owner=self._owner, should_stop=should_stop, pause=turn.pause)
        except PostwrightError as error:
            # Nothing is lost: what was claimed comes back with its lease, and the sweeper rings again.
            logger.warning("delivery stopped: %s", error, extra={"campaign_id": campaign_id})
            return
        if report is None:
            return
        logger.info("delivered", extra={"campaign_id": campaign_id, **vars(report)})
        if not turn.gives_way:
            at = report.until
            turn.goes_on_in = None if at is None else max(0.0, (at - self._services.clock.now()).total_seconds())


def drain(
    services: Services,
    campaign_id: int,
    *,
    owner: str,
    should_stop: Callable[[], bool],
    pause: Callable[[float], None] = time.sleep,
) -> DeliveryReport | None:
    """Send what is due of a campaign and close the campaign if that was the last; None where it is not sending.

    What stopped it is kept with the campaign, for the people who wait for it.

    Args:
        services: Everything the product can do.
        campaign_id: Which campaign.
        owner: Who claims; unique to the process.
        should_stop: Asked between chunks.
        pause: Waits some seconds where the pace wants it; may return early.

    Raises:
        Unavailable: If the connection's secrets can't be read, or the database does not answer.
        NotFound: If the connection is gone.
    """
    with services.db.read() as connection:
        plan = load_plan(connection, campaign_id)
    if plan is None:
        return None
    until = services.gate.look(plan)

    def may_go_on() -> bool:
        return not should_stop() and services.clock.now() < until and services.campaigns.is_sending(campaign_id)

    try:
        report = services.delivery.drain(plan, owner=owner, should_go_on=may_go_on, pause=pause)
    except PostwrightError as error:
        services.campaigns.note_stop(campaign_id, str(error))
        raise
    if report.needs_person:
        services.campaigns.wait_for_person(campaign_id, f"{report.stopped.rstrip('.')}.")
        return report
    # A drain that found nothing due (what could not leave waits a while) says nothing about whether it would leave now.
    if report.stopped or report.accepted or report.refused:
        services.campaigns.note_stop(campaign_id, f"{report.stopped.rstrip('.')}." if report.stopped else "")
    services.campaigns.finish_if_done(campaign_id)
    return report
