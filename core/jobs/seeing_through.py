"""Staying with a campaign until it is sent and everything known of it is in the lake; for the command line and the demo."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import sqlalchemy as sa

from core.app import Services
from core.campaigns.states import CampaignState
from core.events.tables import stale_facts
from core.ids import random_name
from core.jobs.catching_up import help_ingesting
from core.jobs.delivering import drain
from core.messages.states import MessageState
from core.messages.tables import messages
from core.permissions import Principal

_PAUSE_SECONDS = 0.3

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
    """
    owner = f"waiting-{os.getpid()}-{random_name(6)}"
    while not stop.is_set():
        drain(services, campaign_id, owner=owner, should_stop=stop.is_set)
        help_ingesting(services)
        tell(services.ledger.counts(by, campaign_id))
        is_sending = services.campaigns.get(by, campaign_id).state is CampaignState.SENDING
        if not is_sending and _is_recorded(services, campaign_id):
            return
        stop.wait(_PAUSE_SECONDS)


def _is_recorded(services: Services, campaign_id: int) -> bool:
    """Return whether every accepted message is in the lake and the report's figures know it."""
    column = messages.c
    waiting = sa.select(column.id).where(column.campaign_id == campaign_id, column.accepted_at.isnot(None), column.recorded_at.is_(None))
    stale = sa.select(stale_facts.c.campaign_id).where(stale_facts.c.campaign_id == campaign_id)
    with services.db.read() as connection:
        return connection.execute(waiting.limit(1)).first() is None and connection.execute(stale).first() is None
