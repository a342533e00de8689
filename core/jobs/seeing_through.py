"""Staying with a campaign until it is sent and everything known of it is in the lake; for the command line and the demo."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping

import sqlalchemy as sa

from core.app import Services
from core.campaigns.states import CampaignState
from core.errors import Unavailable
from core.events.tables import stale_facts
from core.ids import random_name
from core.jobs.catching_up import help_ingesting
from core.jobs.delivering import drain
from core.messages.states import OPEN_STATES, MessageState
from core.messages.tables import messages
from core.permissions import Principal

logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 0.3
_STOPPED_SECONDS = 5.0
_GOES_ON = "Nothing is lost: the worker tries again by itself, and sends the campaign once it can."

Tell = Callable[[dict[MessageState, int]], None]


def see_through(services: Services, by: Principal, campaign_id: int, *, stop: threading.Event, tell: Tell) -> None:
    """Return once a campaign is sent (or paused, or cancelled) and its events so far are ingested, or `stop` is set.

    It helps with both: where no worker and no ingester run, it does all of their work, and where they run, the ledger's
    leases and the ingester's lease keep the two from doing anything twice.

    Args:
        services: Everything the product can do.
        by: Whose campaign.
        campaign_id: Which campaign; launched.
        stop: Set by a signal: the campaign itself goes on with the worker.
        tell: Called with the number of messages in each state, again and again.

    Raises:
        Unavailable: If the provider takes nothing at all; the campaign stays and is tried again by the worker.
    """
    owner = f"waiting-{os.getpid()}-{random_name(6)}"
    stopped = ""
    open_at_first = _open(services.ledger.counts(by, campaign_id))
    while not stop.is_set():
        drain(services, campaign_id, owner=owner, should_stop=stop.is_set)
        help_ingesting(services)
        counts = services.ledger.counts(by, campaign_id)
        tell(counts)
        campaign = services.campaigns.get(by, campaign_id)
        is_sending = campaign.state is CampaignState.SENDING
        if not is_sending and _is_recorded(services, campaign_id):
            return
        stopped, told = campaign.stopped_reason if is_sending else "", stopped
        if stopped and _open(counts) >= open_at_first:
            raise Unavailable(f"Nothing can leave at the moment: {stopped}", hint=_GOES_ON)
        if stopped and stopped != told:
            logger.warning("nothing more can leave for now, trying again: %s", stopped)
        stop.wait(_STOPPED_SECONDS if stopped else _PAUSE_SECONDS)


def _open(counts: Mapping[MessageState, int]) -> int:
    return sum(counts.get(state, 0) for state in OPEN_STATES)


def _is_recorded(services: Services, campaign_id: int) -> bool:
    """Return whether every accepted message is in the lake and the report's figures know it."""
    column = messages.c
    waiting = sa.select(column.id).where(column.campaign_id == campaign_id, column.accepted_at.isnot(None), column.recorded_at.is_(None))
    stale = sa.select(stale_facts.c.campaign_id).where(stale_facts.c.campaign_id == campaign_id)
    with services.db.read() as connection:
        return connection.execute(waiting.limit(1)).first() is None and connection.execute(stale).first() is None
